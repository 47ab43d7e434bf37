// When an endpoint refuses a call that another one can take, and how often an isolate lets that happen.
import { describe, expect, it } from "vitest";
import { Budget } from "../../../core/budget.ts";
import { isHot, MAX_REDIRECTS, MinuteAverage, medianOf, REDIRECT_BUDGET, updateMedian } from "../../../core/overload/redirect.ts";

describe("isHot", () => {
  const hot = { inFlight: 4, cores: 4, predictedMs: 200 };
  it.each([
    ["a busy endpoint far above the median", hot, 100, true],
    ["one with a core to spare", { ...hot, inFlight: 3 }, 100, false],
    ["one with more calls than cores", { ...hot, inFlight: 5 }, 100, true],
    ["any call while the median is not known", hot, 0, false],
    ["one at 1.32 times the median and 3 ms", { ...hot, predictedMs: 135 }, 100, false],
    ["one just above that", { ...hot, predictedMs: 135.01 }, 100, true],
    ["small differences of fast endpoints", { ...hot, predictedMs: 4.3 }, 1, false],
  ] as const)("judges %s", (_, heat, medianMs, want) => expect(isHot(heat, medianMs)).toBe(want));
});

describe("medianOf", () => {
  it.each([
    [[], 0],
    [[5], 5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 3],
    [[10, 9, 100], 10], // by number, not by text
    [[0, 7], 7], // half of them say something
    [[0, 0, 7], 0], // fewer than half
    [[0, 0], 0],
    [[0, 8, 2, 6], 6],
    [[0, 7, 0, 5], 7],
    [[0, 5, 7, 9, 0], 7],
  ])("of %j is %d", (reported, want) => expect(medianOf(reported)).toBe(want));

  it("leaves the list of its caller alone", () => {
    const reported = [3, 1, 2];
    medianOf(reported);
    expect(reported).toEqual([3, 1, 2]);
  });
});

describe("hear", () => {
  it("believes the first caller whole, then each of them a little, and those that know nothing not at all", () => {
    expect(updateMedian(0, 40)).toBe(40);
    expect(updateMedian(100, 200)).toBe(102);
    expect(updateMedian(100, 50)).toBe(99);
    expect(updateMedian(100, 0)).toBe(100);
    expect(updateMedian(100, -1)).toBe(100);
    expect(updateMedian(0, 0)).toBe(0);
  });
});

describe("Usual", () => {
  it("is the mean of a minute, weighted by time", () => {
    const usual = new MinuteAverage();
    expect(usual.ms).toBe(0);
    usual.add(0, 500);
    expect(usual.ms).toBe(0);
    usual.add(10, 1_000);
    expect(usual.ms).toBe(10);
    usual.add(20, 31_000);
    expect(usual.ms).toBeCloseTo(10 + (1 - Math.exp(-0.5)) * 10, 9);
    const before = usual.ms;
    usual.add(-5, 40_000);
    expect(usual.ms).toBe(before);
    usual.add(99, 20_000); // a clock that steps back counts no time
    expect(usual.ms).toBe(before);
    usual.add(before, 20_000 + 60_000);
    expect(usual.ms).toBeCloseTo(before, 9);
  });
});

describe("the redirect budget", () => {
  it("lets one call of six be sent on in the long run, twice at most each", () => {
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
