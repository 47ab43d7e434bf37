import { createRegistry } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { settingsOf } from "../../../workers/service/settings.ts";

it("has defaults for every option", () => {
  expect(settingsOf({})).toMatchObject({
    interceptors: [],
    readMaxBytes: 1_048_576,
    writeMaxBytes: 16_777_216,
    maxMessageElements: 100_000,
    maxTimeoutMs: Number.MAX_SAFE_INTEGER,
    overload: "enforce",
    admission: { max: 10_000, floor: 100 },
    json: { ignoreUnknownFields: false },
  });
  expect("registry" in settingsOf({}).json).toBe(false);
});

it("takes every option", () => {
  const registry = createRegistry();
  const interceptors = [<T>(next: T) => next];
  const settings = settingsOf({
    interceptors,
    readMaxBytes: 1,
    writeMaxBytes: 4,
    maxMessageElements: 5,
    maxTimeoutMs: 2,
    overload: "report",
    maxInFlight: 3,
    registry,
  });
  expect(settings).toMatchObject({
    interceptors,
    readMaxBytes: 1,
    writeMaxBytes: 4,
    maxMessageElements: 5,
    maxTimeoutMs: 2,
    overload: "report",
    admission: { max: 3, floor: 100 },
  });
  expect(settings.json.registry).toBe(registry);
});

it("reads JSON as strict UTF-8, and keeps a byte order mark for the JSON parser to refuse", () => {
  const { textDecoder } = settingsOf({}).json;
  expect(() => textDecoder.decode(new Uint8Array([0xff]))).toThrow(TypeError);
  expect(textDecoder.decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b]))).toBe("{");
});
