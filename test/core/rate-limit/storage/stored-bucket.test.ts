// What storage knows of a bucket: bounds, blocks and ends.
import { describe, expect, it } from "vitest";
import { grantLease } from "../../../../core/rate-limit/leased-bucket.ts";
import {
  EXACT,
  isBelow,
  isShort,
  LEASED,
  nextRow,
  rowlessCredit,
  storedFullAt,
  withoutDebt,
} from "../../../../core/rate-limit/storage/stored-bucket.ts";

const HOUR = { capacity: 1_000, rate: 1_000, intervalMs: 3_600_000 };
const tokens = (count: number) => count * HOUR.intervalMs;

describe("a bucket without a row", () => {
  it("fills within 10 s, or lacks a small part of a larger capacity", () => {
    expect([isShort({ capacity: 100, rate: 10, intervalMs: 1_000 }), isShort({ capacity: 101, rate: 10, intervalMs: 1_000 })]).toEqual([
      true,
      false,
    ]);
    expect(rowlessCredit({ capacity: 100, rate: 10, intervalMs: 1_000 })).toBe(0);
    expect(rowlessCredit(HOUR)).toBe(tokens(969));
    expect(rowlessCredit({ ...HOUR, capacity: 8 })).toBe(tokens(7));
  });

  it("is a full one where each token counts, and where the time of its last call does", () => {
    expect(rowlessCredit({ ...HOUR, capacity: 7 })).toBe(tokens(7));
    expect(rowlessCredit({ ...HOUR, compat: true })).toBe(tokens(1_000));
  });
});

describe("a stored bound", () => {
  it("is below a bucket that has its credit, and what the rate adds until the bucket lends nothing", () => {
    const stored = { credit: tokens(10), at: 0 };
    expect(isBelow(stored, { credit: tokens(10), at: 0 }, HOUR)).toBe(true);
    expect(isBelow(stored, { credit: tokens(10) - 1, at: 0 }, HOUR)).toBe(false);
    expect(isBelow(stored, { credit: tokens(10), at: 1 }, HOUR)).toBe(false);
    expect(isBelow(stored, { credit: tokens(11), at: 3_600 }, HOUR)).toBe(true);
    expect(isBelow(stored, { credit: tokens(10), at: -50 }, HOUR)).toBe(true);
    expect(isBelow(stored, { credit: tokens(20), at: 1 }, { ...HOUR, compat: true })).toBe(false);
  });

  it("of a bucket in debt is zero credit, later", () => {
    expect(withoutDebt({ credit: 5, at: 7 }, HOUR)).toEqual({ credit: 5, at: 7 });
    expect(withoutDebt({ credit: -1_500, at: 7 }, HOUR)).toEqual({ credit: 0, at: 9 });
  });

  it("is full when the rate has filled it, or two intervals after its last call", () => {
    expect(storedFullAt({ credit: tokens(999), at: 100 }, HOUR)).toBe(3_700);
    expect(storedFullAt({ credit: 0, at: 100 }, { ...HOUR, compat: true })).toBe(7_200_100);
  });
});

it("counts a block as taken: an eighth of what was taken so far, at most a 32nd of the capacity", () => {
  const bound = { credit: tokens(500), at: 9 };
  expect(nextRow(bound, HOUR, 7)).toEqual(bound);
  expect(nextRow(bound, HOUR, 16)).toEqual({ credit: tokens(498), at: 9 });
  expect(nextRow(bound, HOUR, 10_000)).toEqual({ credit: tokens(469), at: 9 });
  expect(nextRow(bound, { ...HOUR, compat: true }, 10_000)).toEqual(bound);
});

it("knows of an exact bucket all, and of a leased one its pool and the end of its leases", () => {
  const exact = { credit: 7, touchedAt: 9 };
  expect(EXACT.restore(EXACT.boundOf(exact, HOUR), HOUR, 20)).toEqual(exact);
  const limit = { capacity: 100, rate: 1, intervalMs: 1_000 };
  const demand = { demandPerMs: 0, peakDemandPerMs: 0, isDemandSteady: false };
  const [bucket] = grantLease(
    undefined,
    limit,
    { isolate: "a", sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded: 40, ...demand },
    0,
    0,
  );
  const bound = LEASED.boundOf(bucket, limit);
  expect(bound.credit).toBe(60_000);
  expect(bound.at).toBe(bucket.leases["a"]!.current.expiresAt);
  expect(LEASED.restore(bound, limit, bound.at)).toMatchObject({ tokens: 60, leases: {} });
  expect(Object.values(LEASED.restore(bound, limit, 0).leases)[0]!.current).toEqual({
    capacity: 40,
    ratePerMs: 0.001,
    expiresAt: bound.at,
  });
});
