// One request and its grant, in figures: the reserved, granted and remaining tokens.
import { describe, expect, it } from "vitest";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../core/rate-limit/lease-record.ts";
import {
  bucketEndsAt,
  CLOCK_GUARD_MS,
  fullLeasedBucket,
  grantLease,
  leaseEndsAt,
  reservedByLeases,
} from "../../../core/rate-limit/leased-bucket.ts";

const LIMIT = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 }; // 1 token per ms
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
const share = (ratePerMs: number, capacity: number, expiresAt: number) => ({ ratePerMs, capacity, expiresAt });
const loan = (more: Partial<LeasedBucket["leases"][string]> = {}): LeasedBucket["leases"][string] => ({
  ...{ sequence: 1, demandPerMs: 0.1, activeUntil: 9_000, current: share(0.2, 100, 5_000), previous: share(0, 0, 0) },
  ...more,
});
const poolOf = (loans: LeasedBucket["leases"], tokens = 500): LeasedBucket => ({
  tokens,
  updatedAt: 1_000,
  leases: loans,
  periodFactor: 1,
});

describe("lend", () => {
  it("reserves what it grants, with a guard for clocks, and leaves the rest in the pool", () => {
    const [pool, grant] = grantLease(undefined, LIMIT, REQUEST, 1_000, 0.5);
    expect(grant).toMatchObject({ sequence: 1, lifetimeMs: 1_600, renewAfterMs: 1_000, pauseMs: 0, retryAfterMs: 0 });
    expect(grant!.ratePerMs).toBeCloseTo(0.13, 12);
    const mine = pool.leases["a"]!;
    expect(mine).toMatchObject({
      sequence: 1,
      demandPerMs: 0.1,
      activeUntil: 1_000 + 1_600 + CLOCK_GUARD_MS,
      previous: { ratePerMs: 0, capacity: 0, expiresAt: 0 },
    });
    expect(mine.current).toEqual({ ratePerMs: grant!.ratePerMs, capacity: grant!.capacity, expiresAt: 1_000 + 1_600 + CLOCK_GUARD_MS });
    expect(pool.tokens).toBe(grant!.poolTokens);
    expect(pool.tokens).toBeCloseTo(Math.min(1_000 - grant!.tokens, 1_000 - grant!.capacity), 9);
    expect(Number.isInteger(grant!.tokens)).toBe(true);
  });

  it("grants a part of what several calls wait for, where that is enough for one of them", () => {
    const small = { capacity: 20, rate: 10, intervalMs: 1_000 };
    const many: LeaseRequest = { ...REQUEST, demandPerMs: 0, peakDemandPerMs: 0, tokensNeeded: 30, leastNeeded: 5 };
    const [rest, first] = grantLease(poolOf({}, 8), small, many, 1_000, 0.5);
    expect(first!.tokens).toBe(8);
    expect(first!.pauseMs).toBeGreaterThan(0); // the other calls are refused
    expect(first!.retryAfterMs).toBeGreaterThanOrEqual(500); // until there are 5 more
    const [, second] = grantLease(rest, small, { ...many, isolate: "b" }, 1_000, 0.5);
    expect(second!.tokens).toBe(0);
    expect(grantLease(poolOf({}, 4), small, many, 1_000, 0.5)[1]!.tokens).toBe(0); // no call can use them
    expect(grantLease(poolOf({}, 8), small, { ...many, leastNeeded: undefined } as never, 1_000, 0.5)[1]!.tokens).toBe(0);
  });

  it("reserves a share in use for as long as it lasts, also if a shorter one was granted since and may be lost", () => {
    const before = poolOf({ b: loan({ activeUntil: 2_000, current: share(0.1, 50, 2_000), previous: share(0.2, 100, 5_000) }) });
    const [after] = grantLease(before, LIMIT, REQUEST, 3_000, 0.5);
    expect(reservedByLeases({ b: after.leases["b"]! })).toEqual({ capacity: 100, ratePerMs: 0.2 });
    expect(Object.keys(grantLease(after, LIMIT, { ...REQUEST, sequence: 2 }, 5_000, 0.5)[0].leases)).toEqual(["a"]);
  });

  it("gives all that is needed, or nothing and a time to come back", () => {
    const full = poolOf({ b: loan({ demandPerMs: 0 }) }, 30);
    const [, enough] = grantLease(full, LIMIT, { ...REQUEST, tokensNeeded: 30, demandPerMs: 0 }, 1_000, 0.5);
    expect(enough).toMatchObject({ tokens: 30, poolTokens: 0, retryAfterMs: 2 }); // 0.2 of the rate is lent
    const [after, refused] = grantLease(full, LIMIT, { ...REQUEST, tokensNeeded: 50, demandPerMs: 0 }, 1_000, 0.5);
    expect(refused).toMatchObject({ tokens: 0, retryAfterMs: 25, pauseMs: 500, poolTokens: 30 });
    expect(after.leases["a"]!.activeUntil).toBe(1_000 + 1_600 + CLOCK_GUARD_MS);
  });

  it("counts what the isolate holds, as far as that was lent to it", () => {
    const mine = loan({ current: share(0.1, 40, 5_000) });
    const pool = poolOf({ a: mine }, 20);
    const granted = (has: number, need: number) =>
      grantLease(
        pool,
        LIMIT,
        { ...REQUEST, sequence: 2, appliedSequence: 1, tokensHeld: has, tokensNeeded: need, demandPerMs: 0 },
        1_000,
        0.5,
      )[1]!;
    expect(granted(40, 60).tokens).toBe(20);
    expect(granted(40, 61).tokens).toBe(0);
    expect(granted(40, 61).retryAfterMs).toBe(2);
    expect(granted(900, 61).tokens).toBe(0);
    expect(granted(39, 60).tokens).toBe(0);
  });

  it.each([
    { name: "without a rate, only what it still has", ratePerMs: 0, lessees: 2, reserved: 12 },
    { name: "with a rate, the whole share: what has been spent comes back", ratePerMs: 0.01, lessees: 2, reserved: 50 },
    { name: "that lends nothing on, the whole share", ratePerMs: 0, lessees: undefined, reserved: 50 },
  ])("reserves for a lessee $name", ({ ratePerMs, lessees, reserved }) => {
    const before = poolOf({ a: loan({ sequence: 4, current: share(ratePerMs, 50, 5_000) }) });
    const lendsOn = lessees === undefined ? {} : { lessees, capacityLent: 5 };
    const [after] = grantLease(before, LIMIT, { ...REQUEST, sequence: 5, appliedSequence: 4, tokensHeld: 7, ...lendsOn }, 1_000, 0.5);
    expect(after.leases["a"]!.previous.capacity).toBe(reserved);
  });

  it("goes on from the grant that the isolate lives on: the latest, or the one before where that never arrived", () => {
    const mine = loan({ sequence: 4, current: share(0.4, 50, 5_000), previous: share(0.1, 30, 4_000) });
    const next = (applied: number) =>
      grantLease(poolOf({ a: mine }), LIMIT, { ...REQUEST, sequence: 5, appliedSequence: applied, tokensHeld: 45 }, 1_000, 0.5)[0].leases[
        "a"
      ]!;
    expect(next(4).previous).toEqual({ ratePerMs: 0.4, capacity: 50, expiresAt: 5_000 });
    expect(next(3).previous).toEqual({ ratePerMs: 0.1, capacity: 30, expiresAt: 4_000 });
    const lapsed = loan({ sequence: 4, current: share(0.4, 50, 900), previous: share(0, 0, 0) });
    expect(
      grantLease(poolOf({ a: lapsed }), LIMIT, { ...REQUEST, sequence: 5, appliedSequence: 4 }, 1_000, 0.5)[0].leases["a"]!.previous
        .expiresAt,
    ).toBe(0);
  });

  it("never lends more rate or room than others leave", () => {
    const others = { b: loan({ current: share(0.95, 990, 5_000), demandPerMs: 0.9 }) };
    const [pool, grant] = grantLease(poolOf(others, 10), LIMIT, { ...REQUEST, demandPerMs: 0.9, peakDemandPerMs: 0.9 }, 1_000, 0.5);
    expect(grant!.ratePerMs).toBeCloseTo(0.05, 9);
    expect(grant!.capacity).toBeLessThanOrEqual(10);
    expect(pool.tokens + reservedByLeases(pool.leases).capacity).toBeLessThanOrEqual(1_000);
    const crowded = { b: loan({ current: share(1.2, 1_200, 5_000) }) };
    expect(grantLease(poolOf(crowded, 0), LIMIT, REQUEST, 1_000, 0.5)[1]).toMatchObject({
      ratePerMs: 0,
      tokens: 0,
      capacity: 0,
      poolTokens: 0,
    });
  });

  it("answers each turn of an isolate once, and no older one", () => {
    const pool = poolOf({ a: loan({ sequence: 4 }) });
    for (const turn of [3, 4]) {
      const [after, grant] = grantLease(pool, LIMIT, { ...REQUEST, sequence: turn }, 1_000, 0.5);
      expect(grant).toBeUndefined();
      expect(after.leases["a"]!.sequence).toBe(4);
    }
    expect(grantLease(pool, LIMIT, { ...REQUEST, sequence: 5 }, 1_000, 0.5)[1]?.sequence).toBe(5);
  });

  it.each([{ tokensNeeded: -1 }, { tokensHeld: -1 }, { demandPerMs: -1 }])("rejects %j", (more) =>
    expect(() => grantLease(undefined, LIMIT, { ...REQUEST, ...more }, 0, 0.5)).toThrow("a lease request has no negative numbers"),
  );
});

