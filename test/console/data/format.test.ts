// Figures as text.
import fc from "fast-check";
import { expect, it } from "vitest";
import { ago, bytes, count, duration, number, percent, rate } from "../../../console/src/data/format.ts";

const plain = (text: string): string => text.replaceAll("\u202f", " ");

it.each([
  [number(0), "0"],
  [number(0.4217), "0.42"],
  [number(12_345), "12.3 k"],
  [number(Number.NaN), "–"],
  [rate(12), "12.0"],
  [rate(0), "0"],
  [count(1_234_567n), "1 234 567"],
  [duration(0.84), "0.8 ms"],
  [duration(1_204), "1.20 s"],
  [duration(-1), "–"],
  [percent(0.000_05), "<0.01 %"],
  [percent(0.125), "13 %"],
  [bytes(1_536), "1.50 KiB"],
  [ago(1_000), "just now"],
  [ago(300_000), "5 min ago"],
])("writes %j", (text, want) => {
  expect(plain(text)).toBe(want);
});

it("writes any number in at most 12 characters", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e14, max: 1e14, noNaN: true }), (value) => {
      for (const text of [number(value), rate(value), bytes(Math.abs(value))]) expect(text.length).toBeLessThanOrEqual(12);
    }),
  );
});
