// The isolate's lease of a split bucket, step by step: what it may spend, when it sends a request, and what it reports.
import { describe, expect, it } from "vitest";
import { BucketLease } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant } from "../../../core/rate-limit/lease-messages.ts";

const NOW = 1_000_000;
const GRANT: Omit<LeaseGrant, "sequence"> = {
  ...{ tokens: 10, ratePerMs: 0.01, capacity: 20, lifetimeMs: 1_000, renewAfterMs: 400, pauseMs: 0, retryAfterMs: 0, poolTokens: 7 },
};

/** A lease with this grant at `NOW`, for a request of the same time. */
function leased(more: Partial<LeaseGrant> = {}, lease = new BucketLease(), now = NOW): BucketLease {
  const { sequence } = lease.request("i", 0, now);
  lease.applyGrant({ ...GRANT, sequence, ...more }, now, now);
  return lease;
}

describe("what a lease may spend", () => {
  it("is nothing before the first grant: a request is needed", () => {
    const lease = new BucketLease();
    expect(lease.take(1, NOW)).toEqual({ kind: "request" });
    expect(lease.remaining(NOW)).toBe(0);
    expect(lease.share(NOW)).toEqual({ capacity: 0, ratePerMs: 0 });
  });

  it("is what was granted, and what its rate brings, up to its capacity", () => {
    const lease = leased();
    expect(lease.share(NOW)).toEqual({ capacity: 20, ratePerMs: 0.01 });
    expect(lease.remaining(NOW)).toBe(10);
    expect(lease.take(10, NOW)).toEqual({ kind: "allowed" });
    expect(lease.take(1, NOW)).toEqual({ kind: "request" });
    expect(lease.take(1, NOW + 99)).toEqual({ kind: "request" });
    expect(lease.take(1, NOW + 100)).toEqual({ kind: "allowed" });
    expect(leased({ ratePerMs: 1 }).remaining(NOW + 500)).toBe(20);
    expect(leased({ tokens: 30 }).remaining(NOW)).toBe(20);
  });

  it("lapses with the life of the grant, counted from when the request was sent", () => {
    const lease = leased();
    expect(lease.remaining(NOW + 999)).toBe(19);
    expect(lease.share(NOW + 999)).toEqual({ capacity: 20, ratePerMs: 0.01 });
    expect(lease.share(NOW + 1_000)).toEqual({ capacity: 0, ratePerMs: 0 });
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    expect(lease.take(1, NOW + 1_000)).toEqual({ kind: "request" });
    const late = new BucketLease();
    const { sequence } = late.request("i", 0, NOW);
    late.applyGrant({ ...GRANT, sequence }, NOW, NOW + 300);
    expect(late.share(NOW + 999).capacity).toBe(20);
    expect(late.share(NOW + 1_000).capacity).toBe(0);
  });

  it("promises what the pool had, too, where no rate is lent", () => {
    expect(leased({ ratePerMs: 0 }).remaining(NOW)).toBe(17);
    expect(leased({ ratePerMs: 0.001 }).remaining(NOW)).toBe(10);
  });

  it("loses nothing to a clock that steps back, and earns no time twice", () => {
    const lease = leased();
    expect(lease.remaining(NOW + 300)).toBe(13);
    expect(lease.remaining(NOW)).toBe(13);
    expect(lease.remaining(NOW + 300)).toBe(13);
    expect(lease.remaining(NOW + 400)).toBe(14);
  });

  it("keeps what it holds where a new grant comes in time, and not where it comes too late", () => {
    const lease = leased();
    expect(leased({ tokens: 2 }, lease, NOW + 500).remaining(NOW + 500)).toBe(17); // 10 and 5 and 2
    expect(leased({ tokens: 2 }, lease, NOW + 2_000).remaining(NOW + 2_000)).toBe(2);
  });

  it("accepts only the grant for its latest request", () => {
    const lease = new BucketLease();
    const first = lease.request("i", 0, NOW);
    const second = lease.request("i", 0, NOW);
    expect([first.sequence, second.sequence]).toEqual([1, 2]);
    lease.applyGrant({ ...GRANT, sequence: first.sequence }, NOW, NOW);
    expect(lease.remaining(NOW)).toBe(0);
    lease.applyGrant(undefined, NOW, NOW);
    expect(lease.isRequesting(NOW)).toBe(true);
    lease.applyGrant({ ...GRANT, sequence: second.sequence }, NOW, NOW);
    expect(lease.remaining(NOW)).toBe(10);
    expect(lease.isRequesting(NOW)).toBe(false);
  });
});

