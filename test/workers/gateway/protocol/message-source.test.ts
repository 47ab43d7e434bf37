// The bytes of the one message of a request: where each protocol has them, and which forms are refused.
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { HEADER_RULES } from "../../../../core/config/headers.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { Outgoing } from "../../../../workers/gateway/call/outgoing.ts";
import { messageSourceOf } from "../../../../workers/gateway/protocol/message-source.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const CONNECT: Protocol = { kind: "connect_unary" };
const STREAM: Protocol = { kind: "connect_stream", contentType: "application/connect+json" };
const GRPC_WEB: Protocol = { kind: "grpc_web", contentType: "application/grpc-web" };
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** @returns the text and the codec of the message; the refusal where it has none */
function sourceOf(protocol: Protocol, headers: Record<string, string>, body: Uint8Array | null, query = "") {
  const received = { problem: undefined, removed: [], address: null, worker: null, authorization: null, access: null };
  const call = { request: new Request("https://gateway.example/"), route: { path: "/", headers: HEADER_RULES }, id: "", received };
  const bytes = body as Uint8Array<ArrayBuffer> | null;
  const outgoing = new Outgoing(call, protocol, query === "" ? "POST" : "GET", "/", query, bytes, new Headers(headers));
  try {
    const source = messageSourceOf(outgoing, { maxBodyBytes: 100 });
    return [textOf(source.bytes), source.isJson ? "json" : "proto"];
  } catch (error) {
    if (error instanceof Rejected) return error.rejection;
    throw error;
  }
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe("the codec", () => {
  it.each([
    ["application/json", "json"],
    ["Application/JSON; charset=UTF-8", "json"],
    ['application/json;v=1;charset="utf-8"', "json"],
    ["application/proto", "proto"],
    ["application/proto; note=json", "proto"],
    ["application/proto; charset=utf-16", "proto"],
  ])("is that of the media type: %s", (contentType, codec) => {
    expect(sourceOf(CONNECT, { "content-type": contentType }, utf8("a"))).toEqual(["a", codec]);
  });

  it.each(["utf-16", "utf-8; charset=utf-16", "utf-16; charset=utf-8", "utf-8, application/json"])(
    "does not read JSON in charset %s",
    (charset) => {
      const headers = { "content-type": `application/json; charset=${charset}` };
      expect(sourceOf(CONNECT, headers, utf8("{}"))).toMatchObject({ kind: "invalid_request" });
    },
  );

  it.each(["charset*=utf-8''utf-16", "Charset = utf-7"])("does not read JSON with the parameter %s", (parameter) => {
    const headers = { "content-type": `application/json; ${parameter}` };
    expect(sourceOf(CONNECT, headers, utf8("{}"))).toMatchObject({ kind: "invalid_request" });
  });
});

describe("the coding", () => {
  it("is named by the header of the protocol, and by no other", async () => {
    const all = { "content-encoding": "br", "grpc-encoding": "br", "connect-content-encoding": "br" };
    const coded = await gzip("a");
    expect(sourceOf(CONNECT, { ...all, "content-encoding": "gzip" }, coded)).toEqual(["a", "proto"]);
    const { "content-encoding": _, ...enveloped } = all;
    expect(sourceOf(GRPC_WEB, { ...enveloped, "grpc-encoding": "gzip" }, encodeEnvelope(1, coded))).toEqual(["a", "proto"]);
    expect(sourceOf(STREAM, { ...enveloped, "connect-content-encoding": "gzip" }, encodeEnvelope(1, coded))).toEqual(["a", "proto"]);
  });

  it("is never that of a whole body of envelopes", () => {
    for (const protocol of [STREAM, GRPC_WEB]) {
      expect(sourceOf(protocol, { "content-encoding": "gzip" }, encodeEnvelope(0, utf8("a")))).toMatchObject({ kind: "invalid_request" });
      expect(sourceOf(protocol, { "content-encoding": "identity" }, encodeEnvelope(0, utf8("a")))).toEqual(["a", "proto"]);
    }
  });

  it("is refused with the header that lists the known ones", () => {
    const refused = (protocol: Protocol, name: string, body: Uint8Array) => sourceOf(protocol, { [name]: "snappy" }, body);
    const body = encodeEnvelope(1, utf8("a"));
    const expected = (advertise: string) => ({ kind: "unsupported_encoding", found: "snappy", advertise });
    expect(refused(CONNECT, "content-encoding", utf8("a"))).toMatchObject(expected("accept-encoding"));
    expect(refused(STREAM, "connect-content-encoding", body)).toMatchObject(expected("connect-accept-encoding"));
    expect(refused(GRPC_WEB, "grpc-encoding", body)).toMatchObject(expected("grpc-accept-encoding"));
  });
});

describe("the query of a Connect GET", () => {
  it.each([
    ["?connect=v1&encoding=json&message=%7B%7D", ["{}", "json"]],
    ["?message=a+b%2B&encoding=proto&connect=v1", ["a b+", "proto"]],
    ["?encoding=proto&base64=1&message=aGk", ["hi", "proto"]],
    ["?encoding=proto&base64=1&message=aGk&a=1&a=2&%61=3", ["hi", "proto"]],
    ["?encoding=json", ["", "json"]],
  ])("is read: %s", (query, source) => expect(sourceOf(CONNECT, {}, null, query)).toEqual(source));

  it.each([
    "?encoding=json&message=a&message=b",
    "?encoding=json&message=a&messag%65=b",
    "?messag%65=b",
    "?encoding=json&encoding=json&message=a",
    "?encoding=%6ason&message=a",
    "?encoding=JSON&message=a",
    "?message=a",
    "?encoding=json&base64=0&message=a",
    "?encoding=json&base64=&message=a",
    "?encoding=json&base64=%31&message=a",
    "?encoding=json&base64=1&message=a%20b",
    "?encoding=json&base64=1&message=%zz",
    "?encoding=json&message=a;b",
    "?encoding=proto&message=%ff",
    "?encoding=proto&%ff=1&message=a",
  ])("is refused: %s", (query) => expect(sourceOf(CONNECT, {}, null, query)).toMatchObject({ kind: "invalid_request" }));

  it("has a bound for its message", () => {
    expect(sourceOf(CONNECT, {}, null, `?encoding=json&message=${"a".repeat(101)}`)).toEqual({ kind: "body_too_large", maxBytes: 100 });
  });
});
