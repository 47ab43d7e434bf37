// Which limits are lent over regions, and over how many objects of a region.
import { describe, expect, it } from "vitest";
import { FIRST_LENDERS, isLentOverRegions, LenderCount, redirection } from "../../../../core/rate-limit/region/over-regions.ts";

const NOW = 1_000_000;

it.each([
  [{ capacity: 50, rate: 160, intervalMs: 1_000 }, true],
  [{ capacity: 50, rate: 159, intervalMs: 1_000 }, false],
  [{ capacity: 49, rate: 160, intervalMs: 1_000 }, false],
  [{ capacity: 10_000, rate: 9_600, intervalMs: 60_000 }, true],
  [{ capacity: 10_000, rate: 9_599, intervalMs: 60_000 }, false],
])("%o: %s", (limit, isLent) => {
  expect(isLentOverRegions(limit)).toBe(isLent);
});

describe("the number of lenders", () => {
  /** Isolates that come at the same rate, each to one of `chosen` objects; this is one of them. */
  function counted(isolates: number, chosen: number, overMs: number): number {
    const count = new LenderCount(NOW);
    const own = Math.ceil(isolates / Math.max(1, chosen === 0 ? FIRST_LENDERS : chosen));
    let lenders = 1;
    for (let n = 0; n < own; n++) lenders = count.receive(`${n}`, chosen, NOW + (n * overMs) / own);
    return lenders;
  }

  it("is one for a few isolates, and grows so that each has at most 200 lessees", () => {
    expect(counted(1, 0, 1)).toBe(1);
    expect([counted(200, 1, 10_000), counted(201, 1, 10_000)]).toEqual([1, 2]);
    expect([counted(1_600, 8, 10_000), counted(4_000, 8, 10_000)]).toEqual([8, 32]);
  });

  it("follows the arrivals where thousands of isolates start at once", () => {
    expect(counted(4_000, 0, 1_000)).toBeGreaterThanOrEqual(16);
  });

  it("takes over what an isolate has been sent by another lender", () => {
    const count = new LenderCount(NOW);
    expect(count.receive("a", 16, NOW)).toBe(16);
    expect(count.receive("b", 0, NOW + 1)).toBe(16);
  });
});

it("redirects without granting anything, or pausing", () => {
  const { sequence, lenders, isRedirection, ...rest } = redirection(7, 4);
  expect({ sequence, lenders, isRedirection }).toEqual({ sequence: 7, lenders: 4, isRedirection: true });
  expect(Object.values(rest).every((value) => value === 0)).toBe(true);
});
