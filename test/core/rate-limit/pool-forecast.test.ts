// When a pool will have tokens: as the pool itself earns them, over the ends of leases.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LeasedBucket, LeaseRecord } from "../../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../../core/rate-limit/leased-bucket.ts";
import { msUntilPoolHas } from "../../../core/rate-limit/pool-forecast.ts";

const LIMIT = { capacity: 100, rate: 100, intervalMs: 1_000 };
const share = (ratePerMs: number, capacity: number, expiresAt: number) => ({ ratePerMs, capacity, expiresAt });
const NOTHING = share(0, 0, 0);
const lease = (current: ReturnType<typeof share>, previous = NOTHING): LeaseRecord => ({
  ...{ sequence: 1, demandPerMs: 0, activeUntil: Math.max(current.expiresAt, previous.expiresAt), current, previous },
});
const bucket = (tokens: number, ...leases: LeaseRecord[]): LeasedBucket => ({
  ...{ tokens, updatedAt: 1_000, periodFactor: 1, leases: Object.fromEntries(leases.map((one, index) => [`i${index}`, one])) },
});

describe("msUntilPoolHas", () => {
  it("is nothing for tokens that are there, and the time of the rate for others", () => {
    expect(msUntilPoolHas(5, bucket(5), LIMIT)).toBe(0);
    expect(msUntilPoolHas(5, bucket(4), LIMIT)).toBe(10);
    expect(msUntilPoolHas(5, bucket(-10), LIMIT)).toBe(150);
  });

  it("counts the part of the rate that is not lent, until the lease ends", () => {
    expect(msUntilPoolHas(5, bucket(0, lease(share(0.05, 10, 9_000))), LIMIT)).toBe(100);
    expect(msUntilPoolHas(5, bucket(0, lease(share(0.1, 10, 1_040))), LIMIT)).toBe(90);
    expect(msUntilPoolHas(5, bucket(0, lease(share(0.05, 10, 1_040), share(0.1, 10, 1_020))), LIMIT)).toBe(20 + 20 + 40);
  });

  it("waits for room where capacity is lent", () => {
    expect(msUntilPoolHas(50, bucket(20, lease(share(0, 80, 1_500))), LIMIT)).toBe(500 + 300);
    expect(msUntilPoolHas(20, bucket(10, lease(share(0, 80, 1_500))), LIMIT)).toBe(100);
  });

  it("is right to the ms, whatever leases there are", () => {
    const shares = fc
      .tuple(fc.double({ min: 0, max: 0.03, noNaN: true }), fc.nat(25), fc.integer({ min: 1_001, max: 4_000 }))
      .map(([rate, capacity, expiresAt]) => share(rate, capacity, expiresAt));
    const leases = fc.array(fc.tuple(shares, fc.oneof(fc.constant(NOTHING), shares)), { maxLength: 3 });
    fc.assert(
      fc.property(leases, fc.integer({ min: -100, max: 20 }), fc.integer({ min: 1, max: 100 }), (lent, before, tokens) => {
        const known = bucket(before, ...lent.map(([current, previous]) => lease(current, previous)));
        const ms = msUntilPoolHas(tokens, known, LIMIT);
        const demand = { demandPerMs: 0, peakDemandPerMs: 0, isDemandSteady: false };
        const request = { isolate: "z", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: tokens, ...demand };
        const granted = (at: number) => grantLease(known, LIMIT, request, at, 0.5)[1]!.tokens;
        expect(granted(1_000 + ms + 1)).toBeGreaterThanOrEqual(tokens); // 1 ms for rounding errors of the sums
        if (ms > 1) expect(granted(1_000 + ms - 2)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