describe("what a pool earns", () => {
  const look = { ...REQUEST, isolate: "z", demandPerMs: 0, peakDemandPerMs: 0 };
  const tokensAt = (pool: LeasedBucket, now: number): number => grantLease(pool, LIMIT, look, now, 0.5)[0].tokens;

  it("is the rate that is not lent, as far as there is room beside what is lent", () => {
    expect(tokensAt(poolOf({}), 1_100)).toBe(600);
    expect(tokensAt(poolOf({ b: loan() }), 1_100)).toBeCloseTo(580, 9);
    expect(tokensAt(poolOf({ b: loan() }, 890), 1_100)).toBe(900);
    expect(tokensAt(poolOf({}), 900)).toBe(500);
    expect(tokensAt(poolOf({ b: loan({ current: share(2, 100, 5_000) }) }), 1_100)).toBe(500);
  });

  it("takes back a share when it lapses, to the ms", () => {
    const pool = poolOf({ b: loan({ current: share(0.2, 100, 1_050) }) }, 890);
    expect(tokensAt(pool, 1_049)).toBe(900);
    expect(tokensAt(pool, 1_060)).toBe(910);
    const both = poolOf({ b: loan({ current: share(0.2, 100, 1_050), previous: share(0.5, 300, 1_030) }) }, 0);
    expect(tokensAt(both, 1_030)).toBeCloseTo(15, 9);
    expect(tokensAt(both, 1_050)).toBeCloseTo(15 + 16, 9);
    expect(tokensAt(both, 1_060)).toBeCloseTo(15 + 16 + 10, 9);
  });

  it("hurries once rates have lapsed while it is busy", () => {
    const busy = { ...REQUEST, isolate: "z", demandPerMs: 0.9, peakDemandPerMs: 0.9 };
    const pool = poolOf({ b: loan({ current: share(0.5, 100, 1_050) }) });
    expect(grantLease(pool, LIMIT, busy, 1_040, 0.5)[0].periodFactor).toBe(1);
    expect(grantLease(pool, LIMIT, busy, 1_050, 0.5)[0].periodFactor).toBeLessThan(1);
  });

  it("forgets isolates that were not seen for longer than their life", () => {
    const pool = poolOf({ b: loan({ activeUntil: 1_200, current: share(0.2, 100, 1_050) }) });
    expect(Object.keys(grantLease(pool, LIMIT, look, 1_199, 0.5)[0].leases)).toEqual(["b", "z"]);
    expect(grantLease(pool, LIMIT, look, 1_199, 0.5)[0].leases["b"]!.current).toEqual(share(0, 0, 0));
    const later = poolOf({ b: loan({ activeUntil: 1_200, current: share(0.2, 100, 1_200) }) });
    expect(Object.keys(grantLease(later, LIMIT, look, 1_200, 0.5)[0].leases)).toEqual(["z"]);
  });
});

