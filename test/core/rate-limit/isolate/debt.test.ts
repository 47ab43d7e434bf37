import { describe, expect, it } from "vitest";
import { collectMs, debtBound, debtLimitOf, poolAtMost, sharedDebtAtMost } from "../../../../core/rate-limit/isolate/debt.ts";

const limit = (capacity: number) => ({ capacity, rate: 50, intervalMs: 1_000 });

describe("the debt of an isolate", () => {
  it.each([
    [1, 1],
    [19, 19],
    [20, 20],
    [83, 20],
    [84, 21],
    [100, 25],
    [103, 25],
    [1_000_000, 250_000],
  ])("for a caller with a capacity of %i is at most %i", (capacity, tokens) => {
    expect(debtLimitOf(limit(capacity), false)).toEqual({ tokens, ratePerMs: 0.05 });
  });

  it.each([
    [1, 1],
    [5, 5],
    [6, 6],
    [1_000_000, 6],
  ])("is one token for a key that all callers share, with a capacity of %i at most %i later", (capacity, warmTokens) => {
    expect(debtLimitOf(limit(capacity), true)).toEqual({ tokens: 1, ratePerMs: 0.05, warmTokens });
  });
});

describe("what an isolate may owe of a key that all callers share", () => {
  const shared = debtLimitOf(limit(100), true);

  it("is d before a grant has said how many isolates have calls for it", () => {
    expect(debtBound(shared, undefined, 0)).toEqual({ tokens: 1, isShare: false });
    expect(debtBound(shared, { tokens: 100, at: 0 }, 0)).toEqual({ tokens: 1, isShare: false });
  });

  it.each([
    { tokens: 100, lessees: 40, may: 6, isShare: false },
    { tokens: 60, lessees: 40, may: 6, isShare: false },
    { tokens: 50, lessees: 40, may: 5, isShare: true },
    { tokens: 10, lessees: 40, may: 1, isShare: true },
    { tokens: 9, lessees: 40, may: 1, isShare: true },
    { tokens: 0, lessees: 40, may: 1, isShare: true },
    { tokens: -100, lessees: 40, may: 1, isShare: true },
    { tokens: 1, lessees: 1, may: 4, isShare: true },
  ])("is four times its share of what the grant left: of $tokens for $lessees isolates $may", ({ may, isShare, ...pool }) => {
    expect(debtBound(shared, { ...pool, at: 5_000 }, 5_000)).toEqual({ tokens: may, isShare });
  });

  it("counts for ten seconds, and from the end of a pause", () => {
    const pool = { tokens: 100, at: 5_000, lessees: 1 };
    expect(debtBound(shared, pool, 15_000).tokens).toBe(6);
    expect(debtBound(shared, pool, 15_001).tokens).toBe(1);
    expect(debtBound(shared, pool, 4_000).tokens).toBe(6);
  });

  it("is d for the keys of callers, however many isolates there are", () => {
    const pool = { tokens: 100, at: 0, lessees: 1_000 };
    expect(debtBound(debtLimitOf(limit(100), false), pool, 0)).toEqual({ tokens: 25, isShare: false });
  });

  it.each([
    [1, 6],
    [66, 396],
    [67, 401], // the 67th: 4 x 100 / 67
    [10_000, 10_714],
  ])("is in %i isolates that start together at most %i tokens", (isolates, tokens) => {
    expect(sharedDebtAtMost(limit(100), isolates)).toBe(tokens);
  });
});

describe("the tokens that the Durable Object can have at most", () => {
  it("are any number before the first grant", () => expect(poolAtMost(undefined, 0.05, 7)).toBe(Number.POSITIVE_INFINITY));

  it("are those of the latest grant, and what the bucket has earned since", () => {
    const pool = { tokens: 7, at: 1_000 };
    expect(poolAtMost(pool, 0.5, 1_000)).toBe(7);
    expect(poolAtMost(pool, 0.5, 1_010)).toBe(12);
    expect(poolAtMost(pool, 0.5, 900)).toBe(7); // during a pause, and where the clock was set back
  });
});

describe("a request in the background", () => {
  const debt = { tokens: 24, ratePerMs: 0.05 };

  it.each([
    { unsentDebt: 1, isEmpty: false, ms: 150 },
    { unsentDebt: 3, isEmpty: false, ms: 150 },
    { unsentDebt: 4, isEmpty: false, ms: 5 },
    { unsentDebt: 1, isEmpty: true, ms: 5 },
    { unsentDebt: 0, isEmpty: false, ms: 5 }, // a renewal
  ])("with a debt of $unsentDebt waits $ms ms for others, bucket empty: $isEmpty", ({ ms, ...lease }) => {
    expect(collectMs(lease, debt)).toBe(ms);
  });

  it("never waits for a key that all callers share, where each isolate owes one token", () => {
    expect(collectMs({ unsentDebt: 1, isEmpty: false }, debtLimitOf(limit(100), true))).toBe(5);
  });
});
