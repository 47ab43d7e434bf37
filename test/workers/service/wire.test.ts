import { Code } from "@connectrpc/connect";
import { encodeEnvelope, encodeEnvelopes } from "@connectrpc/connect/protocol";
import { afterEach, expect, it, vi } from "vitest";
import { asText, errorOf, gzip, post } from "../services/support.ts";
import { echo, GET_USER, hosted, INVALID, utf8 } from "./host.ts";

afterEach(() => void vi.restoreAllMocks());

const fetch = hosted(echo, { readMaxBytes: 1_000 });

it.each([
  ["malformed JSON", "application/json", utf8("{")],
  ["no JSON at all", "application/json", utf8("")],
  ["an unknown JSON field", "application/json", utf8('{"id":"a","nope":1}')],
  ["a JSON field of the wrong type", "application/json", utf8('{"id":5}')],
  ["invalid UTF-8", "application/json", new Uint8Array([...utf8('{"id":"'), 0xff, ...utf8('"}')])],
  ["half a surrogate pair", "application/json", utf8('{"id":"\\ud800"}')],
  ["malformed protobuf", "application/proto", new Uint8Array([0x0a, 0x05, 0x61])],
  ["invalid UTF-8 in protobuf", "application/proto", new Uint8Array([0x0a, 0x01, 0xff])],
])("is invalid_argument in every protocol, and not logged: %s", async (_what, contentType, body) => {
  const log = vi.spyOn(console, "error");
  expect(await errorOf(await fetch(post(GET_USER, contentType, body)))).toMatchObject(INVALID);

  const web = `application/grpc-web+${contentType.slice("application/".length)}`;
  const trailers = await asText(fetch(post(GET_USER, web, encodeEnvelope(0, body))));
  expect(trailers).toMatch(/grpc-status: 3\r\n/);

  const encoding = contentType.slice("application/".length);
  const query = `encoding=${encoding}&base64=1&message=${btoa(String.fromCharCode(...body))
    .replaceAll("+", "-")
    .replaceAll("/", "_")}`;
  expect(await errorOf(await fetch(new Request(`http://x${GET_USER}?${query}`)))).toMatchObject(INVALID);
  expect(log).not.toHaveBeenCalled();
});

it("decompresses gzip, and refuses unknown codings and broken data", async () => {
  const body = await gzip('{"id":"a"}');
  expect(await (await fetch(post(GET_USER, "application/json", body, { "content-encoding": "gzip" }))).json()).toEqual({ id: "a" });
  const response = await fetch(post(GET_USER, "application/json", body, { "content-encoding": "br" }));
  expect(await errorOf(response)).toMatchObject({ status: 501, code: "unimplemented" });
  const torn = post(GET_USER, "application/json", body.subarray(0, 12), { "content-encoding": "gzip" });
  expect(await errorOf(await fetch(torn))).toMatchObject(INVALID);
});

it("takes exactly one whole message in gRPC-Web", async () => {
  const status = async (body: Uint8Array<ArrayBuffer>) =>
    /grpc-status: (\d+)/.exec(await asText(fetch(post(GET_USER, "application/grpc-web", body))))?.[1];
  const message = { flags: 0, data: new Uint8Array([10, 1, 97]) };
  expect(await status(encodeEnvelopes(message, { flags: 0x80, data: utf8("x: y\r\n") }))).toBe("0"); // trailers may follow
  expect(await status(new Uint8Array())).toBe(String(Code.Unimplemented));
  expect(await status(encodeEnvelopes(message, message))).toBe(String(Code.Unimplemented));
  expect(await status(encodeEnvelopes(message).subarray(0, 6))).toBe(String(Code.InvalidArgument));
  expect(await status(new Uint8Array([0, 0]))).toBe(String(Code.InvalidArgument));
});

it("refuses another version of Connect", async () => {
  const response = await fetch(post(GET_USER, "application/json", "{}", { "connect-protocol-version": "2" }));
  expect(await errorOf(response)).toMatchObject(INVALID);
  expect((await fetch(post(GET_USER, "application/json", "{}", { "connect-protocol-version": "1" }))).status).toBe(200);
});

it("refuses a message above the limit, also after decompression", async () => {
  const EXHAUSTED = { status: 429, code: "resource_exhausted" };
  const large = JSON.stringify({ id: "x".repeat(2_000) });
  expect(await errorOf(await fetch(post(GET_USER, "application/json", large)))).toMatchObject(EXHAUSTED);
  const bomb = await gzip(new Uint8Array(5_000_000));
  for (const body of [await gzip(large), bomb.subarray(0, 900)]) {
    expect(await errorOf(await fetch(post(GET_USER, "application/json", body, { "content-encoding": "gzip" })))).toMatchObject(EXHAUSTED);
  }
  const web = post(GET_USER, "application/grpc-web+json", encodeEnvelope(1, bomb.subarray(0, 900)), { "grpc-encoding": "gzip" });
  expect(await asText(fetch(web))).toMatch(/grpc-status: 8\r\n/);
});
