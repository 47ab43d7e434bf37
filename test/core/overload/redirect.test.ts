// When a host redirects a call to another endpoint, and how often an isolate lets that happen.
import { describe, expect, it } from "vitest";
import { Budget } from "../../../core/budget.ts";
import {
  isHot,
  MAX_REDIRECTS,
  MinuteAverage,
  medianOf,
  PROMOTION_BUDGET,
  REDIRECT_BUDGET,
  updateMedian,
} from "../../../core/overload/redirect.ts";

describe("isHot", () => {
  const hot = { inFlight: 4, cores: 4, predictedMs: 200 };
  it.each([
    ["a busy endpoint far above the median", hot, 100, true],
    ["one with a free core", { ...hot, inFlight: 3 }, 100, false],
    ["one with more calls than cores", { ...hot, inFlight: 5 }, 100, true],
    ["any call while the median is not known", hot, 0, false],
    ["one at 1.32 times the median and 3 ms", { ...hot, predictedMs: 135 }, 100, false],
    ["one just above that", { ...hot, predictedMs: 135.01 }, 100, true],
    ["small differences of fast endpoints", { ...hot, predictedMs: 4.3 }, 1, false],
  ] as const)("judges %s", (_, host, medianMs, want) => expect(isHot(host, medianMs)).toBe(want));
});

describe("medianOf", () => {
  it.each([
    [[], 0],
    [[5], 5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 3],
    [[10, 9, 100], 10], // sorted as numbers, not as text
    [[0, 7], 7], // half of them have reported
    [[0, 0, 7], 0], // fewer than half
    [[0, 0], 0],
    [[0, 8, 2, 6], 6],
    [[0, 7, 0, 5], 7],
    [[0, 5, 7, 9, 0], 7],
  ])("of %j is %d", (reported, want) => expect(medianOf(reported)).toBe(want));

  it("does not change the list", () => {
    const reported = [3, 1, 2];
    medianOf(reported);
    expect(reported).toEqual([3, 1, 2]);
  });
});

describe("updateMedian", () => {
  it("takes the first report entirely, each later one by 2 %, and ignores callers that know no median", () => {
    expect(updateMedian(0, 40)).toBe(40);
    expect(updateMedian(100, 200)).toBe(102);
    expect(updateMedian(100, 50)).toBe(99);
    expect(updateMedian(100, 0)).toBe(100);
    expect(updateMedian(100, -1)).toBe(100);
    expect(updateMedian(0, 0)).toBe(0);
  });
});

describe("MinuteAverage", () => {
  it("is the mean of a minute, weighted by time", () => {
    const average = new MinuteAverage();
    expect(average.ms).toBe(0);
    average.add(0, 500);
    expect(average.ms).toBe(0);
    average.add(10, 1_000);
    expect(average.ms).toBe(10);
    average.add(20, 31_000);
    expect(average.ms).toBeCloseTo(10 + (1 - Math.exp(-0.5)) * 10, 9);
    const before = average.ms;
    average.add(-5, 40_000);
    expect(average.ms).toBe(before);
    average.add(99, 20_000); // the clock has stepped back
    expect(average.ms).toBe(before);
    average.add(before, 20_000 + 60_000);
    expect(average.ms).toBeCloseTo(before, 9);
  });
});

describe("the redirect budget", () => {
  it("lets one call of six be redirected in the long run, each twice at most", () => {
    const budget = new Budget(REDIRECT_BUDGET);
    let redirects = 0;
    for (let call = 0; call < 6_000; call++) {
      budget.earn();
      if (budget.take(0)) redirects += 1;
    }
    expect(redirects).toBeGreaterThan(1_000);
    expect(redirects).toBeLessThan(1_030);
    expect(MAX_REDIRECTS).toBe(2);
  });
});

it("promotes a hundred refused critical calls at first, and one of six in the long run", () => {
  const budget = new Budget(PROMOTION_BUDGET);
  let promotions = 0;
  while (budget.take(0)) promotions += 1;
  expect(promotions).toBe(100);
  for (let call = 0; call < 6_000; call++) {
    budget.earn();
    if (budget.take(0)) promotions += 1;
  }
  expect(promotions).toBeGreaterThan(1_100);
  expect(promotions).toBeLessThan(1_130);
  for (let call = 0; call < 6_000; call++) budget.earn();
  expect([budget.isSpent(0), Array.from({ length: 101 }, () => budget.take(0)).filter(Boolean).length]).toEqual([false, 100]);
});
