// The rule that compares an endpoint with its peers, at each of its bounds.
import { describe, expect, it } from "vitest";
import type { CallRate } from "../../../../core/breaker/evidence.ts";
import { outlier } from "../../../../core/breaker/rules/outlier.ts";
import { BREAKER } from "../../../../core/config/breaker.ts";

const rate = (failures: number, calls = 100): CallRate => ({ calls, failures });
const HEALTHY = [rate(0), rate(0), rate(0), rate(0)];
const isTripped = (own: CallRate, others: readonly CallRate[] = HEALTHY, outlierFactor = 1.9): boolean =>
  outlier.isTripped(own, [...others, own], { ...BREAKER, outlierFactor, minCalls: 20 });

describe("outlier", () => {
  it("trips if the success rate is the factor times the standard deviation below the mean", () => {
    // Five rates, four of them 1 and one of 1 - f: mean 1 - f/5, deviation 2f/5, distance of the one 4f/5, which is 2 deviations.
    expect(isTripped(rate(50), HEALTHY, 1.99)).toBe(true);
    expect(isTripped(rate(50), HEALTHY, 2.01)).toBe(false);
    const nine = Array.from({ length: 9 }, () => rate(0)); // distance 0.9 f, deviation 0.3 f: 3 deviations
    expect(isTripped(rate(50), nine, 2.99)).toBe(true);
    expect(isTripped(rate(50), nine, 3.01)).toBe(false);
  });

  it("does not trip at exactly the factor, as with the half of all endpoints that fails alike", () => {
    const [half, whole] = [rate(50), rate(0)]; // mean 0.75, deviation 0.25: each of both halves is 1 deviation away from the mean
    const others = [half, half, half, whole, whole, whole, whole];
    expect(isTripped(half, others, 1)).toBe(false);
    expect(isTripped(half, others, 0.99)).toBe(true);
  });

  it("does not trip on an endpoint that is better than its peers", () => {
    expect(isTripped(rate(0), [rate(50), rate(50), rate(50), rate(50)])).toBe(false);
    expect(isTripped(rate(0), [rate(50), ...HEALTHY], 1)).toBe(false);
  });

  it("needs a distance of 2 % from the mean: peers that hardly differ have a small deviation", () => {
    const calls = 1_000;
    const others = [0, 0, 0, 0].map((failures) => rate(failures, calls));
    expect(isTripped(rate(24, calls), others)).toBe(false); // 0.0192 below the mean
    expect(isTripped(rate(26, calls), others)).toBe(true); // 0.0208
  });

  it("needs five peers with enough calls, itself among them", () => {
    expect(isTripped(rate(50), HEALTHY.slice(1))).toBe(false);
    expect(isTripped(rate(50), [...HEALTHY.slice(1), rate(0, 19)])).toBe(false);
    expect(isTripped(rate(50), [...HEALTHY.slice(1), rate(0, 20)])).toBe(true);
    expect(isTripped(rate(19, 19))).toBe(false);
    expect(isTripped(rate(19, 19), [...HEALTHY, rate(0)])).toBe(false); // enough peers, and too few calls of its own
    expect(isTripped(rate(20, 20))).toBe(true);
  });

  it("leaves peers with few calls out of the mean", () => {
    const fewCalls = [rate(10, 10), rate(10, 10), rate(10, 10)];
    expect(isTripped(rate(50), [...HEALTHY, ...fewCalls])).toBe(true);
  });

  it("is off with the factor 0", () => {
    expect([0, 1, 1.9].map((outlierFactor) => outlier.isOn({ ...BREAKER, outlierFactor }))).toEqual([false, true, true]);
  });
});
