// Shares of calls by a key.
import { expect, it } from "vitest";
import { isInShare } from "../../../core/mesh/share.ts";

const keys = Array.from({ length: 10_000 }, (_, index) => `caller-${index}`);

it("are the same for the same key, and as large as they are to be", () => {
  const within = keys.filter((key) => isInShare("canary", key, 5)).length;
  expect(within).toBe(keys.filter((key) => isInShare("canary", key, 5)).length);
  expect(within).toBeGreaterThan(400); // standard deviation 22
  expect(within).toBeLessThan(600);
});

it("grow without exchanging keys", () => {
  for (const key of keys.slice(0, 1_000)) if (isInShare("canary", key, 5)) expect(isInShare("canary", key, 20)).toBe(true);
});

it("are nobody at 0 and everybody at 100", () =>
  expect([0, 100].map((percent) => keys.filter((key) => isInShare("a", key, percent)).length)).toEqual([0, 10_000]));
