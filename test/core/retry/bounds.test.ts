// Retries and hedges at the bounds of their rules: pauses, budgets, quantiles, and when an upstream has enough to do.
import { describe, expect, it } from "vitest";
import type { Budget } from "../../../core/budget.ts";
import { RETRIES } from "../../../core/config/retry.ts";
import { Hedger } from "../../../core/retry/hedge.ts";
import { HedgeGuard } from "../../../core/retry/hedge-guard.ts";
import { LatencyHistogram } from "../../../core/retry/latency-histogram.ts";
import { type AttemptFailure, type AttemptState, decideRetry, retryBudget } from "../../../core/retry/retry.ts";

const FAILURE: AttemptFailure = { code: "unavailable", wasSent: true, pushbackMs: undefined };
const FIRST: AttemptState = { number: 1, isIdempotent: true, remainingMs: 1e9 };
const policy = { ...RETRIES, max: 10 };
const next = (
  failure: Partial<AttemptFailure>,
  at: Partial<AttemptState>,
  roll: number,
  budget = retryBudget({ percent: 100, minPerSecond: 1_000 }),
) => decideRetry(policy, { ...FAILURE, ...failure }, { ...FIRST, ...at }, budget, 0, roll);
const pause = (number: number, roll: number, failure: Partial<AttemptFailure> = {}) => {
  const decided = next(failure, { number }, roll);
  return decided.kind === "retry" ? decided.afterMs : decided.reason;
};

describe("the pause before a retry", () => {
  it("is bounded by a base that doubles with each attempt, up to 10 s", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => pause(number, 0.999_999))).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000,
    ]);
  });

  it("is spread over all of that by chance, from nothing on", () => {
    for (const number of [1, 4]) {
      const most = 100 * 2 ** (number - 1);
      expect([0, 0.25, 0.5, 0.75].map((roll) => pause(number, roll))).toEqual([0, most / 4, most / 2, (most * 3) / 4]);
    }
    expect(pause(1, 0.001)).toBe(1); // whole ms, rounded up
  });

  it("is what the upstream asks for, where that is longer; 0 is no refusal", () => {
    expect(pause(1, 0.5, { pushbackMs: 51 })).toBe(51);
    expect(pause(1, 0.5, { pushbackMs: 49 })).toBe(50);
    expect(pause(1, 0.5, { pushbackMs: 0 })).toBe(50);
    expect(pause(1, 0.5, { pushbackMs: -1 })).toBe("pushback");
    expect(pause(1, 0.5, { pushbackMs: -0.5 })).toBe("pushback");
  });
});

describe("a retry", () => {
  it("is made where more than 1 ms is left after its pause", () => {
    expect(next({}, { remainingMs: 51 }, 0.5)).toEqual({ kind: "stop", reason: "deadline" });
    expect(next({}, { remainingMs: 52 }, 0.5)).toEqual({ kind: "retry", afterMs: 50 });
  });

  it("is made as often as the policy says", () => {
    expect(next({}, { number: 10 }, 0).kind).toBe("retry");
    expect(next({}, { number: 11 }, 0)).toEqual({ kind: "stop", reason: "max" });
  });

  it("is paid by the budget, and by nothing that is not retried", () => {
    const budget = retryBudget({ percent: 0, minPerSecond: 1 }); // three at first
    for (const [failure, at] of [
      [{ code: "not_found" }, {}],
      [{}, { isIdempotent: false }],
      [{}, { number: 11 }],
      [{ pushbackMs: -1 }, {}],
      [{}, { remainingMs: 1 }],
    ] as const)
      for (let n = 0; n < 5; n++) expect(next(failure, at, 0, budget).kind).toBe("stop");
    for (let n = 0; n < 3; n++) expect(next({}, {}, 0, budget).kind).toBe("retry");
    expect(next({}, {}, 0, budget)).toEqual({ kind: "stop", reason: "budget" });
  });
});

describe("a budget", () => {
  const taken = (budget: Budget, now: number): number => {
    let count = 0;
    while (count < 100_000 && budget.take(now)) count += 1;
    return count;
  };

  it("starts with three seconds of its least rate", () => {
    expect(taken(retryBudget({ percent: 10, minPerSecond: 4 }), 1_000)).toBe(12);
    expect(taken(retryBudget({ percent: 10, minPerSecond: 0 }), 1_000)).toBe(0);
  });

  it("earns a share of each call, and its least rate with time, up to ten seconds of it", () => {
    const budget = retryBudget({ percent: 25, minPerSecond: 2 });
    taken(budget, 1_000);
    for (let call = 0; call < 8; call++) budget.earn();
    expect(taken(budget, 1_000)).toBe(2);
    expect(taken(budget, 2_500)).toBe(3);
    expect(taken(budget, 2_999)).toBe(0);
    expect(taken(budget, 3_000)).toBe(1);
    expect(taken(budget, 60_000)).toBe(25); // a hundred calls leave more than ten seconds do
    expect(taken(budget, 60_000)).toBe(0);
    for (let call = 0; call < 9_000; call++) budget.earn();
    expect(taken(budget, 60_000)).toBe(25);
  });
});

