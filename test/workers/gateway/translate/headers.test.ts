import { expect, it } from "vitest";
import {
  CONNECT_STREAM,
  codecOf,
  encodingOf,
  GRPC_WEB_STREAM,
  renameHeader,
  translateStreamHeaders,
  withoutHeaders,
} from "../../../../workers/gateway/translate/headers.ts";

it("moves a value to another header, and removes that one if there is no value", () => {
  const headers = new Headers({ a: "1", c: "old" });
  renameHeader(headers, "a", "b");
  renameHeader(headers, "missing", "c");
  expect(Object.fromEntries(headers)).toEqual({ b: "1" });
});

it("copies headers without some of them", () => {
  const headers = new Headers({ a: "1", b: "2" });
  expect(Object.fromEntries(withoutHeaders(headers, ["A", "x"]))).toEqual({ b: "2" });
  expect(headers.has("a")).toBe(true);
});

it.each([
  ["gzip", "gzip"],
  ["identity", null],
  ["IDENTITY", null],
  ["", null],
  [undefined, null],
])("reads the encoding %s as %s", (value, encoding) => {
  expect(encodingOf(new Headers(value === undefined ? {} : { "grpc-encoding": value }), "grpc-encoding")).toBe(encoding);
});

it.each([
  ["application/json", "json"],
  ["application/connect+json", "json"],
  ["application/grpc-web+proto", "proto"],
  ["application/grpc-web", "proto"],
])("finds the codec of %s: %s", (type, codec) => {
  expect(codecOf(type)).toBe(codec);
});

it("translates the headers of a stream in both directions", () => {
  const headers = new Headers({ "grpc-encoding": "gzip", "grpc-accept-encoding": "br", "content-type": "application/grpc-web+proto" });
  translateStreamHeaders(headers, GRPC_WEB_STREAM, CONNECT_STREAM, "proto");
  expect(Object.fromEntries(headers)).toEqual({
    "connect-content-encoding": "gzip",
    "connect-accept-encoding": "br",
    "accept-encoding": "identity",
    "content-type": "application/connect+proto",
  });
  translateStreamHeaders(headers, CONNECT_STREAM, GRPC_WEB_STREAM, "proto");
  expect(headers.get("grpc-encoding")).toBe("gzip");
  expect(headers.get("content-type")).toBe("application/grpc-web+proto");
});
