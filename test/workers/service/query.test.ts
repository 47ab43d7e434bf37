import { expect, it } from "vitest";
import { messageOf, readQuery } from "../../../workers/service/query.ts";
import { errorOf, gzip } from "../services/support.ts";
import { echo, GET_USER, hosted, INVALID } from "./host.ts";

const fetch = hosted(echo, { readMaxBytes: 1_000 });

it.each([
  ["bad base64", "encoding=proto&base64=1&message=%21%21", INVALID],
  ["base64 of an impossible length", "encoding=proto&base64=1&message=AAAAA", INVALID],
  ["half a percent sign", "encoding=json&message=%7B%2", INVALID],
  ["bytes that are no UTF-8", "encoding=json&message=%22%FF%22", INVALID],
  ["another version", "connect=v2&encoding=json&message={}", INVALID],
  ["an unknown compression", "encoding=json&compression=br&message={}", { status: 501, code: "unimplemented" }],
  ["an unknown encoding", "encoding=xml&message={}", { status: 415, code: "unknown" }],
  ["no encoding", "message={}", { status: 415, code: "unknown", message: "a request without encoding is not accepted, use json, proto" }],
])("refuses a GET with %s", async (_what, query, expected) => {
  expect(await errorOf(await fetch(new Request(`http://x${GET_USER}?${query}`)))).toMatchObject(expected);
});

it("reads a message in JSON and protobuf, percent-encoded and in base64, compressed and not", async () => {
  const get = async (query: string): Promise<unknown> => (await fetch(new Request(`http://x${GET_USER}?${query}`))).json();
  const packed = btoa(String.fromCharCode(...(await gzip('{"id":"a"}'))))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  expect(await get(`connect=v1&encoding=json&message=${encodeURIComponent('{"id":"a"}')}`)).toEqual({ id: "a" });
  expect(await get(`encoding=json&base64=1&compression=gzip&message=${packed}&foreign=%zz`)).toEqual({ id: "a" });
  const proto = await fetch(new Request(`http://x${GET_USER}?encoding=proto&message=%0A%01a`));
  expect([...new Uint8Array(await proto.arrayBuffer())]).toEqual([10, 1, 97]);
});

it("readQuery takes the first parameter of a name, with or without a value, and ignores other names", () => {
  expect(readQuery("http://x/a?encoding=json&encoding=proto&message&other=1&base64=#connect=v1")).toEqual({
    connect: null,
    encoding: "json",
    compression: null,
    base64: "",
    message: "",
  });
  expect(readQuery("http://x/a").message).toBeNull();
});

it("messageOf decodes percent signs and plus signs", () => {
  const decoded = (message: string) => new TextDecoder().decode(messageOf({ ...readQuery(""), message }));
  expect([decoded("a%20b"), decoded("a+b"), decoded("%2B"), decoded("")]).toEqual(["a b", "a b", "+", ""]);
});
