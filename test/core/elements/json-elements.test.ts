// Elements of JSON texts, compared with what JSON.parse makes of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIGHT_BYTES } from "../../../core/elements/excess.ts";
import { jsonExcess } from "../../../core/elements/json-elements.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Items of arrays and members of objects, at any depth. */
function elementsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const values = Object.values(value);
  return values.reduce<number>((sum, one) => sum + elementsOf(one), values.length);
}

/** The same, with what arrays and objects of a few bytes count more in a text without spaces. */
function weightedElementsOf(value: unknown, isRoot = true): number {
  if (typeof value !== "object" || value === null) return 0;
  const values = Object.values(value);
  const isInnermost = values.every((one) => typeof one !== "object" || one === null);
  const lacking = LIGHT_BYTES + 1 - bytesOf(JSON.stringify(value)).byteLength;
  const more = isRoot || !isInnermost ? 0 : Math.max(0, lacking);
  return values.reduce<number>((sum, one) => sum + weightedElementsOf(one, false), values.length + more);
}

describe("jsonExcess", () => {
  it("counts the items and members of any value, however it is written, and light arrays and objects more", () => {
    const values = fc.jsonValue({ maxDepth: 6, noUnicodeString: false });
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const bytes = bytesOf(JSON.stringify(value, null, indent));
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        const [count, weighted] = [elementsOf(parsed), weightedElementsOf(parsed)];
        expect(jsonExcess(bytes, weighted)).toBeUndefined();
        if (count > 0) expect(jsonExcess(bytes, count - 1)).toBe("elements");
        if (weighted > 0 && indent === undefined) expect(jsonExcess(bytes, weighted - 1)).toBe("elements");
      }),
      { numRuns: 1_000 },
    );
  });

  it("finds the end of strings of any length, with quotes and backslashes anywhere", () => {
    const parts = fc.array(fc.constantFrom('"', "\\", "a", "[", "{", ",", "é", "x".repeat(40), "\\\\\\"), { maxLength: 60 });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const bytes = bytesOf(JSON.stringify({ [one.join("")]: other.join(""), "": 0 }));
        expect(jsonExcess(bytes, 2)).toBeUndefined();
        const isSameKey = one.join("") === "";
        if (!isSameKey) expect(jsonExcess(bytes, 1)).toBe("elements");
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["arrays", "[".repeat(100) + "]".repeat(100), undefined],
    ["arrays", "[".repeat(101) + "]".repeat(101), "depth"],
    ["objects", '{"a":'.repeat(101), "depth"],
    ["both, that never end", '[{"a":'.repeat(500_000), "depth"],
    ["many side by side", `[${"[[]],".repeat(1_000)}[]]`, undefined],
  ])("limits the depth of %s", (_name, text, excess) => {
    expect(jsonExcess(bytesOf(text), 1_000_000)).toBe(excess);
  });

  it.each([
    ["{}", 11],
    ["[]", 11],
    ['{"id":1}', 6],
    ['{"id":1234}', 3],
    ['{"id":12345}', 2],
  ])("counts 1,000 items %s as %d elements each", (item, each) => {
    const bytes = bytesOf(`[${`${item},`.repeat(1_000)}0]`);
    expect(jsonExcess(bytes, 1_000 * each + 1)).toBeUndefined();
    expect(jsonExcess(bytes, 1_000 * each)).toBe("elements");
  });

  it("stops at the first element too many", () => {
    const text = `[${"0,".repeat(100_000)}`;
    expect(jsonExcess(bytesOf(`${text}${"[".repeat(1_000)}`), 100_000)).toBe("elements");
  });

  it("never throws on bytes that are no JSON", () => {
    const bytes = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(...bytesOf('{}[]",:\\'))), { maxLength: 300 });
    fc.assert(
      fc.property(bytes, (all) => void jsonExcess(Uint8Array.from(all), 10)),
      { numRuns: 2_000 },
    );
  });
});
