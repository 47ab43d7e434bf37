// Attempts that are counted by who makes them.
import { expect, it } from "vitest";
import { Attempts } from "../../../../workers/gateway/auth/attempts.ts";

const NOW = 1_796_000_000_000;

it("lets ten pass, then one in six seconds, each network by itself", () => {
  const attempts = new Attempts();
  const waits = Array.from({ length: 12 }, () => attempts.count("192.0.2.1", NOW));
  expect(waits).toEqual([...Array<number>(10).fill(0), 6_000, 6_000]);
  expect(attempts.count("192.0.2.2", NOW)).toBe(0);
  expect([attempts.count("192.0.2.1", NOW + 5_999), attempts.count("192.0.2.1", NOW + 6_000)]).toEqual([1, 0]);
});

it("counts by another limit where one is given", () => {
  const attempts = new Attempts({ capacity: 2, rate: 1, intervalMs: 1_000 });
  expect([0, 0, 0, 1_000].map((ms) => attempts.count("key:1", NOW + ms))).toEqual([0, 0, 1_000, 0]);
});
