// Rows in view, round axes, and lines with gaps.
import fc from "fast-check";
import { expect, it } from "vitest";
import { linePath, ticksUpTo } from "../../../console/src/components/scale.ts";
import { rowsInView } from "../../../console/src/components/window-of-rows.ts";

it("has every row in view in the document, at most 40 in all, and the height of all rows", () => {
  const numbers = [fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 900 })] as const;
  fc.assert(
    fc.property(...numbers, (count, top, height) => {
      const { first, end, above, below } = rowsInView(count, 38, top, height);
      expect(above + below + (end - first) * 38).toBe(count * 38);
      expect(end - first).toBeLessThanOrEqual(40);
      const lastTop = Math.max(0, Math.min(top, count * 38 - height)); // a browser scrolls no further
      for (const row of [Math.floor(lastTop / 38), Math.ceil((lastTop + height) / 38) - 1])
        if (row >= 0 && row < count && top <= lastTop) expect(row >= first && row < end).toBe(true);
    }),
  );
});

it("ends an axis at a round value above the largest one", () => {
  expect(ticksUpTo(940)).toEqual([0, 250, 500, 750, 1_000]);
  expect(ticksUpTo(0)).toEqual([0, 1]);
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (most) => {
      const ticks = ticksUpTo(most);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * 0.999_999);
      expect(ticks.length).toBeLessThanOrEqual(6);
    }),
  );
});

it("draws a gap where a value is missing", () => {
  expect(
    linePath(
      [1, 2, null, 3],
      (index) => index,
      (value) => value,
    ),
  ).toBe("M0.0 1.0L1.0 2.0M3.0 3.0");
});
