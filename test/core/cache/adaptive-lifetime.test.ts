// What never changes may live longer, within bounds; what has changed starts again.
import { expect, it } from "vitest";
import { adaptedLifetimeMs, isSameBody, nextUnchangedCount } from "../../../core/cache/adaptive-lifetime.ts";

const POLICY = { maxFactor: 8, maxMs: 600_000 };

it("doubles with each revalidation that finds no change, up to the factor, and starts again after one", () => {
  let unchanged = 0;
  const lives = [adaptedLifetimeMs(10_000, unchanged, POLICY)];
  for (const isSame of [true, true, true, true, false, true]) {
    unchanged = nextUnchangedCount(unchanged, isSame);
    lives.push(adaptedLifetimeMs(10_000, unchanged, POLICY));
  }
  expect(lives).toEqual([10_000, 20_000, 40_000, 80_000, 80_000, 10_000, 20_000]);
});

it("never exceeds the longest life, and never shortens what the answer says", () => {
  expect(adaptedLifetimeMs(300_000, 3, POLICY)).toBe(600_000);
  expect(adaptedLifetimeMs(900_000, 3, POLICY)).toBe(900_000);
  expect(adaptedLifetimeMs(0, 9, POLICY)).toBe(0);
  expect(adaptedLifetimeMs(10_000, 9, { maxFactor: 1, maxMs: 600_000 })).toBe(10_000);
});

it("stays a number however long nothing changes", () => {
  let unchanged = 0;
  for (let n = 0; n < 5_000; n++) unchanged = nextUnchangedCount(unchanged, true);
  expect(adaptedLifetimeMs(1_000, unchanged, { maxFactor: 1_024, maxMs: 86_400_000 })).toBe(1_024_000);
});

it("tells bodies apart by their bytes", () => {
  const bytes = (...all: number[]) => Uint8Array.from(all);
  expect([isSameBody(bytes(1, 2), bytes(1, 2)), isSameBody(bytes(1, 2), bytes(1, 3)), isSameBody(bytes(), bytes(1))]).toEqual([
    true,
    false,
    false,
  ]);
});
