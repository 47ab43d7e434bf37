// Lending ahead: who gets what before calls need it, and how long.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../../../core/rate-limit/leased-bucket.ts";
import { ROOT_TERMS } from "../../../../core/rate-limit/region/lender-terms.ts";
import type { LatestLessee } from "../../../../core/rate-limit/sole/latest-lessee.ts";
import { type Ahead, aheadCapacity, aheadChunk, aheadMs, aheadOf } from "../../../../core/rate-limit/sole/lending-ahead.ts";
import type { BucketLimit } from "../../../../core/rate-limit/token-bucket.ts";

const T0 = 1_000_000;
const LIMIT: BucketLimit = { capacity: 20, rate: 10, intervalMs: 1_000 };
const HOURLY: BucketLimit = { capacity: 36_000, rate: 36_000, intervalMs: 3_600_000 };
const REQUEST: LeaseRequest = {
  ...{ isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 1 },
  ...{ demandPerMs: 0.005, peakDemandPerMs: 0.005, isDemandSteady: true },
  ...{ aheadMs: 500, spent: { since: 0, tokens: 0 } },
};
const request = (more: Partial<LeaseRequest> = {}): LeaseRequest => ({ ...REQUEST, ...more });
const latest = (aloneSince: number): LatestLessee => ({ isolate: "a", sequence: 1, spent: { since: 0, tokens: 0 }, at: T0, aloneSince });
const inTree = { ...ROOT_TERMS, maxLifetimeMs: 5_000 };

describe("aheadMs", () => {
  it("is what the isolate allows, at most a second, and 0 where that is too short to be of use or the lender is a lessee itself", () => {
    expect([99, 100, 500, 1_000, 1_001].map((ms) => aheadMs(request({ aheadMs: ms }), ROOT_TERMS))).toEqual([0, 100, 500, 1_000, 1_000]);
    const { aheadMs: _, ...silent } = REQUEST;
    expect(aheadMs(silent, ROOT_TERMS)).toBe(0);
    expect(aheadMs(REQUEST, inTree)).toBe(0);
  });
});

describe("aheadOf", () => {
  const of = (limit = LIMIT, aloneSince = T0 - 10_000, more: Partial<LeaseRequest> = {}, utilization = 0.98) =>
    aheadOf(limit, request(more), { latest: latest(aloneSince), updatedAt: T0 }, ROOT_TERMS, utilization);

  it("is all but an eighth of the rate and of the tokens, and at least one token", () => {
    expect(of()).toEqual({ ratePerMs: 0.01 * (7 / 8), lifetimeMs: 500, reserve: 3 });
    expect([16, 17, 8, 2].map((capacity) => of({ ...LIMIT, capacity })?.reserve)).toEqual([2, 3, 1, 1]);
    expect(of(LIMIT, 0, {}, 0.75)?.ratePerMs).toBe(0.0075);
  });

  it("is nothing for one of several isolates, for one that does not report, and of a bucket of one token", () => {
    expect(of(LIMIT, T0 - 9_999)).toBeUndefined();
    expect(of({ ...LIMIT, capacity: 1 })).toBeUndefined();
    expect(of(LIMIT, 0, { aheadMs: 0 })).toBeUndefined();
    expect(aheadOf(LIMIT, REQUEST, { updatedAt: T0 }, ROOT_TERMS, 1)).toBeUndefined();
  });

  it("is no rate of a bucket that fills in more than 10 s", () => {
    expect(of({ capacity: 100, rate: 10, intervalMs: 1_000 })?.ratePerMs).toBeGreaterThan(0);
    expect(of({ capacity: 101, rate: 10, intervalMs: 1_000 })?.ratePerMs).toBe(0);
  });
});

describe("what is granted ahead", () => {
  const ahead: Ahead = { ratePerMs: 0.00875, lifetimeMs: 500, reserve: 3 };

  it("is what the pool has above its reserve, and never less than what calls need", () => {
    expect(aheadChunk(ahead, request(), 0, 20)).toBe(17);
    expect(aheadChunk(ahead, request({ tokensNeeded: 2 }), 0, 4)).toBe(2);
    expect(aheadCapacity(ahead, LIMIT, 17)).toBe(17);
    expect(aheadCapacity(ahead, LIMIT, 5)).toBe(16);
  });

  it("is the demand of a lease and its deviation, less what is held, of a bucket that fills slowly", () => {
    const slow = { ...ahead, ratePerMs: 0 };
    expect(aheadChunk(slow, request({ demandPerMs: 0.008 }), 0, 30_000)).toBe(1 + 6);
    expect(aheadChunk(slow, request({ demandPerMs: 0.008 }), 4, 30_000)).toBe(1 + 2);
    expect(aheadChunk(slow, request({ demandPerMs: 0.008 }), 9, 30_000)).toBe(1);
    expect(aheadChunk(slow, request({ demandPerMs: 0.000_017 }), 0, 30_000)).toBe(1);
  });
});

