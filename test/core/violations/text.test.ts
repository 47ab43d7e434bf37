import fc from "fast-check";
import { expect, it } from "vitest";
import { cutText, writeCount } from "../../../core/violations/text.ts";

it("cuts any text to the length, and leaves a shorter one as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.integer({ min: 3, max: 30 }), (text, maxLength) => {
      const cut = cutText(text, maxLength);
      expect(cut.length).toBeLessThanOrEqual(maxLength);
      expect(cut.isWellFormed()).toBe(true);
      if (text.length <= maxLength) expect(cut).toBe(text);
      else expect(cut.endsWith("...")).toBe(true);
    }),
  );
  expect(cutText("a\u{1f600}b\u{1f600}", 5)).toBe("a\ufffd...");
  expect(cutText("\ud800", 9)).toBe("\ufffd");
});

it("writes counts in groups of three digits", () => {
  expect([0, 12, 999, 1_000, 524_260, 1_234_567].map(writeCount)).toEqual(["0", "12", "999", "1,000", "524,260", "1,234,567"]);
});
