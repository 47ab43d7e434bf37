// Snapshots: one text for equal configurations, and bounds that hold for whatever arrives.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalJson,
  type JsonValue,
  MAX_SNAPSHOT_BYTES,
  parseSnapshot,
  type Snapshot,
  snapshotBytes,
  snapshotProblem,
  snapshotText,
  utf8Bytes,
} from "../../../core/control/snapshot.ts";

const DIGEST = "0a".repeat(32);
const SNAPSHOT: Snapshot = { format: 1, configuration: { services: { b: 1, a: [true, null] } }, descriptors: [], layers: [] };

describe("snapshotText", () => {
  it("sorts keys at every depth and writes no spaces", () => {
    expect(snapshotText(SNAPSHOT)).toBe('{"configuration":{"services":{"a":[true,null],"b":1}},"descriptors":[],"format":1,"layers":[]}');
  });

  it("is the same for equal values in any order of keys, and reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as JsonValue);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value) as JsonValue)).toBe(text);
      }),
    );
  });

  it("leaves undefined fields out, and keeps a field that is named __proto__", () => {
    expect(canonicalJson({ a: undefined as unknown as null, b: 1 })).toBe('{"b":1}');
    expect(canonicalJson(JSON.parse('{"__proto__":{"x":1},"a":2}') as JsonValue)).toBe('{"__proto__":{"x":1},"a":2}');
  });
});

describe("parseSnapshot", () => {
  it("reads what snapshotText wrote", () => {
    expect(parseSnapshot(snapshotText(SNAPSHOT))).toEqual({ kind: "ok", snapshot: SNAPSHOT });
  });

  it.each([
    { name: "no JSON", text: "{", problem: "not JSON" },
    { name: "a list", text: "[]", problem: "not a JSON object" },
    { name: "another format", text: snapshotText({ ...SNAPSHOT, format: 2 }), problem: "format 2" },
    { name: "no configuration", text: '{"format":1,"configuration":[],"descriptors":[],"layers":[]}', problem: "configuration" },
    { name: "a digest that is none", text: snapshotText({ ...SNAPSHOT, descriptors: ["x"] }), problem: "descriptors" },
    { name: "an empty layer name", text: snapshotText({ ...SNAPSHOT, layers: [""] }), problem: "layers" },
    { name: "too much", text: " ".repeat(MAX_SNAPSHOT_BYTES + 1), problem: `${MAX_SNAPSHOT_BYTES + 1} bytes` },
  ])("refuses $name", ({ text, problem }) => {
    expect(parseSnapshot(text)).toEqual({ kind: "invalid", problem: expect.stringContaining(problem) });
  });
});

describe("snapshotProblem", () => {
  const text = snapshotText({ ...SNAPSHOT, descriptors: [DIGEST] });
  const descriptors = { [DIGEST]: new Uint8Array(3) };

  it("accepts a complete snapshot", () => {
    expect(snapshotProblem({ digest: DIGEST, text, descriptors })).toBeUndefined();
  });

  it.each([
    { name: "a digest that is none", stored: { digest: "1", text, descriptors }, problem: "digest" },
    { name: "a missing descriptor set", stored: { digest: DIGEST, text, descriptors: {} }, problem: `${DIGEST} is missing` },
    {
      name: "a descriptor set that nothing names",
      stored: { digest: DIGEST, text, descriptors: { ...descriptors, x: new Uint8Array() } },
      problem: "x is not named",
    },
    {
      name: "more than the bound",
      stored: { digest: DIGEST, text, descriptors: { [DIGEST]: new Uint8Array(MAX_SNAPSHOT_BYTES) } },
      problem: `${MAX_SNAPSHOT_BYTES + text.length} bytes`,
    },
    { name: "text that is no snapshot", stored: { digest: DIGEST, text: "{}", descriptors: {} }, problem: "format" },
  ])("refuses $name", ({ stored, problem }) => {
    expect(snapshotProblem(stored)).toContain(problem);
  });

  it("counts bytes as UTF-8 does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (written) => {
        expect(utf8Bytes(written)).toBe(new TextEncoder().encode(written).byteLength);
        expect(snapshotBytes({ text: written, descriptors: { a: new Uint8Array(7) } })).toBe(utf8Bytes(written) + 7);
      }),
    );
    expect(utf8Bytes("\ud800")).toBe(3);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, field] of entries) copy[name] = reversed(field);
  return copy;
}