describe("a bucket with one lessee", () => {
  const decide = (bucket: LeasedBucket | undefined, limit: BucketLimit, one: LeaseRequest, now: number) =>
    grantLease(bucket, limit, one, now, 0.5);

  it("is lent but for the reserve, of which a second lessee is served at once", () => {
    const [lent, first] = decide(undefined, LIMIT, REQUEST, T0);
    expect(first).toMatchObject({
      tokens: 17,
      ratePerMs: 0.00875,
      capacity: 17,
      poolTokens: 3,
      lifetimeMs: 500,
      isAhead: true,
      tokensKept: 0,
    });
    const [, second] = decide(lent, LIMIT, request({ isolate: "b", tokensNeeded: 3 }), T0 + 100);
    expect(second).toMatchObject({ tokens: 3, ratePerMs: 0, pauseMs: 0 });
    expect(second).not.toHaveProperty("isAhead");
  });

  it("lets a second lessee that needs more wait, but no longer than its calls can, until what was lent ahead has ended", () => {
    const [lent] = decide(undefined, LIMIT, REQUEST, T0);
    const [, second] = decide(lent, LIMIT, request({ isolate: "b", tokensNeeded: 4, leastNeeded: 1 }), T0 + 100);
    expect(second).toMatchObject({ tokens: 3, pauseMs: 0 });
    expect(second!.recoversAfterMs).toBe(second!.retryAfterMs);
    const [, impatient] = decide(lent, LIMIT, request({ isolate: "b", tokensNeeded: 4, aheadMs: 100 }), T0 + 100);
    expect(impatient).not.toHaveProperty("recoversAfterMs");
  });

  it("lets the first lessee keep its tokens once there is a second one, and gives it no rate and none ahead", () => {
    const [lent] = decide(undefined, LIMIT, REQUEST, T0);
    const [shared] = decide(lent, LIMIT, request({ isolate: "b" }), T0 + 100);
    const renewal = request({ sequence: 2, appliedSequence: 1, tokensHeld: 15, tokensNeeded: 0, spent: { since: 0, tokens: 2 } });
    const [, kept] = decide(shared, LIMIT, renewal, T0 + 200);
    expect(kept).toMatchObject({ tokens: 0, ratePerMs: 0, capacity: 15, lifetimeMs: 500, isAhead: true, tokensKept: 15 });
    const [, spent] = decide(shared, LIMIT, { ...renewal, tokensHeld: 1 }, T0 + 200);
    expect(spent).toMatchObject({ lifetimeMs: 300 });
    expect(spent).not.toHaveProperty("isAhead");
  });

  it("is not lent ahead to isolates whose calls do not wait, nor by a lender that is a lessee itself", () => {
    const { aheadMs: _, spent: __, ...open } = REQUEST;
    expect(decide(undefined, LIMIT, open, T0)[1]).toMatchObject({ tokens: 1, ratePerMs: 0, lifetimeMs: 300 });
    const [, leased] = grantLease(undefined, LIMIT, REQUEST, T0, 0.5, inTree);
    expect(leased).toMatchObject({ tokens: 1, ratePerMs: 0, lifetimeMs: 300 });
    expect(leased).not.toHaveProperty("tokensKept");
    expect(decide(undefined, HOURLY, REQUEST, T0)[1]).toMatchObject({ tokens: 1 + 4, ratePerMs: 0, lifetimeMs: 500, isAhead: true });
  });

  it("keeps nothing for a request that arrives after its lease has ended", () => {
    const [lent] = decide(undefined, LIMIT, REQUEST, T0);
    const renewal = request({ sequence: 2, appliedSequence: 1, tokensHeld: 15, tokensNeeded: 0 });
    expect(decide(lent, LIMIT, renewal, T0 + 749)[1]!.tokensKept).toBe(15);
    expect(decide(lent, LIMIT, renewal, T0 + 750)[1]!.tokensKept).toBe(0);
  });
});
