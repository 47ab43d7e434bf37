// When a call is made a second time: how late, how often, and not while the upstream has enough to do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Hedger } from "../../../core/retry/hedge.ts";
import { HedgeGuard } from "../../../core/retry/hedge-guard.ts";
import { LatencyHistogram } from "../../../core/retry/latency-histogram.ts";

const POLICY = { percent: 2, quantile: 0.95, minMs: 5 };

/** Calls of 1 to 100 ms, each as often as any other. */
function trained(pressure = new HedgeGuard(), policy = POLICY, calls = 1_000): Hedger {
  const hedger = new Hedger(policy, pressure);
  for (let call = 0; call < calls; call++) {
    hedger.start();
    hedger.end((call % 100) + 1, undefined);
  }
  return hedger;
}

describe("the times of a method", () => {
  it("know a quantile to a tenth, whatever the times are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 100, maxLength: 1_500 }),
        fc.constantFrom(0.5, 0.9, 0.95, 0.98),
        (times, quantile) => {
          const seen = new LatencyHistogram();
          for (const ms of times) seen.record(ms);
          const sorted = times.toSorted((a, b) => a - b);
          const above = Math.floor((1 - quantile) * times.length + 1e-9);
          const exact = sorted[times.length - 1 - above]!;
          const found = seen.quantileMs(quantile)!;
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found).toBeLessThanOrEqual(exact * 1.11 + 0.2);
        },
      ),
    );
  });

  it("say nothing before a hundred calls, and forget what was", () => {
    const times = new LatencyHistogram();
    for (let call = 0; call < 99; call++) times.record(10);
    expect(times.quantileMs(0.95)).toBeUndefined();
    for (let call = 0; call < 2_000; call++) times.record(10);
    for (let call = 0; call < 20_000; call++) times.record(100);
    expect(times.quantileMs(0.5)).toBeGreaterThan(100);
    expect(times.quantileMs(0.01)).toBeGreaterThan(100);
  });
});

describe("a hedge", () => {
  it("goes out after the quantile, or later where the budget does not pay for so many, and never before minMs", () => {
    expect(trained().start()).toBeGreaterThanOrEqual(98);
    expect(trained().start()).toBeLessThanOrEqual(108);
    const rich = trained(new HedgeGuard(), { ...POLICY, quantile: 0.5, percent: 10 }).start()!;
    expect(rich).toBeGreaterThanOrEqual(90);
    expect(rich).toBeLessThan(trained().start()!);
    expect(trained(new HedgeGuard(), { ...POLICY, minMs: 500 }).start()).toBe(500);
    expect(trained(new HedgeGuard(), POLICY, 50).start()).toBeUndefined();
  });

  it("is made for two calls in a hundred at most, and five saved ones", () => {
    const hedger = trained();
    let hedges = 0;
    for (let call = 0; call < 5_000; call++) {
      hedger.start();
      if (hedger.take(call)) hedges += 1;
    }
    expect(hedges).toBeGreaterThan(100);
    expect(hedges).toBeLessThanOrEqual(105);
  });

  it("is not made while more than a hundredth of the recent calls went wrong, and again when they are forgotten", () => {
    const pressure = new HedgeGuard();
    const hedger = trained(pressure);
    const call = (wentWrong: boolean | undefined) => pressure.end(pressure.begin(0, 1_000), wentWrong);
    for (let n = 0; n < 200; n++) call(n % 150 === 0);
    expect(hedger.take(0)).toBe(true);
    for (let n = 0; n < 3; n++) call(true);
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 500; n++) call(undefined); // given up by their callers: they say nothing
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 500; n++) call(false);
    expect(hedger.take(0)).toBe(true);
  });

  it("is made for two calls in a thousand where it is hardly ever answered first, until that has changed", () => {
    const hedger = trained();
    const hedges = (calls: number, hasWon: boolean): number => {
      let made = 0;
      for (let call = 0; call < calls; call++) {
        hedger.start();
        if (!hedger.take(call)) continue;
        made += 1;
        hedger.end(100, hasWon);
      }
      return made;
    };
    hedges(2_000, false);
    expect(hedges(10_000, false)).toBeLessThanOrEqual(21);
    hedges(10_000, true);
    expect(hedges(10_000, true)).toBeGreaterThanOrEqual(199);
  });

  it("is not made while far more calls than usual are under way; those that never end count until their deadline", () => {
    const pressure = new HedgeGuard();
    const hedger = trained(pressure);
    for (let n = 0; n < 1_000; n++) pressure.end(pressure.begin(n, 10_000), false);
    for (let n = 0; n < 20; n++) pressure.begin(1_000, 2_000);
    expect(hedger.take(1_999)).toBe(false);
    expect(hedger.take(2_000)).toBe(true);
  });
});
