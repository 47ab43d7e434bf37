// The registry as it is called through the gateway: checks the token and the request, then asks the ring of the service.
import type { DescMethod } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { RegistryPolicy } from "../../../core/config/admin.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { parseRegistration, type RegisteredEndpoint } from "../../../core/registry.ts";
import type { HashRing, RegistryOutcome } from "../../../durable-objects/hash-ring.ts";
import { type Endpoint as EndpointMessage, EndpointSchema, RegistryService } from "../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { defineService } from "../../service.ts";
import { fixedUpstream, type ServedMethod } from "../upstream/upstream.ts";
import { bearerOf, isSecret } from "./bearer.ts";

export interface RegistrySettings extends RegistryPolicy {
  readonly token: string; // the secret behind `tokenBinding`
  readonly services: ReadonlySet<string>; // that endpoints may be registered for
  readonly nativeGrpc: ReadonlySet<string>; // those of them that are called in native gRPC
  readonly rings: DurableObjectNamespace<HashRing>;
}

const WATCH_EVERY_MS = 1_000;
const CODES = { not_found: Code.NotFound, exists: Code.AlreadyExists, moved: Code.Aborted, full: Code.ResourceExhausted } as const;

/** The registry's methods, to be served beside the configured ones: every layer acts on them as on any other. */
export function registryMethods(settings: RegistrySettings, policy: RoutePolicy): ReadonlyMap<DescMethod, ServedMethod> {
  const worker = defineService(RegistryService, () => registry(settings), { discovery: false, readMaxBytes: policy.maxBodyBytes });
  const env = {};
  const fetch = (url: string, init: RequestInit) => worker.fetch(new Request(url, init), env);
  const upstream = fixedUpstream("registry", { base: "https://registry.internal", fetch });
  return new Map(RegistryService.methods.map((method) => [method, { policy, upstream }] as const));
}

function registry({ token, services, nativeGrpc, rings, allowPrivate, ownHosts }: RegistrySettings): ServiceImpl<typeof RegistryService> {
  const ringOf = (service: string, { requestHeader }: HandlerContext): DurableObjectStub<HashRing> => {
    if (!isSecret(bearerOf(requestHeader), token))
      throw new ConnectError("bring the registry's token: Authorization: Bearer ...", Code.Unauthenticated);
    if (!services.has(service)) {
      throw new ConnectError(
        `${service === "" ? "service is empty" : `${service} takes no registrations`}: set upstream.registry`,
        Code.FailedPrecondition,
      );
    }
    return rings.getByName(service);
  };
  return {
    async register({ service, endpoint, leaseMs, expectedRevision }, context) {
      const ring = ringOf(service, context);
      if (endpoint === undefined) throw new ConnectError("endpoint: write one", Code.InvalidArgument);
      const wanted = parseRegistration({ ...endpoint, leaseMs }, { allowPrivate, ownHosts, isNativeGrpc: nativeGrpc.has(service), hostOf });
      if (Array.isArray(wanted)) throw new ConnectError(wanted.join("; "), Code.InvalidArgument);
      return message(await ring.register(wanted as Exclude<typeof wanted, readonly string[]>, Number(expectedRevision)));
    },
    renew: async ({ service, id }, context) => message(await ringOf(service, context).renew(id)),
    drain: async ({ service, id }, context) => message(await ringOf(service, context).drain(id)),
    async deregister({ service, id }, context) {
      message(await ringOf(service, context).deregister(id));
      return {};
    },
    async listEndpoints({ service }, context) {
      const ring = ringOf(service, context);
      const [members, changes] = await Promise.all([ring.snapshot(-1), ring.changes()]);
      return {
        ...listOf(members),
        changes: changes.map(({ version, at, action, id }) => ({ version: BigInt(version), time: timestampFromMs(at), action, id })),
      };
    },
    async *watchEndpoints({ service }, context) {
      const ring = ringOf(service, context);
      let known = -1;
      while (!context.signal.aborted) {
        const members = await ring.snapshot(known);
        if (members.kind === "changed") yield listOf(members);
        known = members.version;
        await scheduler.wait(WATCH_EVERY_MS, { signal: context.signal }).catch(() => undefined);
      }
    },
  };
}

function listOf(members: { readonly version: number; readonly endpoints?: readonly RegisteredEndpoint[] }) {
  return { version: BigInt(members.version), endpoints: (members.endpoints ?? []).map(endpointMessage) };
}

/** @throws ConnectError where the ring has refused */
function message(outcome: RegistryOutcome): EndpointMessage {
  if (outcome.kind === "ok") return endpointMessage(outcome.endpoint);
  throw new ConnectError(outcome.message, CODES[outcome.problem]);
}

function endpointMessage(endpoint: RegisteredEndpoint): EndpointMessage {
  const { id, url, weight, priority, zone, metadata, isDraining, isHealthy, revision, expiresAt } = endpoint;
  const facts = { id, url, weight, priority, zone, metadata: { ...metadata }, isDraining, isHealthy };
  return create(EndpointSchema, { ...facts, revision: BigInt(revision), expireTime: timestampFromMs(expiresAt) });
}

function hostOf(url: string): URL | undefined {
  return URL.parse(url) ?? undefined;
}
