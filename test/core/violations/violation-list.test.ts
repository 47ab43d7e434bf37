// The list of violations: its bound holds for any request.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DESCRIPTION_LENGTH, MAX_FIELD_LENGTH, MAX_LISTED, ViolationList } from "../../../core/violations/violation-list.ts";

describe("ViolationList", () => {
  it("lists the first violations, and counts the others", () => {
    const list = new ViolationList();
    for (let n = 1; n <= 524_280; n++) list.add(`items[${n}].sku`, "is empty");
    expect([list.listed.length, list.count, list.isFull]).toEqual([20, 524_280, true]);
    expect(list.describe("body")).toBe("items[1].sku: is empty, and 524,279 more");
  });

  it("names the whole where a violation is of no field, and says where a check has ended early", () => {
    const list = new ViolationList();
    expect([list.describe("body"), list.isFull]).toEqual(["", false]);
    list.add("", "is not UTF-8");
    expect(list.describe("body", " ")).toBe("body is not UTF-8");
    list.endEarly();
    expect(list.describe("Order")).toBe("Order: is not UTF-8, and perhaps others");
  });

  it("writes a description only where it is listed", () => {
    const list = new ViolationList();
    let written = 0;
    for (let n = 0; n < 1_000; n++) list.add("a", () => `is wrong, ${written++}`);
    expect([written, list.count]).toEqual([MAX_LISTED, 1_000]);
  });

  it("fits 64 KiB as a message and as details in JSON, base64 and debug text, whatever a caller wrote", () => {
    const texts = fc.string({ unit: fc.constantFrom("\u0000", "\ud800", "\uffff", '"', "a", "\u{1f600}"), minLength: 100, maxLength: 600 });
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, texts), { minLength: 1, maxLength: 60 }), (all) => {
        const list = new ViolationList();
        for (const [field, description] of all) list.add(field, description);
        expect(list.listed.length).toBe(Math.min(all.length, MAX_LISTED));
        expect(
          list.listed.every(({ field, description }) => field.length <= MAX_FIELD_LENGTH && description.length <= MAX_DESCRIPTION_LENGTH),
        ).toBe(true);
        const debug = JSON.stringify({ fieldViolations: list.listed });
        const detail = list.listed.map(({ field, description }) => field + description).join("12345678");
        const bytes =
          Buffer.byteLength(debug) +
          Buffer.byteLength(JSON.stringify(list.describe("body"))) +
          Math.ceil(Buffer.byteLength(detail) / 3) * 4;
        expect(bytes).toBeLessThan(64_000);
      }),
      { numRuns: 100 },
    );
  });
});