describe("a refusal", () => {
  const refusal = (more: Partial<LeaseGrant>, cost = 1, atMs = 0) => leased({ tokens: 0, ...more }).take(cost, NOW + atMs);

  it("is made while the pool has said to pause, and not after", () => {
    expect(refusal({ pauseMs: 300, ratePerMs: 0 }, 1, 299).kind).toBe("refused");
    expect(refusal({ pauseMs: 300, ratePerMs: 0 }, 1, 300).kind).toBe("request");
    expect(refusal({ pauseMs: 0, ratePerMs: 0 }).kind).toBe("request");
  });

  it("says when its own rate brings the tokens, or when the pool has them, whichever is sooner, at least 1 ms", () => {
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 0.01 })).toEqual({ kind: "refused", retryAfterMs: 100 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 0.03 })).toEqual({ kind: "refused", retryAfterMs: 34 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 50, ratePerMs: 0.001 })).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 950, ratePerMs: 0.001 })).toEqual({ kind: "refused", retryAfterMs: 950 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 0 })).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 0, ratePerMs: 0 }, 1, 899.5)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(refusal({ pauseMs: 5_000, retryAfterMs: 0, ratePerMs: 0 })).toEqual({ kind: "refused", retryAfterMs: 1_000 });
  });

  it("does not count on its own rate for more than it can hold", () => {
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 1, capacity: 4 }, 5)).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 1, capacity: 5 }, 5)).toEqual({ kind: "refused", retryAfterMs: 5 });
  });
});

describe("an optimistic lease", () => {
  it("lets one call pass before the Durable Object was requested for it, until that call is paid", () => {
    const lease = new BucketLease();
    expect(lease.take(3, NOW, true)).toEqual({ kind: "allowed" });
    expect(lease.debt).toBe(3);
    expect(lease.take(1, NOW, true)).toEqual({ kind: "request" });
    leased({ tokens: 2, ratePerMs: 0 }, lease);
    expect(lease.debt).toBe(1);
    expect(lease.remaining(NOW)).toBe(7); // what the pool has; nothing of its own
    leased({ tokens: 2, ratePerMs: 0 }, lease, NOW + 10);
    expect(lease.debt).toBe(0);
    expect(lease.take(1, NOW + 10, true)).toEqual({ kind: "allowed" });
    expect(lease.debt).toBe(0);
    expect(lease.take(1, NOW + 10, true)).toEqual({ kind: "allowed" });
    expect(lease.debt).toBe(1);
  });

  it("passes nothing while the pool refuses", () => {
    expect(leased({ tokens: 0, ratePerMs: 0, pauseMs: 500 }).take(1, NOW, true).kind).toBe("refused");
  });
});

describe("putBack", () => {
  it("returns what was spent, up to the capacity, and pays debts first", () => {
    const lease = leased({ tokens: 20, ratePerMs: 0, poolTokens: 0 });
    lease.take(4, NOW);
    lease.returnTokens(3, NOW);
    expect(lease.remaining(NOW)).toBe(19);
    lease.returnTokens(5, NOW);
    expect(lease.remaining(NOW)).toBe(20);
    const owing = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0 });
    owing.take(2, NOW, true);
    owing.returnTokens(3, NOW);
    expect([owing.debt, owing.remaining(NOW)]).toEqual([0, 1]);
    const deep = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0 });
    deep.take(3, NOW, true);
    deep.returnTokens(2, NOW);
    expect([deep.debt, deep.remaining(NOW)]).toEqual([1, 0]);
  });

  it("returns nothing of what has lapsed meanwhile", () => {
    const lease = leased({ ratePerMs: 0, poolTokens: 0 });
    lease.take(4, NOW);
    lease.returnTokens(4, NOW + 1_000);
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    const intime = leased({ ratePerMs: 0, poolTokens: 0 });
    intime.take(4, NOW);
    intime.returnTokens(4, NOW + 999);
    expect(intime.remaining(NOW + 999)).toBe(10);
  });
});

describe("takeAnyway", () => {
  it("takes what is there, and goes into debt for the rest, as deep as it may", () => {
    const lease = leased({ ratePerMs: 0, poolTokens: 0 });
    lease.overdraw(4, 100, NOW);
    expect([lease.remaining(NOW), lease.debt]).toEqual([6, 0]);
    lease.overdraw(9, 100, NOW);
    expect([lease.remaining(NOW), lease.debt]).toEqual([0, 3]);
    lease.overdraw(9, 100, NOW);
    expect(lease.debt).toBe(12);
    lease.overdraw(900, 100, NOW);
    expect(lease.debt).toBe(100);
  });

  it("counts what has come back meanwhile", () => {
    const lease = leased();
    lease.overdraw(13, 100, NOW + 300);
    expect([lease.remaining(NOW + 300), lease.debt]).toEqual([0, 0]);
  });
});

