// Sizes of messages: as sent and decompressed, alone, in envelopes, and in the query of a Connect GET.
import { expect, it } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { checkBody, checkQuery, envelopeCheck, isEnveloped, unaryEncoding } from "../../../../workers/gateway/bodies/message-limit.ts";
import { rpcRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const ROUTE = rpcRoute(UserService.method.getUser, { maxBodyBytes: 1_000, maxMessageElements: 1_000 }, undefined);
const GRPC_WEB: Protocol = { kind: "grpc_web", contentType: "application/grpc-web" };
const CONNECT: Protocol = { kind: "connect_unary" };

function callOf(protocol: Protocol, headers: Record<string, string> = {}): Call {
  const request = new Request(`https://gateway.example${ROUTE.path}`, { method: "POST", headers, body: "x" });
  return new Call(request, protocol, ROUTE, ROUTE.path, "", 0);
}

async function gzip(text: string): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

function envelope(flags: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + data.length);
  bytes[0] = flags;
  new DataView(bytes.buffer).setUint32(1, data.length);
  bytes.set(data, 5);
  return bytes;
}

/** The kind of the rejection that is thrown; undefined where nothing is. */
function refusalOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error instanceof Rejected ? error.rejection.kind : String(error);
  }
}

it("knows protocols with envelopes, and the coding of a unary Connect message", () => {
  expect([isEnveloped(callOf(GRPC_WEB)), isEnveloped(callOf(CONNECT))]).toEqual([true, false]);
  expect(unaryEncoding(callOf(CONNECT, { "content-encoding": "gzip" }))).toBe("gzip");
  expect(unaryEncoding(callOf(CONNECT, { "content-encoding": "identity" }))).toBeNull();
  expect(unaryEncoding(callOf(GRPC_WEB, { "content-encoding": "gzip" }))).toBeNull();
});

it("refuses a message above the limit, also one that grows above it when decompressed", async () => {
  const small = await gzip("x".repeat(500));
  const compressed = callOf(CONNECT, { "content-encoding": "gzip" });
  expect(refusalOf(() => checkBody(callOf(CONNECT), new Uint8Array(100), 100))).toBeUndefined();
  expect(refusalOf(() => checkBody(callOf(CONNECT), new Uint8Array(101), 100))).toBe("body_too_large");
  expect(refusalOf(() => checkBody(compressed, small, 500))).toBeUndefined();
  expect(refusalOf(() => checkBody(compressed, small, 499))).toBe("body_too_large");
  expect(refusalOf(() => checkBody(compressed, new Uint8Array([1, 2, 3]), 100))).toBe("invalid_request");
});

it("checks each message of an enveloped body, without its envelope", async () => {
  const call = callOf(GRPC_WEB, { "grpc-encoding": "gzip" });
  const compressed = await gzip("x".repeat(500));
  expect(refusalOf(() => checkBody(call, envelope(0, new Uint8Array(100)), 100))).toBeUndefined();
  expect(refusalOf(() => checkBody(call, envelope(0, new Uint8Array(101)), 100))).toBe("body_too_large");
  expect(refusalOf(() => checkBody(call, envelope(1, compressed), 100))).toBe("body_too_large");
  expect(refusalOf(() => checkBody(call, envelope(0, new Uint8Array(9)).subarray(0, 8), 100))).toBe("invalid_request");
});

it("needs no check where no header names a coding, and refuses a coding that it cannot measure", () => {
  expect(envelopeCheck(callOf(GRPC_WEB), 100)).toBeUndefined();
  expect(refusalOf(() => envelopeCheck(callOf(GRPC_WEB, { "grpc-encoding": "snappy" }), 100))).toBe("unsupported_encoding");
});

it("checks the message in a query, and leaves one that cannot be read to the upstream", () => {
  expect(refusalOf(() => checkQuery(`?encoding=json&message=${"x".repeat(100)}`, 100))).toBeUndefined();
  expect(refusalOf(() => checkQuery(`?encoding=json&message=${"x".repeat(101)}`, 100))).toBe("body_too_large");
  expect(refusalOf(() => checkQuery(`?encoding=json&message=%zz${"x".repeat(200)}`, 100))).toBeUndefined();
  expect(refusalOf(() => checkQuery("?encoding=json&compression=snappy&message=x", 100))).toBe("unsupported_encoding");
});
