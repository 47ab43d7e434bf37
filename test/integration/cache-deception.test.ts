// Cache deception: messages that two parsers could read differently. Every caller gets the response to the message that the upstream received.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { GetUserRequestSchema, UserSchema } from "../../protos/gen/users/v1/users_pb.ts";
import type { Gateway } from "../../workers/gateway/gateway.ts";
import { enveloped, gatewayTo, rest, unary } from "../support/gateway.ts";

const VICTIM = "usr_victim";
const EVIL = "usr_evil";
const PROCEDURE = "https://gateway.example/users.v1.UserService/GetUser";
const encode = (id: string) => toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id })) as Uint8Array<ArrayBuffer>;
const base64 = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/** An upstream that returns the id of the request, and rejects malformed requests. */
function echoing(): Gateway {
  const upstream = async (request: Request): Promise<Response> => {
    if (request.headers.get("content-type") !== "application/proto")
      return Response.json({ code: "invalid_argument", message: EVIL }, { status: 400 });
    try {
      const { id } = fromBinary(GetUserRequestSchema, new Uint8Array(await request.arrayBuffer()));
      return new Response(toBinary(UserSchema, create(UserSchema, { id })), { headers: { "content-type": "application/proto" } });
    } catch {
      return Response.json({ code: "invalid_argument", message: EVIL }, { status: 400 });
    }
  };
  const methods = { GetUser: { cache: { l2: "none", authorization: "ignore" } } } as const;
  return gatewayTo(upstream, { services: { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: false, methods } } });
}

const proto = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Request =>
  new Request(PROCEDURE, { method: "POST", headers: { "content-type": "application/proto", ...headers }, body });
const get = (query: string, headers: Record<string, string> = {}): Request => new Request(`${PROCEDURE}?${query}`, { headers });
const jsonGet = (id: string): string => `connect=v1&encoding=json&message=${encodeURIComponent(JSON.stringify({ id }))}`;
const joined = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(parts.flatMap((part) => [...part]));

const ATTACKS: readonly (readonly [string, () => Request])[] = [
  ["a field twice in JSON", () => unary("GetUser", `{"id":"${VICTIM}","id":"${EVIL}"}`)],
  ["a field twice, the other one first", () => unary("GetUser", `{"id":"${EVIL}","id":"${VICTIM}"}`)],
  ["a field twice on the wire", () => proto(joined(encode(VICTIM), encode(EVIL)))],
  ["a field twice on the wire, the other one first", () => proto(joined(encode(EVIL), encode(VICTIM)))],
  ["an unknown field in JSON", () => unary("GetUser", `{"id":"${VICTIM}","evil":"${EVIL}"}`)],
  ["an unknown field on the wire", () => proto(joined(encode(VICTIM), new Uint8Array([0x7a, 1, 0x41])))],
  ["bytes that end too soon", () => proto(encode(VICTIM).slice(0, -1))],
  ["text that is not UTF-8", () => proto(new Uint8Array([0x0a, 2, 0xff, 0xfe]))],
  ["JSON that is malformed", () => unary("GetUser", `{"id":"${VICTIM}"`)],
  ["JSON with more behind it", () => unary("GetUser", `{"id":"${VICTIM}"}{"id":"${EVIL}"}`)],
  ["JSON with a byte order mark", () => unary("GetUser", `\ufeff{"id":"${EVIL}"}`)],
  ["an escape in a name", () => unary("GetUser", `{"\\u0069d":"${EVIL}"}`)],
  [
    "proto with the content type of JSON",
    () => new Request(PROCEDURE, { method: "POST", headers: { "content-type": "application/json" }, body: encode(VICTIM) }),
  ],
  ["JSON with the content type of proto", () => proto(new TextEncoder().encode(`{"id":"${VICTIM}"}`) as Uint8Array<ArrayBuffer>)],
  ["a content encoding that the body does not have", () => proto(encode(VICTIM), { "content-encoding": "gzip" })],
  ["an unknown content encoding", () => proto(encode(VICTIM), { "content-encoding": EVIL })],
  ["the message twice in a query", () => get(`${jsonGet(VICTIM)}&message=${encodeURIComponent(JSON.stringify({ id: EVIL }))}`)],
  ["the encoding twice in a query", () => get(`connect=v1&encoding=proto&${jsonGet(VICTIM)}`)],
  [
    "a message in the query of a POST",
    () =>
      new Request(`${PROCEDURE}?${jsonGet(EVIL)}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"id":"${VICTIM}"}`,
      }),
  ],
  ["malformed base64", () => get(`connect=v1&encoding=proto&base64=1&message=${base64(encode(VICTIM))}!`)],
  ["base64 with more bits than it needs", () => get(`connect=v1&encoding=proto&base64=1&message=${base64(encode(VICTIM))}=`)],
  ["a semicolon in a query", () => get(`${jsonGet(VICTIM)};message=${EVIL}`)],
  ["parameters beside the message", () => get(`${jsonGet(VICTIM)}&id=${EVIL}&evil=${EVIL}`)],
  [
    "a header that names another method",
    () => unary("GetUser", { id: VICTIM }, { "x-http-method-override": "DELETE", "x-original-url": `/${EVIL}` }),
  ],
  [
    "two frames",
    () =>
      enveloped(
        "GetUser",
        "application/grpc-web+proto",
        joined(encode(VICTIM), new Uint8Array([0, 0, 0, 0, encode(EVIL).length]), encode(EVIL)),
      ),
  ],
  [
    "a frame with the header of a compressed one",
    () => {
      const request = enveloped("GetUser", "application/grpc-web+proto", encode(VICTIM));
      return new Request(request, { headers: { "content-type": "application/grpc-web+proto", "grpc-encoding": "gzip" } });
    },
  ],
  ["a parameter twice in REST", () => rest("GET", `/api/v1/users/${VICTIM}?id=${EVIL}`)],
  ["an encoded slash in REST", () => rest("GET", `/api/v1/users/${VICTIM}%2f${EVIL}`)],
  ["a body in REST", () => rest("GET", `/api/v1/users/${VICTIM}?x=${EVIL}`)],
  ["credentials that are removed", () => unary("GetUser", { id: VICTIM }, { authorization: EVIL })],
];

describe("a malformed message of one caller", () => {
  it.each(ATTACKS)("does not change the response of another one: %s", async (_, attack) => {
    const gateway = echoing();
    for (let time = 0; time < 2; time++) await (await gateway(attack())).arrayBuffer();
    const responses = [unary("GetUser", { id: VICTIM }), get(jsonGet(VICTIM)), rest("GET", `/api/v1/users/${VICTIM}`)];
    for (const request of responses) expect(await (await gateway(request)).json()).toEqual({ id: VICTIM });
    const binary = await gateway(proto(encode(VICTIM)));
    expect(fromBinary(UserSchema, new Uint8Array(await binary.arrayBuffer())).id).toBe(VICTIM);
  });
});
