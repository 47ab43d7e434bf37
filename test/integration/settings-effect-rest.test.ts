// Settings of protos, REST, reflection and registrations with a small effect: each row calls one gateway without the setting and one with it.
import { env } from "cloudflare:workers";
import { create, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { InvalidConfiguration } from "../../workers/gateway/configure/configuration.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { gatewayTo, rest, USER, userFor } from "../support/gateway.ts";
import uploads from "../support/uploads/uploads.descriptors.ts";
import { reflect, summaryOf } from "../workers/discovery/support.ts";

type Input = Partial<GatewayInput>;

const SERVICE = "users.v1.UserService";
const USERS = { upstream: { binding: "USERS" } } as const;
/** An upstream whose response is an empty message. */
const EMPTY = { fetch: () => Promise.resolve(new Response(new Uint8Array(), { headers: { "content-type": "application/proto" } })) };

const status = (request: () => Request) => async (input: Input) => (await gatewayTo(userFor, input, { ORDERS: EMPTY })(request())).status;

/** Status of a call of a service that is known by its descriptors alone, or the path of the first problem of the configuration. */
async function statusOfUpload(input: Input): Promise<number | string> {
  try {
    return (await gatewayTo(userFor, input, { UPLOADS: EMPTY })(rest("POST", "/up/say", { name: "a" }))).status;
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems[0]!.path;
    throw error;
  }
}

/** Whether the message of a PATCH without a mask names the field that its body has, in the binary message that the upstream gets. */
async function namesFieldOfPatch(input: Input): Promise<boolean> {
  let message = "";
  const upstream = async (call: Request): Promise<Response> => {
    message = new TextDecoder().decode(await call.arrayBuffer());
    return userFor(new Request(call.url, { headers: call.headers }));
  };
  await gatewayTo(upstream, input)(rest("PATCH", `/api/v1/users/${USER.id}`, { displayName: "Ada" }));
  return message.includes("display_name");
}

/** Status of a stream of events whose upstream fails after 300 ms, without a message. */
async function statusOfLateError(input: Input): Promise<number> {
  const end = encodeEnvelope(2, new TextEncoder().encode('{"error":{"code":"not_found"}}'));
  const start = (controller: ReadableStreamDefaultController): void => {
    setTimeout(() => {
      controller.enqueue(end);
      controller.close();
    }, 300);
  };
  const upstream = ({ headers }: Request) =>
    new Response(new ReadableStream({ start }), { headers: { "content-type": headers.get("content-type")! } });
  const response = await gatewayTo(upstream, input)(rest("GET", "/api/v1/users:watch", undefined, { accept: "text/event-stream" }));
  await response.text();
  return response.status;
}

/** Timers of 7 s, in which a comment is due, of a stream of events whose upstream ends it after 50 ms. */
async function timersOfComments(input: Input): Promise<number> {
  const timers = vi.spyOn(globalThis, "setTimeout");
  const start = (controller: ReadableStreamDefaultController): void => {
    setTimeout(() => {
      controller.enqueue(encodeEnvelope(2, new TextEncoder().encode("{}")));
      controller.close();
    }, 50);
  };
  const upstream = ({ headers }: Request) =>
    new Response(new ReadableStream({ start }), { headers: { "content-type": headers.get("content-type")! } });
  const request = rest("GET", "/api/v1/users:watch", undefined, { accept: "text/event-stream" });
  await (await gatewayTo(upstream, input)(request)).text();
  const lengths = timers.mock.calls.map(([, ms]) => ms);
  timers.mockRestore();
  return lengths.filter((ms) => ms === 7_000).length;
}

/** A file with a message whose fields have names of 40,000 characters in all. */
function largeFile(name: string, more: Partial<FileDescriptorProto> = {}): FileDescriptorProto {
  const field = (number: number) => ({ name: `f${number}_${"x".repeat(400)}`, number, type: 9, label: 1, jsonName: `f${number}` });
  const messageType = [{ name: `${name.toUpperCase()}Message`, field: Array.from({ length: 100 }, (_, index) => field(index + 1)) }];
  return create(FileDescriptorProtoSchema, { name: `${name}.proto`, package: "large", syntax: "proto3", messageType, ...more } as never);
}
const LARGE = toBinary(
  FileDescriptorSetSchema,
  create(FileDescriptorSetSchema, {
    file: [
      largeFile("a"),
      largeFile("b", {
        dependency: ["a.proto"],
        service: [{ name: "Service", method: [{ name: "Get", inputType: ".large.AMessage", outputType: ".large.AMessage" }] }],
      } as never),
    ],
  }),
);
/** Files in the response of reflection to the name of a service whose two files are large. */
async function filesOfReflection(input: Input): Promise<unknown> {
  const { responses } = await reflect(gatewayTo(userFor, input), [{ case: "fileContainingSymbol", value: "large.Service" }]);
  return responses.map(summaryOf);
}
const large: Input = { descriptors: [LARGE], services: { "large.Service": USERS } };

/** Status of the registration of an endpoint; Cloudflare's network, where the gateway is not, refuses addresses in any case. */
const statusOfRegistration = (url: string) => async (input: Input) => {
  const bindings = { HASH_RING: env.HASH_RING, REGISTRY_TOKEN: "a secret of the registry", TIDEGATE_LOCAL: "true" };
  const gateway = gatewayTo(userFor, input, bindings);
  const message = { service: SERVICE, endpoint: { id: new URL(url).hostname, url } };
  const headers = { authorization: "Bearer a secret of the registry" };
  return (await gateway(rest("POST", "/tidegate.registry.v1.RegistryService/Register", message, headers))).status;
};
const registry = { tokenBinding: "REGISTRY_TOKEN", pollMs: 600_000 };
const registered: Input = { services: { [SERVICE]: { upstream: { registry: true } } } };
const uploadService: Input = { services: { "uploads.v1.UploadService": { upstream: { binding: "UPLOADS" } } } };

const ROWS: readonly EffectRow[] = [
  {
    setting: "rest.caseInsensitiveEnums",
    base: { services: { "orders.v1.OrderService": { upstream: { binding: "ORDERS" } } } },
    input: { rest: { caseInsensitiveEnums: true } },
    observe: status(() => rest("POST", "/api/v1/orders", { state: "state_open" })),
    before: 400,
    after: 200,
  },
  {
    setting: "rest.inferUpdateMask",
    base: {},
    input: { rest: { inferUpdateMask: false } },
    observe: namesFieldOfPatch,
    before: true,
    after: false,
  },
  {
    setting: "rest.events.headersAfterMs",
    base: { rest: { events: { headersAfterMs: 60_000 } } },
    input: { rest: { events: { headersAfterMs: 1 } } },
    observe: statusOfLateError,
    before: 404,
    after: 200,
  },
  {
    setting: "rest.events.keepAliveMs",
    base: { rest: { events: { headersAfterMs: 1 } } },
    input: { rest: { events: { headersAfterMs: 1, keepAliveMs: 7_000 } } },
    observe: timersOfComments,
    before: 0,
    after: 1,
  },
  {
    setting: "descriptors",
    base: uploadService,
    input: { descriptors: [uploads] },
    observe: statusOfUpload,
    before: expect.stringContaining("uploads.v1.UploadService"),
    after: 200,
  },
  {
    setting: "discovery.maxMessageBytes",
    base: large,
    input: { discovery: { maxMessageBytes: 131_072 } },
    observe: filesOfReflection,
    before: [["b.proto", "a.proto"]],
    after: [["b.proto"]],
  },
  {
    setting: "registry.allowHttp",
    base: { registry, ...registered },
    input: { registry: { ...registry, allowHttp: true } },
    observe: statusOfRegistration("http://plain.example"),
    before: 400,
    after: 200,
  },
  {
    setting: "registry.allowPorts",
    base: { registry, ...registered },
    input: { registry: { ...registry, allowPorts: [443, 9_443] } },
    observe: statusOfRegistration("https://port.example:9443"),
    before: 400,
    after: 200,
  },
  {
    setting: "registry.allowIpAddresses",
    base: { registry, ...registered },
    input: { registry: { ...registry, allowIpAddresses: true } },
    observe: statusOfRegistration("https://8.8.8.8"),
    before: 400,
    after: 200,
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
