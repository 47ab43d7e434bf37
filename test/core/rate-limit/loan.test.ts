// The share that one request gets. What follows from it for the bucket is in grant-lease.test.ts.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import { type LeasedBucket, NOTHING } from "../../../core/rate-limit/lease-record.ts";
import { bucketDemand } from "../../../core/rate-limit/lease-sizing.ts";
import { appliedShare, loanOf, ownRateMs, stillHeld } from "../../../core/rate-limit/loan.ts";
import { ROOT_TERMS } from "../../../core/rate-limit/region/lender-terms.ts";

const LIMIT = { capacity: 10, rate: 10, intervalMs: 1_000 };
const REQUEST: LeaseRequest = {
  ...{ isolate: "a", sequence: 2, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 0 },
  ...{ demandPerMs: 0, peakDemandPerMs: 0, isDemandSteady: false },
};
const share = (capacity: number, ratePerMs = 0) => ({ ratePerMs, capacity, expiresAt: 1_000 });
const loan = (tokens: number, more: Partial<LeaseRequest>, reservedCapacity = 0, heldBefore = 0) => {
  const bucket: LeasedBucket = { tokens, updatedAt: 0, leases: {}, periodFactor: 1 };
  const request = { ...REQUEST, ...more };
  const demand = bucketDemand(LIMIT, [], request, bucket, 0);
  const reserved = { capacity: reservedCapacity, ratePerMs: 0 };
  return loanOf(bucket, LIMIT, request, { demand, reserved, applied: share(heldBefore), heldBefore, lentOn: 0 }, ROOT_TERMS);
};

describe("a loan", () => {
  it("is what calls need, and no more than the pool has and other isolates leave", () => {
    expect(loan(10, { tokensNeeded: 4 })).toMatchObject({ tokens: 4, held: 4, capacity: 4, left: 6, isRefused: false });
    expect(loan(3.5, { tokensNeeded: 4 })).toMatchObject({ tokens: 0, held: 0, isRefused: true });
    expect(loan(10, { tokensNeeded: 4 }, 8)).toMatchObject({ tokens: 0, isRefused: true });
    expect(loan(2, { tokensNeeded: 4 }, 0, 2)).toMatchObject({ tokens: 2, held: 4, left: 0, isRefused: false });
    expect(loan(-3, { tokensNeeded: 1 })).toMatchObject({ tokens: 0, left: -3, isRefused: true });
  });

  it("is a part of it, if some of the calls can use that", () => {
    expect(loan(3.5, { tokensNeeded: 4, leastNeeded: 3 })).toMatchObject({ tokens: 3, held: 3, isRefused: true });
    expect(loan(2.5, { tokensNeeded: 4, leastNeeded: 3 })).toMatchObject({ tokens: 0, held: 0, isRefused: true });
    expect(loan(2.5, { tokensNeeded: 4, leastNeeded: 3, lessees: 2 })).toMatchObject({ tokens: 2, held: 2, isRefused: true }); // its lessees can
  });
});

describe("the share in use", () => {
  const record = { sequence: 7, demandPerMs: 0, activeUntil: 0, current: share(5), previous: share(3) };

  it("is the one that the request acknowledges, else the one before it", () => {
    expect(appliedShare(undefined, REQUEST)).toBe(NOTHING);
    expect(appliedShare(record, { ...REQUEST, appliedSequence: 7 })).toBe(record.current);
    expect(appliedShare(record, { ...REQUEST, appliedSequence: 6 })).toBe(record.previous);
  });

  it("may fill again up to its capacity, but not where it has no rate and its lessee reports what it has lent on", () => {
    expect(stillHeld(share(5), 3, REQUEST)).toBe(5);
    expect(stillHeld(share(5), 6, REQUEST)).toBe(6);
    expect(stillHeld(share(5), 3, { ...REQUEST, lessees: 2 })).toBe(3);
    expect(stillHeld(share(5, 0.1), 3, { ...REQUEST, lessees: 2 })).toBe(5);
  });
});

it("says when a rate that is lent brings tokens, if the isolate may hold as many", () => {
  const of = (ratePerMs: number, capacity: number) =>
    ownRateMs({ ratePerMs, capacity, held: 1, tokens: 0, left: 0, chunk: 0, isRefused: true }, 3);
  expect([of(0.01, 4), of(0.01, 3.9), of(0, 4)]).toEqual([300, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
