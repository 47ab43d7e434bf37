// When a slow call gets a second attempt: how late, how often, and not while the upstream is busy.
import { describe, expect, it } from "vitest";
import { Hedger } from "../../../core/retry/hedge.ts";
import { HedgeGuard } from "../../../core/retry/hedge-guard.ts";

const POLICY = { percent: 2, quantile: 0.95, minMs: 5 };

/** A hedger that has seen calls of 1 to 100 ms, each equally often. */
function trained(guard = new HedgeGuard(), policy = POLICY, calls = 1_000): Hedger {
  const hedger = new Hedger(policy, guard);
  for (let call = 0; call < calls; call++) {
    hedger.start();
    hedger.end((call % 100) + 1, undefined);
  }
  return hedger;
}

describe("a hedge", () => {
  it("comes after the quantile, or later where the budget pays for fewer, and never before minMs", () => {
    expect(trained().start()).toBeGreaterThanOrEqual(98);
    expect(trained().start()).toBeLessThanOrEqual(108);
    const rich = trained(new HedgeGuard(), { ...POLICY, quantile: 0.5, percent: 10 }).start()!;
    expect(rich).toBeGreaterThanOrEqual(90);
    expect(rich).toBeLessThan(trained().start()!);
    expect(trained(new HedgeGuard(), { ...POLICY, minMs: 500 }).start()).toBe(500);
    expect(trained(new HedgeGuard(), POLICY, 50).start()).toBeUndefined();
  });

  it("is made for at most two calls in a hundred, and five saved ones", () => {
    const hedger = trained();
    let hedges = 0;
    for (let call = 0; call < 5_000; call++) {
      hedger.start();
      if (hedger.take(call)) hedges += 1;
    }
    expect(hedges).toBeGreaterThan(100);
    expect(hedges).toBeLessThanOrEqual(105);
  });

  it("is not made while more than a hundredth of the recent calls failed, and again when they are forgotten", () => {
    const guard = new HedgeGuard();
    const hedger = trained(guard);
    const call = (hasFailed: boolean | undefined) => guard.end(guard.begin(0, 1_000), hasFailed);
    for (let n = 0; n < 200; n++) call(n % 150 === 0);
    expect(hedger.take(0)).toBe(true);
    for (let n = 0; n < 3; n++) call(true);
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 500; n++) call(undefined); // given up by their callers
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 500; n++) call(false);
    expect(hedger.take(0)).toBe(true);
  });

  it("is made for two calls in a thousand while it rarely responds first", () => {
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

  it("is not made while far more calls than usual are in flight", () => {
    const guard = new HedgeGuard();
    const hedger = trained(guard);
    for (let n = 0; n < 1_000; n++) guard.end(guard.begin(n, 10_000), false);
    for (let n = 0; n < 20; n++) guard.begin(1_000, 2_000);
    expect(hedger.take(1_999)).toBe(false);
    expect(hedger.take(2_000)).toBe(true);
  });
});

describe("the budget of hedges", () => {
  it("pays for whole hedges, and saves five at most", () => {
    const hedger = new Hedger({ percent: 50, quantile: 0.5, minMs: 1 }, new HedgeGuard());
    hedger.start();
    expect(hedger.take(0)).toBe(false);
    hedger.start();
    expect(hedger.take(0)).toBe(true);
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 100; n++) hedger.start();
    expect(Array.from({ length: 6 }, () => hedger.take(0))).toEqual([true, true, true, true, true, false]);
  });

  it("earns a tenth of the share while fewer than a fifth of the recent hedges win", () => {
    const hedger = new Hedger({ percent: 10, quantile: 0.5, minMs: 1 }, new HedgeGuard());
    for (let n = 0; n < 30; n++) hedger.end(1, false);
    for (let n = 0; n < 99; n++) hedger.start();
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 2; n++) hedger.start();
    expect(hedger.take(0)).toBe(true);
    for (let n = 0; n < 30; n++) hedger.end(1, true);
    for (let n = 0; n < 11; n++) hedger.start();
    expect(hedger.take(0)).toBe(true);
  });
});