describe("when a lease sends a request", () => {
  it("is never before a first grant, and not while a request is in flight", () => {
    const lease = new BucketLease();
    expect(lease.isLow(NOW)).toBe(false);
    leased({ tokens: 0, capacity: 0, ratePerMs: 0 }, lease);
    leased({}, lease);
    lease.request("i", 0, NOW + 400);
    expect(lease.isLow(NOW + 400)).toBe(false);
    expect(lease.isRequesting(NOW + 899)).toBe(true);
    expect(lease.isRequesting(NOW + 900)).toBe(false);
    expect(lease.isLow(NOW + 900)).toBe(true);
  });

  it("is each period where a rate is lent", () => {
    const lease = leased({ tokens: 20 });
    expect(lease.isLow(NOW + 399)).toBe(false);
    expect(lease.isLow(NOW + 400)).toBe(true);
    expect(leased({ tokens: 20, ratePerMs: 0 }).isLow(NOW + 100_000)).toBe(false);
  });

  it("is when less than a quarter is left, after a rest of a quarter period or 50 ms", () => {
    const low = (tokens: number, atMs: number, more: Partial<LeaseGrant> = {}) =>
      leased({ tokens, ratePerMs: 0, ...more }).isLow(NOW + atMs);
    expect(low(4, 101)).toBe(true);
    expect(low(4, 100)).toBe(false);
    expect(low(5, 101)).toBe(false);
    expect(low(4, 51, { renewAfterMs: 100 })).toBe(true);
    expect(low(4, 50, { renewAfterMs: 100 })).toBe(false);
    expect(low(0, 101, { capacity: 4 })).toBe(false);
    expect(low(1, 101, { capacity: 5 })).toBe(true);
    expect(low(4, 299, { pauseMs: 300 })).toBe(false);
    expect(low(4, 300, { pauseMs: 300 })).toBe(true);
  });

  it("tells the grant it lives on, as long as it lives, and what it holds", () => {
    const lease = leased();
    expect(lease.request("i", 3, NOW + 100)).toMatchObject({
      isolate: "i",
      sequence: 2,
      appliedSequence: 1,
      tokensHeld: 11,
      tokensNeeded: 3,
    });
    expect(lease.request("i", 0, NOW + 999)).toMatchObject({ sequence: 3, appliedSequence: 1 });
    expect(lease.request("i", 0, NOW + 1_000)).toMatchObject({ sequence: 4, appliedSequence: 0, tokensHeld: 0 });
  });
});

describe("a request that failed", () => {
  it("pauses, and is repeated after the pause", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0 });
    const { sequence } = lease.request("i", 1, NOW);
    lease.requestFailed(sequence, 250, NOW + 10);
    expect(lease.isRequesting(NOW + 10)).toBe(false);
    expect(lease.take(1, NOW + 259)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(lease.take(1, NOW + 260)).toEqual({ kind: "request" });
    expect(lease.isLow(NOW + 259)).toBe(false);
    expect(lease.isLow(NOW + 260)).toBe(true);
  });

  it("counts only where it was the latest one", () => {
    const lease = leased();
    const { sequence } = lease.request("i", 1, NOW);
    lease.requestFailed(sequence - 1, 250, NOW);
    expect(lease.isRequesting(NOW)).toBe(true);
  });

  it("lets a quarter of the rate be spent on past its life, for 2 s beyond the pause, up to a quarter of the capacity", () => {
    const reusing = (reuses: boolean): BucketLease => {
      const lease = leased({ ratePerMs: 0.02 });
      const { sequence } = lease.request("i", 0, NOW + 900);
      lease.requestFailed(sequence, 500, NOW + 950, reuses);
      return lease;
    };
    expect(reusing(false).isReusing(NOW + 950)).toBe(false);
    expect(reusing(false).remaining(NOW + 1_500)).toBe(0);
    const lease = reusing(true);
    expect(lease.isReusing(NOW + 950)).toBe(true);
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    expect(lease.remaining(NOW + 1_400)).toBe(2); // 400 ms at 0.005
    expect(lease.remaining(NOW + 3_000)).toBe(5);
    expect(lease.isReusing(NOW + 3_449)).toBe(true);
    expect(lease.isReusing(NOW + 3_450)).toBe(false);
    expect(lease.remaining(NOW + 3_450)).toBe(0);
    const small = leased({ ratePerMs: 0.02, capacity: 2 });
    small.requestFailed(small.request("i", 0, NOW + 900).sequence, 500, NOW + 950, true);
    expect(small.remaining(NOW + 3_000)).toBe(1); // at least one
    const granted = leased({ tokens: 3 }, reusing(true), NOW + 3_000);
    expect(granted.remaining(NOW + 3_000)).toBe(3); // what was reused is not the pool's
    expect(granted.isReusing(NOW + 3_000)).toBe(false);
  });

  it("reuses no rate where none was lent", () => {
    const lease = leased({ ratePerMs: 0 });
    lease.requestFailed(lease.request("i", 0, NOW).sequence, 500, NOW, true);
    expect(lease.isReusing(NOW)).toBe(false);
  });
});

