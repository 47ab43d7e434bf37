// Debt: tokens that isolates spend before they are granted are charged to the pool, which goes at most one capacity below zero.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LeaseGrant, LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../core/rate-limit/lease-record.ts";
import { bucketEndsAt, grantLease, reservedByLeases } from "../../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";

const LIMIT: BucketLimit = { capacity: 10, rate: 10, intervalMs: 1_000 };
const REQUEST: LeaseRequest = {
  isolate: "a",
  sequence: 1,
  appliedSequence: 0,
  tokensHeld: 0,
  tokensNeeded: 0,
  demandPerMs: 0,
  peakDemandPerMs: 0,
  isDemandSteady: false,
};
const decide = (known: LeasedBucket | undefined, more: Partial<LeaseRequest>, now: number): [LeasedBucket, LeaseGrant] => {
  const [bucket, grant] = grantLease(known, LIMIT, { ...REQUEST, ...more }, now, 0.5);
  return [bucket, grant!];
};

describe("the debt of an isolate", () => {
  it("is charged before anything is granted", () => {
    const [bucket, grant] = decide(undefined, { tokensOwed: 4 }, 0);
    expect(bucket.tokens).toBe(6);
    expect(grant).toMatchObject({ tokens: 0, poolTokens: 6, retryAfterMs: 0 });
    expect(grant.tokensForgiven).toBeUndefined();
    expect(decide(undefined, { tokensOwed: 4, tokensNeeded: 7 }, 0)[1]).toMatchObject({ tokens: 0, retryAfterMs: 100 });
  });

  it("takes the pool one capacity below zero, and what would go deeper is forgiven", () => {
    const [bucket, grant] = decide(undefined, { tokensOwed: 25.5, tokensNeeded: 1 }, 0);
    expect(bucket.tokens).toBe(-10);
    expect(grant).toMatchObject({ tokens: 0, tokensForgiven: 5.5, poolTokens: 0, retryAfterMs: 1_100 });
  });

  it("is charged once if a request arrives twice, and again only as far as no received grant has settled it", () => {
    const [first] = decide(undefined, { tokensOwed: 4, settledSequence: 0 }, 0);
    expect(grantLease(first, LIMIT, { ...REQUEST, tokensOwed: 4, settledSequence: 0 }, 0, 0.5)[1]).toBeUndefined();
    const again = { sequence: 2, tokensOwed: 6 };
    const afterLoss = decide(first, { ...again, settledSequence: 0 }, 0)[0];
    expect(afterLoss.tokens).toBe(4);
    expect(decide(afterLoss, { sequence: 3, tokensOwed: 6, settledSequence: 0 }, 0)[0].tokens).toBe(4);
    expect(decide(afterLoss, { sequence: 3, tokensOwed: 1, settledSequence: 2 }, 0)[0].tokens).toBe(3);
    expect(decide(first, { ...again, settledSequence: 1 }, 0)[0].tokens).toBe(0);
    expect(decide(first, again, 0)[0].tokens).toBe(0); // an isolate that does not say what it received pays all of it
  });

  it("is no reason to forget the bucket before it is full again", () => {
    const [bucket] = decide(undefined, { tokensOwed: 20 }, 0);
    const [later] = decide(bucket, { isolate: "b" }, bucketEndsAt(bucket, LIMIT));
    expect(later.tokens).toBe(10);
  });

  it("leaves a quarter of the rate to the pool while it is below zero", () => {
    const large = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };
    const busy = { ...REQUEST, demandPerMs: 2, peakDemandPerMs: 2, isDemandSteady: true };
    expect(grantLease(undefined, large, { ...busy, tokensOwed: 1_500 }, 0, 0.5)[1]!.ratePerMs).toBeCloseTo(0.75, 9);
    expect(grantLease(undefined, large, { ...busy, tokensOwed: 900 }, 0, 0.5)[1]!.ratePerMs).toBeCloseTo(0.98, 9);
  });
});

const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 500 }),
  rate: fc.integer({ min: 1, max: 500 }),
  intervalMs: fc.constantFrom(100, 1_000, 10_000),
});
const requests = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3_000)),
    isolate: fc.constantFrom("a", "b", "c"),
    isReceived: fc.boolean(),
    tokensNeeded: fc.nat(20),
    tokensOwed: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 400, noNaN: true })),
    demandPerMs: fc.double({ min: 0, max: 2, noNaN: true }),
    isDemandSteady: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe("a pool", () => {
  it("stays between one capacity below zero and its capacity, and every token is granted, lent, earned, charged or forgiven", () => {
    fc.assert(
      fc.property(limits, requests, (limit, script) => {
        let now = 1_000;
        let bucket: LeasedBucket | undefined;
        const isolates = new Map<string, { sequence: number; settled: number }>();
        for (const { gapMs, isolate, isReceived, ...said } of script) {
          now += gapMs;
          const state = isolates.get(isolate) ?? { sequence: 0, settled: 0 };
          isolates.set(isolate, state);
          state.sequence += 1;
          const request: LeaseRequest = {
            ...{ ...said, isolate, sequence: state.sequence, settledSequence: state.settled, appliedSequence: state.settled },
            ...{ tokensHeld: 0, peakDemandPerMs: said.demandPerMs },
          };
          const before = bucket?.tokens ?? limit.capacity;
          const [after, grant] = grantLease(bucket, limit, request, now, 0.5);
          expect(after.tokens).toBeGreaterThanOrEqual(-limit.capacity);
          expect(after.tokens + reservedByLeases(after.leases).capacity).toBeLessThanOrEqual(limit.capacity + 1e-6);
          expect(grant!.poolTokens).toBe(Math.max(0, after.tokens));
          const forgiven = grant!.tokensForgiven ?? 0;
          expect(forgiven).toBeGreaterThanOrEqual(0);
          expect(forgiven).toBeLessThanOrEqual(said.tokensOwed);
          const earned = (gapMs * limit.rate) / limit.intervalMs;
          expect(after.tokens).toBeLessThanOrEqual(before + earned - grant!.tokens + 1e-6);
          if (grant!.tokens > 0) expect(after.tokens).toBeGreaterThanOrEqual(0); // nothing is granted out of a debt
          bucket = after;
          if (isReceived) state.settled = state.sequence;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("below zero gives a time after which it has the tokens needed, and 1 ms earlier it has not", () => {
    fc.assert(
      fc.property(limits, fc.double({ min: 0.1, max: 3, noNaN: true }), fc.nat(500), (limit, capacities, need) => {
        const tokensNeeded = Math.min(limit.capacity, Math.max(1, need));
        const owed: LeaseRequest = { ...REQUEST, tokensNeeded, tokensOwed: capacities * limit.capacity };
        const [bucket, grant] = grantLease(undefined, limit, owed, 0, 0.5);
        if (bucket.tokens >= 0) return;
        expect(grant!.tokens).toBe(0);
        const at = (now: number) => grantLease(bucket, limit, { ...REQUEST, isolate: "b", tokensNeeded }, now, 0.5)[1]!;
        expect(at(grant!.retryAfterMs + 1).tokens).toBeGreaterThanOrEqual(tokensNeeded); // 1 ms for rounding errors of the sums
        expect(at(grant!.retryAfterMs - 2).tokens).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
