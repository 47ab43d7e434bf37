// Messages of requests, decoded in each protocol and coding.

import { create, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { HEADER_RULES } from "../../../../core/config/headers.ts";
import type { Rejected } from "../../../../core/rejection.ts";
import { GetUserRequestSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { Outgoing } from "../../../../workers/gateway/call/outgoing.ts";
import { decodeMessage } from "../../../../workers/gateway/protocol/decode-message.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const METHOD = UserService.method.getUser;
const BYTES = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id: "a" }));
const JSON_BYTES = new TextEncoder().encode('{"id":"a"}');
const READ = { kind: "message", message: { id: "a" } };
const CONNECT: Protocol = { kind: "connect_unary" };
const CONNECT_STREAM: Protocol = { kind: "connect_stream", contentType: "application/connect+json" };
const GRPC_WEB: Protocol = { kind: "grpc_web", contentType: "application/grpc-web" };

function decoded(protocol: Protocol, headers: Record<string, string>, body: Uint8Array | null, query = "") {
  const received = { problem: undefined, removed: [], address: null, worker: null, authorization: null, access: null };
  const call = { request: new Request("https://gateway.example/"), route: { path: "/", headers: HEADER_RULES }, id: "", received };
  const bytes = body as Uint8Array<ArrayBuffer> | null;
  const outgoing = new Outgoing(call, protocol, body === null ? "GET" : "POST", "/", query, bytes, new Headers(headers));
  return decodeMessage(outgoing, METHOD, { maxBodyBytes: 10_000, maxMessageElements: 100 });
}

async function compressed(bytes: Uint8Array, format: "gzip" | "deflate"): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

it.each([
  ["Connect, binary", CONNECT, { "content-type": "application/proto" }, BYTES, ""],
  ["Connect, JSON", CONNECT, { "content-type": "application/json; charset=utf-8" }, JSON_BYTES, ""],
  ["gRPC-Web", GRPC_WEB, { "content-type": "application/grpc-web+proto" }, encodeEnvelope(0, BYTES), ""],
  ["a Connect stream", CONNECT_STREAM, { "content-type": "application/connect+json" }, encodeEnvelope(0, JSON_BYTES), ""],
  ["a Connect GET", CONNECT, {}, null, `?connect=v1&encoding=proto&base64=1&message=${base64Encode(BYTES, "url")}`],
] as const)("decodes the message of %s", (_, protocol, headers, body, query) => {
  expect(decoded(protocol, headers, body, query)).toMatchObject({ kind: "message", message: { id: "a" } });
});

it("decompresses a message, by the header of its protocol, and leaves an envelope that is not compressed as it is", async () => {
  const type = { "content-type": "application/proto" };
  expect(decoded(CONNECT, { ...type, "content-encoding": "gzip" }, await compressed(BYTES, "gzip"))).toMatchObject(READ);
  const web = { "content-type": "application/grpc-web", "grpc-encoding": "deflate" };
  expect(decoded(GRPC_WEB, web, encodeEnvelope(1, await compressed(BYTES, "deflate")))).toMatchObject(READ);
  expect(decoded(GRPC_WEB, web, encodeEnvelope(0, BYTES))).toMatchObject(READ);
});

const JSON_TYPE = { "content-type": "application/json" };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  ["bytes that are no message", CONNECT, { "content-type": "application/proto" }, new Uint8Array([255]), ""],
  ["text that is no JSON", CONNECT, JSON_TYPE, utf8("{"), ""],
  ["JSON with a key twice", CONNECT, JSON_TYPE, utf8('{"id":"a","id":"b"}'), ""],
  ["an empty body as JSON", CONNECT, JSON_TYPE, utf8(""), ""],
  ["a message that is not percent-encoded", CONNECT, {}, null, "?encoding=json&message=%zz"],
  ["a name that is not percent-encoded", CONNECT, {}, null, "?encoding=json&%zz=1&message=%7B%7D"],
  ["no envelope", GRPC_WEB, { "content-type": "application/grpc-web" }, new Uint8Array(), ""],
] as const)("refuses %s", (_, protocol, headers, body, query) => {
  expect(decoded(protocol, headers, body, query)).toMatchObject({ kind: "unreadable", rejection: { kind: "invalid_request" } });
});

it("refuses a coding that it does not know, naming it, and a message that is too large once decompressed", async () => {
  const type = { "content-type": "application/proto" };
  expect(decoded(CONNECT, { ...type, "content-encoding": "snappy" }, BYTES)).toMatchObject({
    kind: "unreadable",
    rejection: { kind: "unsupported_encoding", found: "snappy", advertise: "accept-encoding" },
  });
  const large = await compressed(new Uint8Array(10_001), "gzip");
  const tooLarge = { kind: "unreadable", rejection: { kind: "body_too_large", maxBytes: 10_000 } };
  expect(decoded(CONNECT, { ...type, "content-encoding": "gzip" }, large)).toEqual(tooLarge);
  expect(decoded(CONNECT, type, new Uint8Array(10_001))).toEqual(tooLarge);
});

it("does not read a stream of messages", () => {
  const body = new ReadableStream<Uint8Array>() as unknown as Uint8Array;
  expect(decoded(CONNECT, JSON_TYPE, body)).toMatchObject({ kind: "unreadable" });
});

it("refuses a message with more elements than the limit before it decodes it", async () => {
  const type = { "content-type": "application/proto" };
  const unknown = new Uint8Array(5_000).map((_, at) => (at % 2 === 0 ? 0x78 : 0)); // 2,500 unknown fields
  const thrown = (headers: Record<string, string>, body: Uint8Array) => {
    try {
      return decoded(CONNECT, headers, body);
    } catch (error) {
      return (error as Rejected).rejection;
    }
  };
  const refusal = { kind: "too_many_elements", maxElements: 100 };
  expect(thrown(type, unknown)).toEqual(refusal);
  expect(thrown({ ...type, "content-encoding": "gzip" }, await compressed(unknown, "gzip"))).toEqual(refusal);
  const json = new TextEncoder().encode(`{"id":[${"1,".repeat(3_000)}1]}`);
  expect(thrown({ "content-type": "application/json" }, json)).toEqual(refusal);
});