describe("the demand that a lease tells", () => {
  const reported = (lease: BucketLease, atMs: number) => {
    const { demandPerMs, peakDemandPerMs, isDemandSteady } = lease.request("i", 0, NOW + atMs);
    return { demandPerMs, peakDemandPerMs, isDemandSteady };
  };

  it("of a first call is one a second, with what the newest step saw as its peak", () => {
    const lease = new BucketLease();
    lease.take(5, NOW);
    expect(reported(lease, 0)).toEqual({ demandPerMs: 0.005, peakDemandPerMs: 0.1, isDemandSteady: false });
    expect(reported(lease, 49)).toEqual({ demandPerMs: 0.005, peakDemandPerMs: 0.1, isDemandSteady: false });
    expect(reported(lease, 50)).toEqual({ demandPerMs: 0.1, peakDemandPerMs: 0.05, isDemandSteady: false });
  });

  it("is the mean of what was spent, costs and refused calls included", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, pauseMs: 10_000 });
    for (let atMs = 0; atMs <= 2_000; atMs += 10) lease.take(2, NOW + atMs);
    const { demandPerMs, peakDemandPerMs, isDemandSteady } = reported(lease, 2_000);
    expect(demandPerMs).toBeCloseTo(0.2, 1);
    expect(peakDemandPerMs).toBeCloseTo(0.2, 1);
    expect(isDemandSteady).toBe(true);
  });

  it("is steady after a second without a gap of more than 500 ms", () => {
    const steady = (times: readonly number[], atMs = times.at(-1)!): boolean => {
      const lease = new BucketLease();
      for (const time of times) lease.take(1, NOW + time);
      return reported(lease, atMs).isDemandSteady;
    };
    expect(steady([0, 500, 1_000])).toBe(true);
    expect(steady([0, 500, 999])).toBe(false);
    expect(steady([0, 501, 1_001])).toBe(false);
    expect(steady([0, 501, 1_001, 1_501])).toBe(true);
  });

  it("follows a change within some two seconds", () => {
    const lease = new BucketLease();
    for (let atMs = 0; atMs < 10_000; atMs += 50) lease.take(5, NOW + atMs);
    expect(reported(lease, 10_000).demandPerMs).toBeCloseTo(0.1, 2);
    for (let atMs = 10_000; atMs < 12_000; atMs += 50) lease.take(50, NOW + atMs);
    const after = reported(lease, 11_950);
    expect(after.demandPerMs).toBeGreaterThan(0.1 + 0.9 * (1 - Math.exp(-1)) - 0.06);
    expect(after.demandPerMs).toBeLessThan(0.1 + 0.9 * (1 - Math.exp(-1)) + 0.06);
    expect(after.peakDemandPerMs).toBeCloseTo(1, 1);
  });

  it("of a young lease is a plain mean: an early burst is not forgotten before time has passed", () => {
    const lease = new BucketLease();
    for (let atMs = 0; atMs <= 400; atMs += 100) lease.take(10, NOW + atMs);
    const { demandPerMs } = reported(lease, 400);
    expect(demandPerMs).toBeGreaterThan(0.1);
    expect(demandPerMs).toBeLessThan(0.15);
  });

  it("does not count a pause as demand of its next step", () => {
    const lease = new BucketLease();
    lease.take(1, NOW);
    lease.take(100, NOW + 10_000);
    lease.take(1, NOW + 10_050);
    expect(reported(lease, 10_050).demandPerMs).toBeCloseTo(101 / 50, 9);
  });
});
