// A large configuration: 1,000 routes, 200 rate limits and 20 issuers, as a snapshot has it.
import { create, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

const SERVICES = 40;
const METHODS = 20; // methods of each service
const PREFIXES = 200;
const LIMITS = 200;
const ISSUERS = 20;
export const ROUTES = SERVICES * METHODS + PREFIXES;

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const entries = <T>(count: number, of: (n: number) => readonly [string, T]): Record<string, T> => Object.fromEntries(range(count).map(of));

/** Paths of methods, one for each limit. */
export const METHOD_PATHS: readonly string[] = range(LIMITS).map((n) => `/large.v1.s${Math.floor(n / METHODS)}.Items/Method${n % METHODS}`);

/** The protos of all services. */
export function largeDescriptors(): Uint8Array {
  const message = {
    name: "Item",
    field: range(8).map((n) => ({
      name: n === 0 ? "id" : `field_${n}`,
      number: n + 1,
      ...{ type: n % 2 === 0 ? Type.STRING : Type.INT64, label: Label.OPTIONAL },
    })),
  };
  const file = range(SERVICES).map((service) =>
    create(FileDescriptorProtoSchema, {
      name: `large/v1/service${service}.proto`,
      package: `large.v1.s${service}`,
      syntax: "proto3",
      messageType: [message],
      service: [
        {
          name: "Items",
          method: range(METHODS).map((n) => {
            const type = `.large.v1.s${service}.Item`;
            return { name: `Method${n}`, inputType: type, outputType: type };
          }),
        },
      ],
    }),
  );
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

/** What differs in each revision beside the limits of one rule: the time limits of the methods of one service, or those of all methods. */
export type VersionChange = "service" | "all";

/** @param revision of the configuration */
export function largeConfiguration(revision: number, difference: VersionChange): object {
  const revisionOf = (service: number): number => {
    if (difference === "all") return revision;
    return Math.floor((revision + SERVICES - 1 - service) / SERVICES); // services take turns
  };
  const limit = (n: number) => `limit-${n % LIMITS}`;
  const method = (service: number, n: number) => ({
    http: [{ get: `/v1/s${service}/m${n}/{id}` }],
    idempotency: "no_side_effects",
    readTimeoutMs: 1_000 + ((revisionOf(service) + n) % 50),
    rateLimits: [limit(service * METHODS + n)],
  });
  return {
    control: {},
    admin: { secretBinding: "ADMIN_SECRET", host: "admin.example.com" },
    auth: {
      resource: { url: "https://api.example.com" },
      issuers: entries(ISSUERS, (n) => [
        `https://issuer-${n}.example.com`,
        { audiences: ["api"], jwksUrl: `https://issuer-${n}.example.com/jwks` },
      ]),
    },
    rateLimits: entries(LIMITS, (n) => [
      `limit-${n}`,
      { key: "ip", capacity: 100 + n + (n === 0 ? revision : 0), rate: 50, intervalMs: 1_000, fail: "open" },
    ]),
    services: entries(SERVICES, (service) => [
      `large.v1.s${service}.Items`,
      { upstream: { binding: "USERS" }, methods: entries(METHODS, (n) => [`Method${n}`, method(service, n)]) },
    ]),
    httpRoutes: entries(PREFIXES, (n) => [`/files/${n}/`, { upstream: { binding: "USERS" }, rateLimits: [limit(n)] }]),
  };
}
