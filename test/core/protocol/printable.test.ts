import fc from "fast-check";
import { expect, it } from "vitest";
import { printable } from "../../../core/protocol/printable.ts";

it.each([
  ["gzip", "gzip"],
  ["\u001b[31mred\u001b[0m", "\\u{1b}[31mred\\u{1b}[0m"],
  ["a\r\nb\u007f", "a\\u{d}\\u{a}b\\u{7f}"],
  ["\u202egnp", "\\u{202e}gnp"],
  ["a".repeat(128), "a".repeat(128)],
  ["a".repeat(129), `${"a".repeat(128)}...`],
  ["\u001b".repeat(30), `${"\\u{1b}".repeat(30).slice(0, 128)}...`],
])("shows %j as %j", (text, shown) => expect(printable(text)).toBe(shown));

it("shows less where less is wanted", () => expect(printable("a".repeat(40), 32)).toBe(`${"a".repeat(32)}...`));

it("is printable ASCII, and bounded, for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      expect(printable(text)).toMatch(/^[\x20-\x7e]*$/);
      expect(printable(text).length).toBeLessThanOrEqual(131);
    }),
  );
});