describe("the times of a method", () => {
  const bound = (ms: number): [number, number] => [ms, ms * 1.11];
  const expectNear = (found: number | undefined, ms: number): void => {
    const [least, most] = bound(ms);
    expect(found).toBeGreaterThanOrEqual(least);
    expect(found).toBeLessThanOrEqual(most);
  };

  it("say something from the hundredth call on", () => {
    const times = new LatencyHistogram();
    for (let call = 0; call < 99; call++) times.record(10);
    expect(times.quantileMs(0.5)).toBeUndefined();
    times.record(10);
    expectNear(times.quantileMs(0.5), 10);
  });

  it("are read anew after 20 calls, and at once for another quantile", () => {
    const times = new LatencyHistogram();
    for (let call = 0; call < 100; call++) times.record(10);
    expectNear(times.quantileMs(0.5), 10);
    for (let call = 0; call < 19; call++) times.record(1_000);
    expectNear(times.quantileMs(0.95), 1_000);
    expectNear(times.quantileMs(0.5), 10);
    const same = new LatencyHistogram();
    for (let call = 0; call < 100; call++) same.record(10);
    expectNear(same.quantileMs(0.95), 10);
    for (let call = 0; call < 19; call++) same.record(1_000);
    expectNear(same.quantileMs(0.95), 10); // not read anew yet
    same.record(1_000);
    expectNear(same.quantileMs(0.95), 1_000);
    expectNear(same.quantileMs(0.95), 1_000);
  });

  it("of less than a millisecond, or of more than an hour, are in the first and the last bucket", () => {
    const at = (ms: number, quantile = 0.5): number | undefined => {
      const times = new LatencyHistogram();
      for (let call = 0; call < 100; call++) times.record(ms);
      return times.quantileMs(quantile);
    };
    for (const ms of [0, 0.5, 1]) expect(at(ms)).toBeLessThan(1.2);
    expect(at(1e9)).toBe(at(4_000_000));
    expect(at(1e9)).toBeGreaterThan(3_600_000);
    expect(at(1e9)).toBeLessThan(4_000_000);
  });

  it("halve what was, every two thousand calls", () => {
    const times = new LatencyHistogram();
    for (let call = 0; call < 1_999; call++) times.record(10);
    times.record(10); // 1000 are left
    for (let call = 0; call < 990; call++) times.record(1_000);
    expectNear(times.quantileMs(0.5), 10);
    for (let call = 0; call < 20; call++) times.record(1_000);
    expectNear(times.quantileMs(0.5), 1_000);
  });
});

describe("pressure", () => {
  const calls = (pressure: HedgeGuard, count: number, wentWrong: boolean | undefined): void => {
    for (let n = 0; n < count; n++) pressure.end(pressure.begin(0, 1e9), wentWrong);
  };

  it("is high while more than a hundredth of the recent calls went wrong", () => {
    const pressure = new HedgeGuard();
    calls(pressure, 1_000, false);
    calls(pressure, 1, true);
    expect(pressure.isBusy(0)).toBe(false);
    calls(pressure, 2, true);
    expect(pressure.isBusy(0)).toBe(true); // 3 of 200
    calls(pressure, 60, undefined);
    expect(pressure.isBusy(0)).toBe(true);
    calls(pressure, 100, false);
    expect(pressure.isBusy(0)).toBe(false);
  });

  it("is high while more than twice the usual calls and four more are under way", () => {
    const pressure = new HedgeGuard();
    const permits = Array.from({ length: 10 }, () => pressure.begin(0, 1e9));
    for (let n = 0; n < 4_000; n++) {
      pressure.end(permits.shift()!, false);
      permits.push(pressure.begin(0, 1e9));
    }
    expect(pressure.isBusy(0)).toBe(false); // usually 10
    for (let n = 0; n < 12; n++) permits.push(pressure.begin(0, 1e9)); // 22; usually a little more than 10 by now
    expect(pressure.isBusy(0)).toBe(false);
    for (let n = 0; n < 6; n++) permits.push(pressure.begin(0, 1e9));
    expect(pressure.isBusy(0)).toBe(true);
    for (const permit of permits.splice(10)) pressure.end(permit, undefined);
    expect(pressure.isBusy(0)).toBe(false);
  });

  it("lets four calls be under way of an upstream without traffic", () => {
    const pressure = new HedgeGuard();
    for (let n = 0; n < 4; n++) pressure.begin(0, 1_000);
    expect(pressure.isBusy(0)).toBe(false);
    pressure.begin(0, 1_000);
    expect(pressure.isBusy(0)).toBe(true);
    expect(pressure.isBusy(1_000)).toBe(false);
  });
});

describe("the credit of hedges", () => {
  it("is a whole one before one is made, and five at most", () => {
    const hedger = new Hedger({ percent: 50, quantile: 0.5, minMs: 1 }, new HedgeGuard());
    hedger.start();
    expect(hedger.take(0)).toBe(false);
    hedger.start();
    expect(hedger.take(0)).toBe(true);
    expect(hedger.take(0)).toBe(false);
    for (let n = 0; n < 100; n++) hedger.start();
    expect(Array.from({ length: 6 }, () => hedger.take(0))).toEqual([true, true, true, true, true, false]);
  });

  it("is a tenth of the share while fewer than a fifth of the recent ones won", () => {
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
