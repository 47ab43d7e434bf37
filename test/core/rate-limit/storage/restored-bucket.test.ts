// A leased bucket after a restart: what it lends before the leases of which it knows nothing have ended.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../../core/rate-limit/lease-record.ts";
import { grantLease, reservedByLeases } from "../../../../core/rate-limit/leased-bucket.ts";
import { restoredBucket } from "../../../../core/rate-limit/storage/restored-bucket.ts";

const LIMIT = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 }; // 1 token per ms
const REQUEST: LeaseRequest = {
  ...{ isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 0 },
  ...{ demandPerMs: 0.1, peakDemandPerMs: 0.1, isDemandSteady: true },
};

describe("a bucket after a restart", () => {
  const lent = { sequence: 7, appliedSequence: 6, demandPerMs: 0.5, peakDemandPerMs: 0.5, tokensHeld: 20 };
  const decide = (bucket: LeasedBucket, more: Partial<LeaseRequest>, now: number) => {
    const [after, grant] = grantLease(bucket, LIMIT, { ...REQUEST, ...more }, now, 0.5);
    return { after, grant: grant! };
  };

  it("lends the tokens that are certain, and no rate, until all leases of which it knows nothing have ended", () => {
    const restored = restoredBucket(100, 5_000, LIMIT, 1_000);
    expect(reservedByLeases(restored.leases)).toEqual({ capacity: 900, ratePerMs: 1 });
    const { after, grant } = decide(restored, { tokensNeeded: 60 }, 2_000);
    expect(grant).toMatchObject({ ratePerMs: 0, poolTokens: 100 - grant.tokens });
    expect(grant.tokens).toBeGreaterThanOrEqual(60);
    expect(grant.tokens).toBeLessThanOrEqual(100);
    expect(decide(after, { isolate: "b", tokensNeeded: 60 }, 4_999).grant.tokens).toBe(0);
    const none = restoredBucket(0, 5_000, LIMIT, 1_000);
    expect(decide(none, { tokensNeeded: 1 }, 4_900).grant).toMatchObject({ tokens: 0, isUnreachable: true, recoversAfterMs: 101 });
    expect(decide(none, { tokensNeeded: 0, tokensOwed: 3 }, 4_900).grant).toMatchObject({ isUnreachable: true });
    expect(decide(none, { tokensNeeded: 1 }, 5_100).grant).not.toHaveProperty("isUnreachable");
    expect(decide(after, { isolate: "b", tokensNeeded: 60 }, 5_100).grant.tokens).toBeGreaterThanOrEqual(60);
    expect(restoredBucket(100, 900, LIMIT, 1_000)).toEqual({
      ...{ tokens: 100, updatedAt: 900, leases: {}, periodFactor: 1 },
      scarceUntil: 1_000 + 2 * 900, // 900 tokens may be missing that no call has spent
    });
  });

  it("counts as unreachable while leases are unknown, but not where it has tokens, or has lent some", () => {
    const isUnreachable = (tokens: number, tokensNeeded: number) =>
      decide(restoredBucket(tokens, 5_000, LIMIT, 1_000), { tokensNeeded }, 2_000).grant.isUnreachable;
    expect([isUnreachable(0.5, 1), isUnreachable(100, 200), isUnreachable(60, 60)]).toEqual([true, undefined, undefined]);
  });

  it("goes on from the shares that isolates state, as far as they can have been lent", () => {
    const restored = restoredBucket(0, 5_000, LIMIT, 1_000);
    const first = decide(restored, { ...lent, shareHeld: { ratePerMs: 0.6, capacity: 300 } }, 2_000);
    expect(first.grant).toMatchObject({ sequence: 7, tokens: 0 });
    expect(first.grant.ratePerMs).toBeGreaterThan(0.4);
    expect(first.grant.ratePerMs).toBeLessThanOrEqual(0.6);
    expect(reservedByLeases(first.after.leases)).toEqual({ capacity: 1_000, ratePerMs: 1 });
    const second = decide(first.after, { ...lent, isolate: "b", shareHeld: { ratePerMs: 0.6, capacity: 900 } }, 2_000);
    expect(second.grant.ratePerMs).toBeLessThanOrEqual(0.4);
    expect(second.grant.capacity).toBeLessThanOrEqual(700);
    expect(reservedByLeases(second.after.leases).ratePerMs).toBeCloseTo(1, 9);
    const third = decide(second.after, { ...lent, isolate: "c", shareHeld: { ratePerMs: 0.6, capacity: 900 } }, 2_000);
    expect(third.grant).toMatchObject({ ratePerMs: 0, capacity: 0 });
  });

  it("takes no share from an isolate that uses no grant, or that has a lease already", () => {
    const restored = restoredBucket(0, 5_000, LIMIT, 1_000);
    const shareHeld = { ratePerMs: 0.6, capacity: 300 };
    expect(decide(restored, { ...lent, appliedSequence: 0, shareHeld }, 2_000).grant.ratePerMs).toBe(0);
    const once = decide(restored, { ...lent, shareHeld: { ratePerMs: 0.1, capacity: 50 } }, 2_000);
    expect(decide(once.after, { ...lent, sequence: 8, appliedSequence: 7, shareHeld }, 2_000).grant.ratePerMs).toBeLessThanOrEqual(0.1);
  });
});
