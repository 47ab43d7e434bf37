// The rules that open a breaker, each at its bound.
import { describe, expect, it } from "vitest";
import { isConsecutive } from "../../../core/breaker/rules/consecutive.ts";
import { isFailing } from "../../../core/breaker/rules/failure-rate.ts";
import { isOutlier } from "../../../core/breaker/rules/outlier.ts";
import { isSlow } from "../../../core/breaker/rules/slow-rate.ts";

it("trips on failures in a row from the given number on", () => {
  expect([4, 5, 6].map((inARow) => isConsecutive(inARow, 5))).toEqual([false, true, true]);
});

it("trips on the share of failures from the given percent on, with enough calls", () => {
  const failing = (calls: number, failures: number, percent = 50, minCalls = 20) =>
    isFailing({ calls, failures, slow: 0 }, percent, minCalls);
  expect([failing(20, 9), failing(20, 10), failing(20, 11)]).toEqual([false, true, true]);
  expect([failing(19, 19), failing(20, 20), failing(21, 10)]).toEqual([false, true, false]);
  expect([failing(1_000, 9, 1), failing(1_000, 10, 1)]).toEqual([false, true]);
});

it("trips on the share of slow calls from the given percent on, with enough calls, and never at 100", () => {
  const slow = (calls: number, count: number, percent = 50, minCalls = 20) =>
    isSlow({ calls, failures: 0, slow: count }, percent, minCalls);
  expect([slow(20, 9), slow(20, 10), slow(20, 11)]).toEqual([false, true, true]);
  expect([slow(19, 19), slow(20, 20)]).toEqual([false, true]);
  expect([slow(20, 20, 100), slow(20, 20, 99)]).toEqual([false, true]);
  expect([slow(1_000, 9, 1), slow(1_000, 10, 1)]).toEqual([false, true]);
});

describe("an outlier", () => {
  const rate = (failures: number, calls = 100) => ({ calls, failures });
  const well = [rate(0), rate(0), rate(0), rate(0)];
  const isOut = (own: ReturnType<typeof rate>, others = well, factor = 1.9, minCalls = 20) =>
    isOutlier(own, [...others, own], factor, minCalls);

  it("answers less often than the mean of its peers by so many standard deviations", () => {
    // Five rates, four of them 1 and one of 1 - f: mean 1 - f/5, deviation 2f/5, distance of the one 4f/5, which is 2 deviations.
    expect(isOut(rate(50), well, 1.99)).toBe(true);
    expect(isOut(rate(50), well, 2.01)).toBe(false);
    const ten = Array.from({ length: 9 }, () => rate(0)); // distance 0.9 f, deviation 0.3 f: 3 deviations
    expect(isOut(rate(50), ten, 2.99)).toBe(true);
    expect(isOut(rate(50), ten, 3.01)).toBe(false);
  });

  it("is never the one that answers more often", () => {
    expect(isOut(rate(0), [rate(50), rate(50), rate(50), rate(50)])).toBe(false);
    expect(isOutlier(rate(0), [rate(50), ...well], 1, 20)).toBe(false);
  });

  it("has to be two points below the mean: peers that hardly differ have a small deviation", () => {
    const calls = 1_000;
    const others = [0, 0, 0, 0].map((failures) => rate(failures, calls));
    expect(isOut(rate(24, calls), others)).toBe(false); // 0.0192 below the mean
    expect(isOut(rate(26, calls), others)).toBe(true); // 0.0208
  });

  it("is judged with five peers or more that have enough calls, itself among them", () => {
    expect(isOut(rate(50), well.slice(1))).toBe(false);
    expect(isOut(rate(50), [...well.slice(1), rate(0, 19)])).toBe(false);
    expect(isOut(rate(50), [...well.slice(1), rate(0, 20)])).toBe(true);
    expect(isOut(rate(19, 19))).toBe(false);
    expect(isOut(rate(20, 20))).toBe(true);
  });

  it("leaves peers with few calls out of the mean", () => {
    const strange = [rate(10, 10), rate(10, 10), rate(10, 10)];
    expect(isOut(rate(50), [...well, ...strange])).toBe(true);
  });

  it("is nobody where the factor is 0", () => expect(isOut(rate(100), well, 0)).toBe(false));
});
