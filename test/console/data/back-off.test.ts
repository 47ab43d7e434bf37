// Times between two attempts to open a stream.
import fc from "fast-check";
import { expect, it } from "vitest";
import { backOffMs } from "../../../console/src/data/back-off.ts";

it("doubles from half a second to 15 s, and is never above", () => {
  expect([1, 2, 3, 5, 6, 40].map((failures) => backOffMs(failures, 0.999_999))).toEqual([500, 1_000, 2_000, 8_000, 15_000, 15_000]);
});

it("is random in the upper half of its time", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const most = backOffMs(failures, 1);
      expect(backOffMs(failures, random)).toBeGreaterThanOrEqual(Math.floor(most / 2));
      expect(backOffMs(failures, random)).toBeLessThanOrEqual(most);
    }),
  );
});
