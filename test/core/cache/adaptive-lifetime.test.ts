// Adaptive lifetimes: longer for responses that do not change, within bounds.
import { expect, it } from "vitest";
import { adaptedLifetimeMs, isSameBody, nextUnchangedCount } from "../../../core/cache/adaptive-lifetime.ts";

const POLICY = { maxFactor: 8, maxMs: 600_000 };

it("doubles with each revalidation that finds no change, up to the factor, and starts again after one", () => {
  let unchanged = 0;
  const lifetimes = [adaptedLifetimeMs(10_000, unchanged, POLICY)];
  for (const isSame of [true, true, true, true, false, true]) {
    unchanged = nextUnchangedCount(unchanged, isSame);
    lifetimes.push(adaptedLifetimeMs(10_000, unchanged, POLICY));
  }
  expect(lifetimes).toEqual([10_000, 20_000, 40_000, 80_000, 80_000, 10_000, 20_000]);
});

it("never exceeds the maximum, and never shortens the own lifetime of the response", () => {
  expect(adaptedLifetimeMs(300_000, 3, POLICY)).toBe(600_000);
  expect(adaptedLifetimeMs(900_000, 3, POLICY)).toBe(900_000);
  expect(adaptedLifetimeMs(0, 9, POLICY)).toBe(0);
  expect(adaptedLifetimeMs(10_000, 9, { maxFactor: 1, maxMs: 600_000 })).toBe(10_000);
});

it("stays finite however long nothing changes", () => {
  let unchanged = 0;
  for (let n = 0; n < 5_000; n++) unchanged = nextUnchangedCount(unchanged, true);
  expect(adaptedLifetimeMs(1_000, unchanged, { maxFactor: 1_024, maxMs: 86_400_000 })).toBe(1_024_000);
});

it("compares bodies byte for byte", () => {
  const bytes = (...all: number[]) => Uint8Array.from(all);
  expect([isSameBody(bytes(1, 2), bytes(1, 2)), isSameBody(bytes(1, 2), bytes(1, 3)), isSameBody(bytes(), bytes(1))]).toEqual([
    true,
    false,
    false,
  ]);
});
