// Messages of requests, decoded in each protocol and coding.
import { create, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { GetUserRequestSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { Outgoing } from "../../../../workers/gateway/call/outgoing.ts";
import { decodeMessage } from "../../../../workers/gateway/protocol/decode-message.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const METHOD = UserService.method.getUser;
const BYTES = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: "a" }));
const JSON_BYTES = new TextEncoder().encode('{"id":"a"}');
const CONNECT: Protocol = { kind: "connect_unary" };
const GRPC_WEB: Protocol = { kind: "grpc_web", contentType: "application/grpc-web" };

function decoded(protocol: Protocol, headers: Record<string, string>, body: Uint8Array | null, query = "") {
  const call = { request: new Request("https://gateway.example/"), route: { path: "/" }, id: "" };
  const bytes = body as Uint8Array<ArrayBuffer> | null;
  const outgoing = new Outgoing(call, protocol, body === null ? "GET" : "POST", "/", query, bytes, new Headers(headers));
  return decodeMessage(outgoing, METHOD, 1_000);
}

async function compressed(bytes: Uint8Array, format: "gzip" | "deflate"): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

it.each([
  ["Connect, binary", CONNECT, { "content-type": "application/proto" }, BYTES, ""],
  ["Connect, JSON", CONNECT, { "content-type": "application/json; charset=utf-8" }, JSON_BYTES, ""],
  ["gRPC-Web", GRPC_WEB, { "content-type": "application/grpc-web+proto" }, encodeEnvelope(0, BYTES), ""],
  ["a Connect stream", CONNECT, { "content-type": "application/connect+json" }, encodeEnvelope(0, JSON_BYTES), ""],
  ["a Connect GET", CONNECT, {}, null, `?connect=v1&encoding=proto&base64=1&message=${base64Encode(BYTES, "url")}`],
] as const)("decodes the message of %s", (_, protocol, headers, body, query) => {
  expect(decoded(protocol, headers, body, query)).toMatchObject({ message: { id: "a" }, invalid: undefined });
});

it("decompresses a message, by the header of its protocol, and leaves an envelope that is not compressed as it is", async () => {
  const type = { "content-type": "application/proto" };
  expect(decoded(CONNECT, { ...type, "content-encoding": "gzip" }, await compressed(BYTES, "gzip")).message).toMatchObject({ id: "a" });
  const web = { "content-type": "application/grpc-web", "grpc-encoding": "deflate" };
  expect(decoded(GRPC_WEB, web, encodeEnvelope(1, await compressed(BYTES, "deflate"))).message).toMatchObject({ id: "a" });
  expect(decoded(GRPC_WEB, web, encodeEnvelope(0, BYTES)).message).toMatchObject({ id: "a" });
});

it("has no message, and no reason, for what the upstream reports better", async () => {
  const nothing = { message: undefined, invalid: undefined };
  expect(decoded(CONNECT, { "content-type": "application/proto" }, new Uint8Array([255]))).toEqual(nothing);
  expect(decoded(CONNECT, { "content-type": "application/json" }, new TextEncoder().encode("{"))).toEqual(nothing);
  expect(decoded(CONNECT, { "content-type": "application/proto", "content-encoding": "snappy" }, BYTES)).toEqual(nothing);
  expect(decoded(CONNECT, {}, null, "?encoding=json&message=%zz")).toEqual(nothing);
});

it("has the reason where JSON is no ProtoJSON, though another parser could read it", () => {
  const { message, invalid } = decoded(CONNECT, { "content-type": "application/json" }, new TextEncoder().encode('{"id":"a","id":"b"}'));
  expect(message).toBeUndefined();
  expect(invalid?.rejection).toMatchObject({ kind: "invalid_request", violations: [{ field: "" }] });
});
