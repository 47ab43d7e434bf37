// How much an isolate is lent, and when it comes back: each decision at its bounds.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import {
  type BucketDemand,
  bucketDemand,
  chunkSize,
  leasedCapacity,
  leasedRate,
  maxMinShare,
} from "../../../core/rate-limit/lease-sizing.ts";

const LIMIT = { capacity: 10_000, rate: 1_000, intervalMs: 1_000 }; // 1 token per ms
const REQUEST: LeaseRequest = {
  isolate: "a",
  sequence: 1,
  appliedSequence: 0,
  tokensHeld: 0,
  tokensNeeded: 0,
  demandPerMs: 0.1,
  peakDemandPerMs: 0.1,
  isDemandSteady: true,
};
const request = (more: Partial<LeaseRequest>): LeaseRequest => ({ ...REQUEST, ...more });
const TRAFFIC: BucketDemand = {
  ...{ ratePerMs: 1, pacingRatePerMs: 1, isolates: 10, totalDemandPerMs: 0.5, isBusy: false, maxSharePerMs: Number.POSITIVE_INFINITY },
  ...{ isSaturated: false, isSmall: false, periodFactor: 1, periodMs: 1_000, lifetimeMs: 1_600 },
};
const traffic = (more: Partial<BucketDemand>): BucketDemand => ({ ...TRAFFIC, ...more });

describe("trafficOf", () => {
  const of = (others: readonly number[], more: Partial<LeaseRequest> = {}, pace = 1, lapsed = 0, limit = LIMIT) =>
    bucketDemand(limit, others, request(more), { tokens: 0, periodFactor: pace, updatedAt: 0 }, lapsed);

  it("adds up the demand of all isolates, this one among them", () => {
    expect(of([0.2, 0.3])).toMatchObject({ ratePerMs: 1, isolates: 3, totalDemandPerMs: 0.1 + 0.2 + 0.3 });
    expect(of([])).toMatchObject({ isolates: 1, totalDemandPerMs: 0.1, isBusy: false, isSaturated: false });
    expect(of([], {}, 1, 0, { ...LIMIT, intervalMs: 500 }).ratePerMs).toBe(2);
  });

  it("is busy from more than 0.7 of the rate on", () => {
    expect(of([], { demandPerMs: 0.7 }).isBusy).toBe(false);
    expect(of([], { demandPerMs: 0.71 }).isBusy).toBe(true);
  });

  it("requests again after 1 s while no isolate lacks tokens, after 100 ms while it is busy, and later the more isolates there are", () => {
    expect(of([]).periodMs).toBe(1_000);
    expect(of([], { demandPerMs: 0.9 }).periodMs).toBe(100);
    expect(of(Array(159).fill(0)).periodMs).toBe(2_000); // 160 isolates, 80 calls a second
    expect(of(Array(159).fill(0.01)).periodMs).toBe(2_000);
    expect(of(Array(1_000).fill(0)).periodMs).toBe(5_000);
    expect(of([]).lifetimeMs).toBe(1_600);
    expect(of([], { demandPerMs: 0.9 }).lifetimeMs).toBe(250);
  });

  it("hurries with each share that lapses unused while it is busy, and slows down again", () => {
    const busy = { demandPerMs: 0.9 };
    expect(of([], busy, 0.8, 0.5).periodFactor).toBeCloseTo(0.8 * 0.9 ** 0.5, 12);
    expect(of([0, 0], busy, 0.8, 0.5).periodFactor).toBeCloseTo(0.8 * 0.9 ** 1.5, 12);
    expect(of([], busy, 0.8, 0).periodFactor).toBeCloseTo(0.808, 12);
    expect(of([], {}, 0.8, 0.5).periodFactor).toBeCloseTo(0.808, 12);
    expect(of([], busy, 0.1, 5).periodFactor).toBe(0.1);
    expect(of([], busy, 1, 0).periodFactor).toBe(1);
    expect(of(Array(159).fill(0), {}, 0.5).periodMs).toBeCloseTo(1_010, 9);
  });

  it("lends no rates of a small limit, unless the isolate insists and the capacity is large enough", () => {
    const rate = (tokens: number) => ({ ...LIMIT, rate: tokens });
    expect(of([], {}, 1, 0, rate(160)).isSmall).toBe(false); // 2 tokens a round
    expect(of([], {}, 1, 0, rate(159)).isSmall).toBe(true);
    expect(of([], { requiresRate: true }, 1, 0, rate(159)).isSmall).toBe(false);
    expect(of([], { requiresRate: false }, 1, 0, rate(159)).isSmall).toBe(true);
    const capacity = (tokens: number) => ({ ...LIMIT, capacity: tokens });
    expect(of([0, 0], {}, 1, 0, capacity(9)).isSmall).toBe(false); // 3 tokens for each
    expect(of([0, 0], {}, 1, 0, capacity(8)).isSmall).toBe(true);
    expect(of([0, 0], { tokensNeeded: 2 }, 1, 0, capacity(18)).isSmall).toBe(false);
    expect(of([0, 0], { tokensNeeded: 2 }, 1, 0, capacity(17)).isSmall).toBe(true);
    expect(of([0, 0], { requiresRate: true }, 1, 0, capacity(8)).isSmall).toBe(true);
    expect(of([], {}, 1, 0, rate(159)).lifetimeMs).toBe(300);
  });

  it("saturates those that want the fair level of 98 % of the rate or more", () => {
    const { maxSharePerMs: level, isSaturated } = of([0.1, 2], { demandPerMs: 2 });
    expect(level).toBeCloseTo(0.44, 12);
    expect(isSaturated).toBe(true);
    expect(of([2, 2], { demandPerMs: 0.1 }).isSaturated).toBe(false);
    expect(of([], { demandPerMs: 0.97 })).toMatchObject({ maxSharePerMs: Number.POSITIVE_INFINITY, isSaturated: false });
    expect(of([], { demandPerMs: 0.98 })).toMatchObject({ maxSharePerMs: 0.98, isSaturated: true });
  });
});

