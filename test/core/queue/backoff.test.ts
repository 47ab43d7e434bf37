import fc from "fast-check";
import { expect, it } from "vitest";
import { backoffMs, backoffSeconds } from "../../../core/queue/backoff.ts";

it("doubles with each failure, up to its longest pause", () => {
  const pauses = [1, 2, 3, 4, 5, 6].map((failures) => backoffMs(failures, { firstMs: 1_000, maxMs: 10_000 }, 1));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

it("is at least half of the pause, and never longer than it", () => {
  const backoffs = fc.record({ firstMs: fc.integer({ min: 1, max: 10_000 }), maxMs: fc.integer({ min: 10_000, max: 86_400_000 }) });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), backoffs, random, (failures, backoff, at) => {
      const ms = backoffMs(failures, backoff, at);
      const longest = backoffMs(failures, backoff, 1);
      expect(ms).toBeGreaterThanOrEqual(Math.floor(longest / 2));
      expect(ms).toBeLessThanOrEqual(longest);
      expect(longest).toBeLessThanOrEqual(backoff.maxMs);
      const seconds = backoffSeconds(failures, backoff, at);
      expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400).toBe(true);
    }),
  );
});

it("is rounded up to seconds, and is one at least", () => {
  expect(backoffSeconds(3, { firstMs: 4_000, maxMs: 60_000 }, 0.5)).toBe(12);
  expect(backoffSeconds(1, { firstMs: 1_001, maxMs: 60_000 }, 1)).toBe(2);
  expect(backoffSeconds(1, { firstMs: 10, maxMs: 60_000 }, 0)).toBe(1);
});
