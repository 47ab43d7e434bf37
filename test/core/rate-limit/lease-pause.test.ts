// How long isolates pause: after a refusal, after a grant, and while they owe tokens.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import { pauseAfterGrantMs, pauseAfterMs, pauseAfterRefusalMs } from "../../../core/rate-limit/lease-pause.ts";
import type { BucketDemand } from "../../../core/rate-limit/lease-sizing.ts";

const LIMIT = { capacity: 10_000, rate: 1_000, intervalMs: 1_000 }; // 1 token per ms
const REQUEST: LeaseRequest = {
  ...{ isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 0 },
  ...{ demandPerMs: 0.1, peakDemandPerMs: 0.1, isDemandSteady: true },
};
const request = (more: Partial<LeaseRequest>): LeaseRequest => ({ ...REQUEST, ...more });
const TRAFFIC: BucketDemand = {
  ...{ ratePerMs: 1, pacingRatePerMs: 1, isolates: 10, totalDemandPerMs: 0.5, isBusy: false, maxSharePerMs: Number.POSITIVE_INFINITY },
  ...{ isSaturated: false, isSmall: false, periodFactor: 1, periodMs: 1_000, lifetimeMs: 1_600 },
};
const traffic = (more: Partial<BucketDemand>): BucketDemand => ({ ...TRAFFIC, ...more });

describe("pauseAfterRefusalMs", () => {
  it("spreads those of a small limit over a round, by chance", () => {
    const small = traffic({ isSmall: true, ratePerMs: 0.01, pacingRatePerMs: 0.01, isolates: 5, totalDemandPerMs: 0.01 });
    expect(pauseAfterRefusalMs(small, REQUEST, 0)).toBeCloseTo(200, 9); // half of 5 / 0.0125
    expect(pauseAfterRefusalMs(small, REQUEST, 0.5)).toBeCloseTo(400, 9);
  });

  it("is half a burst for a young demand, a period for one that wants more than its level, else half a period", () => {
    expect(pauseAfterRefusalMs(traffic({}), request({ isDemandSteady: false }), 0.9)).toBe(95);
    expect(pauseAfterRefusalMs(traffic({ periodMs: 4_000 }), request({ isDemandSteady: false }), 0.9)).toBe(300);
    expect(pauseAfterRefusalMs(traffic({ isSaturated: true }), REQUEST, 0.9)).toBe(1_000);
    expect(pauseAfterRefusalMs(traffic({}), REQUEST, 0.9)).toBe(500);
  });
});

describe("pauseAfterGrantMs", () => {
  const got = { chunk: 100, held: 100, poolTokens: 5_000 };
  const rest = (more: Partial<BucketDemand>, its: Partial<LeaseRequest> = {}, has: Partial<typeof got> = {}) =>
    pauseAfterGrantMs(traffic(more), LIMIT, request(its), { ...got, ...has }, 0);

  it("of a small limit is nothing, unless far more is wanted than there is and the pool is nearly empty", () => {
    const small = { isSmall: true, totalDemandPerMs: 2.1 };
    expect(rest(small, {}, { poolTokens: 1_000 })).toBe(0);
    expect(rest(small, {}, { poolTokens: 999 })).toBe(pauseAfterRefusalMs(traffic(small), REQUEST, 0));
    expect(rest({ isSmall: true, totalDemandPerMs: 2 }, {}, { poolTokens: 0 })).toBe(0);
  });

  it("is a period for those that want more than their level, while the pool has 5 % or less", () => {
    expect(rest({ isSaturated: true }, {}, { poolTokens: 500 })).toBe(1_000);
    expect(rest({ isSaturated: true }, {}, { poolTokens: 501 })).toBe(0);
    expect(rest({ isSaturated: true }, { isDemandSteady: false }, { poolTokens: 0 })).toBe(0);
  });

  it("is nothing for those that got half of what they wanted", () => {
    const poolTokens = 500;
    expect(rest({}, {}, { held: 50, poolTokens })).toBe(0);
    expect(rest({ isBusy: true }, {}, { held: 50, poolTokens })).toBe(0);
    expect(rest({ isBusy: true }, {}, { held: 49, poolTokens })).toBe(500);
    expect(rest({}, {}, { held: 49, poolTokens })).toBe(0);
    expect(rest({}, { isDemandSteady: false }, { held: 49, poolTokens })).toBe(6);
    expect(rest({ isolates: 100 }, { isDemandSteady: false }, { held: 49, poolTokens })).toBe(15);
  });

  it("is nothing while the pool has more than 5 %: a paused isolate refuses calls", () => {
    for (const isBusy of [false, true])
      for (const isDemandSteady of [false, true])
        for (const isSaturated of [false, true])
          for (const [chunk, held] of [
            [100, 49],
            [0.4, 0],
            [2, 0],
          ] as const)
            expect(rest({ isBusy, isSaturated }, { isDemandSteady }, { chunk, held, poolTokens: 501 })).toBe(0);
  });
});

describe("pauseAfterMs", () => {
  const small = traffic({ isSmall: true, ratePerMs: 0.01, pacingRatePerMs: 0.01, isolates: 5, totalDemandPerMs: 0.01 });
  const pauseOf = (its: Partial<LeaseRequest>, retryAfterMs: number, isRefused: boolean, random = 0.5) =>
    pauseAfterMs(small, LIMIT, request(its), isRefused ? undefined : { chunk: 1, held: 1, poolTokens: 0 }, retryAfterMs, random);

  it("lasts until the pool has the tokens needed, or longer", () => {
    expect(pauseOf({ tokensNeeded: 1 }, 900, true)).toBe(900);
    expect(pauseOf({ tokensNeeded: 1 }, 100, true)).toBe(400);
    expect(pauseOf({ tokensNeeded: 1 }, 100, false)).toBe(0);
  });

  it("spreads isolates whose calls pass before they are paid over the time in which the pool has a token for each", () => {
    expect(pauseOf({}, 100, false)).toBe(100 + 4 / 0.01);
    expect(pauseOf({}, 100, false, 0)).toBe(100 + 2 / 0.01);
    expect(pauseOf({}, 0, false)).toBe(0);
  });
});
