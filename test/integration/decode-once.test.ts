// The message of a call is decoded once, however many layers look into it: a rate limit, validation, the choice of an endpoint, the cache.
import { env } from "cloudflare:workers";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, base64Encode } from "@bufbuild/protobuf/wire";
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import { GetUserRequestSchema } from "../../protos/gen/users/v1/users_pb.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { protovalidate } from "../../workers/gateway/configure/protovalidate.ts";
import { createGateway } from "../../workers/gateway/gateway.ts";
import { enveloped, PATIENT_MS, rest, userFor } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";

const ID = "usr_01arz3ndektsv4rrffq69g5fb0"; // in requests only: the response has another id
const BYTES = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: ID })) as Uint8Array<ArrayBuffer>;

/** The reader of strings that protobuf-es decodes messages with, watched: it reads the id once per decoding of the request. */
let strings: MockInstance<BinaryReader["string"]>;
beforeEach(() => {
  strings = vi.spyOn(BinaryReader.prototype, "string");
});
afterEach(() => strings.mockRestore());

function decodings(): number {
  const count = strings.mock.results.filter(({ value }) => value === ID).length;
  strings.mockClear();
  return count;
}

let gateways = 0;

/** @param settings of GetUser; by default every layer looks into its message */
function everything(settings?: object) {
  let fetches = 0;
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    fetches += 1;
    return Promise.resolve(userFor(new Request(url, init)));
  };
  gateways += 1;
  const rule = `by-field-${gateways}`;
  const route = {
    validate: "enforce",
    rateLimits: [rule],
    cache: { ttlMs: 60_000, scope: "shared", l2: "none", tags: ["user:{id}"] },
  } as const;
  const upstream = settings
    ? { binding: "A" }
    : ({ endpoints: [{ binding: "A" }, { binding: "B" }], balancer: "consistent_hash", hashOn: [{ field: "id" }] } as const);
  const input = {
    rateLimits: { [rule]: { key: { field: "id" }, capacity: 100, rate: 100, mode: "exact", waitMs: PATIENT_MS } },
    services: { "users.v1.UserService": { upstream, methods: { GetUser: settings ?? route } } },
  } as const;
  const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, A: { fetch }, B: { fetch } };
  return { gateway: createGateway(configure(input as never, catalog, bindings, { validator: protovalidate() })), fetches: () => fetches };
}

const PROCEDURE = "https://gateway.example/users.v1.UserService/GetUser";

const calls: Record<string, [call: () => Request, decodings: number]> = {
  "a REST call, whose transcoder has the message in hand": [() => rest("GET", `/api/v1/users/${ID}`), 0],
  "a Connect call": [() => new Request(PROCEDURE, { method: "POST", headers: { "content-type": "application/proto" }, body: BYTES }), 1],
  "a Connect GET": [() => new Request(`${PROCEDURE}?connect=v1&encoding=proto&base64=1&message=${base64Encode(BYTES, "url")}`), 1],
  "a gRPC-Web call": [() => enveloped("GetUser", "application/grpc-web+proto", BYTES), 1],
};

it.each(Object.entries(calls))("decodes the message of %s once: without a stored response, and with one", async (_, [call, once]) => {
  const { gateway, fetches } = everything();
  const miss = await gateway(call());
  expect([miss.status, miss.headers.get("cache-status")]).toEqual([200, expect.stringContaining("fwd=uri-miss")]);
  expect(miss.headers.has("ratelimit")).toBe(true);
  expect(decodings()).toBe(once);

  const hit = await gateway(call());
  expect(hit.headers.get("cache-status")).toContain("hit");
  expect(decodings()).toBe(once);
  expect(fetches()).toBe(1);
});

it("decodes no message where no layer looks into one", async () => {
  const { gateway } = everything({});
  await gateway(calls["a Connect call"]![0]());
  expect(decodings()).toBe(0);
});