describe("the ends of loans and pools", () => {
  it("count the last of what may be spent", () => {
    expect(leaseEndsAt(loan({ current: share(1, 1, 5), previous: share(1, 1, 9), activeUntil: 7 }))).toBe(9);
    expect(leaseEndsAt(loan({ current: share(1, 1, 5), previous: share(1, 1, 4), activeUntil: 7 }))).toBe(7);
    expect(leaseEndsAt(loan({ current: share(1, 1, 8), previous: share(1, 1, 4), activeUntil: 7 }))).toBe(8);
  });

  it("of a pool are when it is full after the last share has lapsed", () => {
    expect(bucketEndsAt(fullLeasedBucket(LIMIT, 50), LIMIT)).toBe(50 + 1_000 + 1);
    expect(bucketEndsAt(poolOf({ a: loan(), b: loan({ current: share(1, 1, 2), previous: share(1, 1, 7_000) }) }), LIMIT)).toBe(
      7_000 + 1_000 + 1,
    );
    expect(bucketEndsAt(poolOf({ a: loan() }), { ...LIMIT, rate: 3 })).toBe(5_000 + Math.ceil(1_000_000 / 3) + 1);
  });

  it("reserve the larger of both shares of each isolate", () => {
    const loans = {
      a: loan({ current: share(0.2, 10, 1), previous: share(0.1, 50, 1) }),
      b: loan({ current: share(0, 5, 1), previous: share(0.3, 1, 1) }),
    };
    expect(reservedByLeases(loans)).toEqual({ capacity: 55, ratePerMs: 0.5 });
    expect(reservedByLeases({})).toEqual({ capacity: 0, ratePerMs: 0 });
  });
});