describe("rateFor", () => {
  it("is more than the demand while there is enough, less while it is busy, and the level where the isolate wants more", () => {
    expect(leasedRate(traffic({}), request({ demandPerMs: 0.2 }), 0)).toBeCloseTo(0.26, 12);
    expect(leasedRate(traffic({ isBusy: true }), request({ demandPerMs: 0.2 }), 0)).toBeCloseTo(0.17, 12);
    expect(leasedRate(traffic({ isSaturated: true, maxSharePerMs: 0.3 }), request({ demandPerMs: 0.9 }), 0)).toBe(0.3);
  });

  it("is nothing of a small limit, and for a demand that is not steady", () => {
    expect(leasedRate(traffic({ isSmall: true }), request({ demandPerMs: 0.9 }), 0)).toBe(0);
    expect(leasedRate(traffic({}), request({ demandPerMs: 0.9, isDemandSteady: false }), 0)).toBe(0);
    expect(leasedRate(traffic({ isSmall: true }), request({ demandPerMs: 0.9 }), 0.5)).toBe(0);
  });

  it("stays as it was where the change is a tenth of it or noise", () => {
    const saturated = (level: number) => leasedRate(traffic({ isSaturated: true, maxSharePerMs: level }), request({}), 10);
    expect(saturated(11)).toBe(10);
    expect(saturated(9)).toBe(10);
    expect(saturated(11.1)).toBe(11.1);
    expect(saturated(8.9)).toBe(8.9);
    const noise = Math.sqrt(0.5 / 4_000);
    const wants = (change: number) => leasedRate(traffic({}), request({ demandPerMs: (0.5 + change) / 1.3 }), 0.5);
    expect(wants(0.05 + noise - 1e-6)).toBe(0.5);
    expect(wants(0.05 + noise + 1e-6)).toBeGreaterThan(0.5);
  });
});

