// Blocks of the shared level: a response comes back complete, and invalid blocks are recognized.
import { describe, expect, it } from "vitest";
import { type BlockMetadata, decodeBlock, encodeBlock } from "../../../../../workers/gateway/cache/l2/codec.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const NOW = 1_000_000;
const bufferOf = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

it("returns what was encoded, unknown fields included", () => {
  const entry = {
    ...storedResponse("a body", NOW, {
      headers: [
        ["x-name", "Grüße \u{1f600}"],
        ["a", "b"],
      ],
    }),
    ...{ etag: '"v1"', trailers: [["grpc-status", "0"]], unchanged: 3, nested: { deep: [1, null, true] } },
  };
  const { bytes, metadata } = encodeBlock(entry);
  expect(decodeBlock(bufferOf(bytes), metadata, NOW)).toEqual({ kind: "response", stored: entry });
  expect(JSON.stringify(metadata).length).toBeLessThan(1_024);
});

it("returns bodies of any bytes, and empty ones", () => {
  for (const body of [Uint8Array.from({ length: 70_000 }, (_, index) => index % 256), new Uint8Array(0)]) {
    const { bytes, metadata } = encodeBlock(storedResponse("", NOW, { body }));
    const decoded = decodeBlock(bufferOf(bytes), metadata, NOW);
    expect(decoded.kind === "response" && decoded.stored.body.every((byte, index) => byte === body[index])).toBe(true);
    expect(decoded.kind === "response" && decoded.stored.body.byteLength).toBe(body.byteLength);
  }
});

it("drops cross-origin fields, which the gateway writes itself", () => {
  const headers: [string, string][] = [
    ["access-control-allow-origin", "*"],
    ["a", "b"],
    ["access-control-of-tomorrow", "*"],
    ["timing-allow-origin", "*"],
  ];
  const { bytes, metadata } = encodeBlock(storedResponse("a", NOW, { headers }));
  const decoded = decodeBlock(bufferOf(bytes), metadata, NOW);
  expect(decoded.kind === "response" && decoded.stored.headers).toEqual([["a", "b"]]);
});

it("keeps an infinite lifetime", () => {
  const { bytes, metadata } = encodeBlock(storedResponse("a", NOW, { staleIfErrorUntil: Number.POSITIVE_INFINITY }));
  expect(decodeBlock(bufferOf(bytes), metadata, NOW * 1e6).kind).toBe("response");
});

it("has expired at the end of its last use, whatever the metadata says", () => {
  const { bytes, metadata } = encodeBlock(storedResponse("a", NOW));
  expect(decodeBlock(bufferOf(bytes), metadata, NOW + 599_999).kind).toBe("response");
  expect(decodeBlock(bufferOf(bytes), metadata, NOW + 600_000).kind).toBe("expired");
  expect(decodeBlock(bufferOf(bytes), { ...metadata, k: NOW * 2 }, NOW + 600_000).kind).toBe("expired");
});

describe("an invalid block is recognized without an error:", () => {
  const { bytes, metadata } = encodeBlock(storedResponse("a body", NOW));
  const head = (text: string): [Uint8Array, BlockMetadata] => {
    const json = new TextEncoder().encode(text);
    const all = new Uint8Array(4 + json.byteLength + 6);
    new DataView(all.buffer).setUint32(0, json.byteLength);
    all.set(json, 4);
    return [all, { ...metadata, n: json.byteLength }];
  };
  const changed = (fields: object) => head(JSON.stringify({ ...storedResponse("", NOW), body: undefined, ...fields }));
  const flipped = bytes.slice();
  flipped[20] = 0xff;

  it.each<[string, [Uint8Array, unknown], string]>([
    ["no metadata", [bytes, null], "other_version"],
    ["another version", [bytes, { ...metadata, v: 0 }], "other_version"],
    ["metadata that is not an object", [bytes, "v1"], "other_version"],
    ["nothing", [new Uint8Array(0), metadata], "corrupt"],
    ["a cut body", [bytes.slice(0, -1), metadata], "corrupt"],
    ["a longer body", [Uint8Array.from([...bytes, 0]), metadata], "corrupt"],
    ["a length beyond the end", [Uint8Array.from([255, 255, 255, 255, ...bytes.slice(4)]), metadata], "corrupt"],
    ["bytes that are not UTF-8", [flipped, metadata], "corrupt"],
    ["malformed JSON", head("{"), "corrupt"],
    ["JSON of another kind", head("[]"), "corrupt"],
    ["no fields", head("{}"), "corrupt"],
    ["an invalid status", changed({ status: 99 }), "corrupt"],
    ["times that are not numbers", changed({ freshUntil: "soon" }), "corrupt"],
    ["invalid headers", changed({ headers: [["a"]] }), "corrupt"],
    ["invalid tags", changed({ tags: [1] }), "corrupt"],
    ["an unchanged response", changed({}), "response"],
  ])("%s", (_name, [block, blockMetadata], kind) => {
    expect(decodeBlock(bufferOf(block), blockMetadata, NOW).kind).toBe(kind);
  });
});