describe("chunkFor", () => {
  it("of a small limit is what is needed, and what is spent before the answer is there", () => {
    expect(chunkSize(traffic({ isSmall: true }), request({ tokensNeeded: 2, demandPerMs: 0.05 }), 0, 0, 99)).toBe(4);
    expect(chunkSize(traffic({ isSmall: true }), request({ tokensNeeded: 0, demandPerMs: 0.019 }), 0, 5, 99)).toBe(0);
  });

  it("serves a burst of 190 ms where demand is not steady, or 0.15 of a long period; less what it holds, at least what is needed", () => {
    const young = request({ isDemandSteady: false, peakDemandPerMs: 0.5 });
    expect(chunkSize(traffic({}), young, 0.1, 0, 99)).toBeCloseTo(0.4 * 190, 9);
    expect(chunkSize(traffic({ periodMs: 2_000 }), young, 0.1, 0, 99)).toBeCloseTo(0.4 * 300, 9);
    expect(chunkSize(traffic({ periodMs: 100 }), young, 0.1, 0, 99)).toBeCloseTo(0.4 * 100, 9);
    expect(chunkSize(traffic({}), young, 0.1, 30, 99)).toBeCloseTo(0.4 * 190 - 30, 9);
    expect(chunkSize(traffic({}), request({ isDemandSteady: false, tokensNeeded: 80, peakDemandPerMs: 0.5 }), 0.1, 0, 99)).toBe(80);
    expect(chunkSize(traffic({ isBusy: true }), young, 0.1, 0, 99)).toBeCloseTo(0.4 * 190, 9);
    expect(chunkSize(traffic({ isSaturated: true, maxSharePerMs: 0.2 }), young, 0.1, 0, 20)).toBeCloseTo(0.4 * 190, 9);
  });

  it("provides for the mean and two standard deviations of a steady demand while there is enough, and for one where there is not", () => {
    const steady = request({ demandPerMs: 0.2, peakDemandPerMs: 0.1 });
    expect(chunkSize(traffic({}), steady, 0.1, 0, 9_999)).toBeCloseTo((0.22 - 0.1) * 1_000 + 2 * Math.sqrt(200), 9);
    expect(chunkSize(traffic({ maxSharePerMs: 0.4 }), steady, 0.1, 0, 9_999)).toBeCloseTo((0.2 - 0.1) * 1_000 + Math.sqrt(200), 9);
    expect(chunkSize(traffic({}), steady, 0.1, 50, 9_999)).toBeCloseTo(70 + 2 * Math.sqrt(200), 9);
    expect(chunkSize(traffic({}), request({ demandPerMs: 0.2, tokensNeeded: 500 }), 0.1, 0, 9_999)).toBe(500);
  });

  it("provides for a growing demand where calls wait or the limit is not busy", () => {
    const growing = { demandPerMs: 0.2, peakDemandPerMs: 2 };
    const burst = (2 - 0.1) * 190;
    const steady = (0.22 - 0.1) * 1_000 + 2 * Math.sqrt(200);
    expect(chunkSize(traffic({}), request(growing), 0.1, 0, 9_999)).toBeCloseTo(burst, 9);
    expect(chunkSize(traffic({ isBusy: true }), request(growing), 0.1, 0, 9_999)).toBeCloseTo(steady, 9);
    expect(chunkSize(traffic({ isBusy: true }), request({ ...growing, tokensNeeded: 1 }), 0.1, 0, 9_999)).toBeCloseTo(burst, 9);
  });

  it("gives at most half of what the pool has to those that want more than their level", () => {
    const greedy = request({ demandPerMs: 2, peakDemandPerMs: 2 });
    const saturated = traffic({ isSaturated: true, maxSharePerMs: 0.4 });
    expect(chunkSize(saturated, greedy, 0.4, 0, 100)).toBe(50);
    expect(chunkSize(saturated, greedy, 0.4, 20, 100)).toBe(30);
  });
});

describe("capacityFor", () => {
  it("is what it holds where no rate is lent", () => expect(leasedCapacity(traffic({}), LIMIT, 0, 7, 999)).toBe(7));

  it("evens out 100 ms and two deviations of its rate, has head room for a lull, and is at most its part of half the capacity", () => {
    const deviation = Math.sqrt(0.1 * 1_000);
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 0, 0)).toBeCloseTo(10 + 2 * deviation, 9);
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 0, 200)).toBe(200);
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 0, 9_000)).toBe(500); // half of 10 % of 10 000
    expect(leasedCapacity(traffic({}), { ...LIMIT, capacity: 100 }, 0.1, 0, 0)).toBe(5);
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 100, 0)).toBe(100);
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 400, 10)).toBe(405); // half of the room
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 499, 9_000)).toBeCloseTo(499 + deviation, 9);
    expect(leasedCapacity(traffic({}), LIMIT, 0.1, 100, -50)).toBe(100);
  });
});

describe("fairLevel", () => {
  it.each([
    [[1, 2, 3], 10, Number.POSITIVE_INFINITY],
    [[1, 2, 3], 6, 3], // all of them get what they want: the level is the largest demand
    [[5, 5], 6, 3],
    [[1, 9, 9], 7, 3],
    [[9, 1, 9], 7, 3],
    [[10, 9], 11, 5.5], // sorted as numbers, not as text
    [[], 5, Number.POSITIVE_INFINITY],
    [[2], 2, 2],
    [[2], 2.1, Number.POSITIVE_INFINITY],
  ])("of %j under %d is %d", (demands, rate, want) => expect(maxMinShare(demands, rate)).toBeCloseTo(want, 12));
});
