// One ask and its grant, in figures: what is reserved, what is given, and what the pool has left.
import { describe, expect, it } from "vitest";
import type { Ask } from "../../../core/rate-limit/lease-messages.ts";
import { fullPool, GUARD_MS, goneAt, idleAt, lend, type Pool, reserved } from "../../../core/rate-limit/leased-bucket.ts";

const LIMIT = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 }; // 1 token per ms
const ASK: Ask = { isolate: "a", turn: 1, applied: 0, has: 0, need: 0, perMs: 0.1, peakPerMs: 0.1, isSteady: true };
const share = (perMs: number, capacity: number, until: number) => ({ perMs, capacity, until });
const loan = (more: Partial<Pool["loans"][string]> = {}): Pool["loans"][string] => ({
  ...{ turn: 1, demand: 0.1, seenUntil: 9_000, now: share(0.2, 100, 5_000), before: share(0, 0, 0) },
  ...more,
});
const poolOf = (loans: Pool["loans"], tokens = 500): Pool => ({ tokens, at: 1_000, loans, pace: 1 });

describe("lend", () => {
  it("reserves what it grants, with a guard for clocks, and leaves the rest in the pool", () => {
    const [pool, grant] = lend(undefined, LIMIT, ASK, 1_000, 0.5);
    expect(grant).toMatchObject({ turn: 1, lifeMs: 1_600, periodMs: 1_000, pauseMs: 0, retryAfterMs: 0 });
    expect(grant!.perMs).toBeCloseTo(0.13, 12);
    const mine = pool.loans["a"]!;
    expect(mine).toMatchObject({ turn: 1, demand: 0.1, seenUntil: 1_000 + 1_600 + GUARD_MS, before: { perMs: 0, capacity: 0, until: 0 } });
    expect(mine.now).toEqual({ perMs: grant!.perMs, capacity: grant!.capacity, until: 1_000 + 1_600 + GUARD_MS });
    expect(pool.tokens).toBe(grant!.left);
    expect(pool.tokens).toBeCloseTo(Math.min(1_000 - grant!.tokens, 1_000 - grant!.capacity), 9);
    expect(Number.isInteger(grant!.tokens)).toBe(true);
  });

  it("gives all that is needed, or nothing and a time to come back", () => {
    const full = poolOf({ b: loan({ demand: 0 }) }, 30);
    const [, enough] = lend(full, LIMIT, { ...ASK, need: 30, perMs: 0 }, 1_000, 0.5);
    expect(enough).toMatchObject({ tokens: 30, left: 0, retryAfterMs: 1 });
    const [after, refused] = lend(full, LIMIT, { ...ASK, need: 50, perMs: 0 }, 1_000, 0.5);
    expect(refused).toMatchObject({ tokens: 0, retryAfterMs: 20, pauseMs: 500, left: 30 });
    expect(after.loans["a"]!.seenUntil).toBe(1_000 + 1_600 + GUARD_MS);
  });

  it("counts what the isolate holds, as far as that was lent to it", () => {
    const mine = loan({ now: share(0.1, 40, 5_000) });
    const pool = poolOf({ a: mine }, 20);
    const asks = (has: number, need: number) => lend(pool, LIMIT, { ...ASK, turn: 2, applied: 1, has, need, perMs: 0 }, 1_000, 0.5)[1]!;
    expect(asks(40, 60).tokens).toBe(20);
    expect(asks(40, 61).tokens).toBe(0);
    expect(asks(40, 61).retryAfterMs).toBe(1);
    expect(asks(900, 61).tokens).toBe(0);
    expect(asks(39, 60).tokens).toBe(0);
  });

  it("goes on from the grant that the isolate lives on: the latest, or the one before where that never arrived", () => {
    const mine = loan({ turn: 4, now: share(0.4, 50, 5_000), before: share(0.1, 30, 4_000) });
    const next = (applied: number) => lend(poolOf({ a: mine }), LIMIT, { ...ASK, turn: 5, applied, has: 45 }, 1_000, 0.5)[0].loans["a"]!;
    expect(next(4).before).toEqual({ perMs: 0.4, capacity: 50, until: 5_000 });
    expect(next(3).before).toEqual({ perMs: 0.1, capacity: 30, until: 4_000 });
    const lapsed = loan({ turn: 4, now: share(0.4, 50, 900), before: share(0, 0, 0) });
    expect(lend(poolOf({ a: lapsed }), LIMIT, { ...ASK, turn: 5, applied: 4 }, 1_000, 0.5)[0].loans["a"]!.before.until).toBe(0);
  });

  it("never lends more rate or room than others leave", () => {
    const others = { b: loan({ now: share(0.95, 990, 5_000), demand: 0.9 }) };
    const [pool, grant] = lend(poolOf(others, 10), LIMIT, { ...ASK, perMs: 0.9, peakPerMs: 0.9 }, 1_000, 0.5);
    expect(grant!.perMs).toBeCloseTo(0.05, 9);
    expect(grant!.capacity).toBeLessThanOrEqual(10);
    expect(pool.tokens + reserved(pool.loans).capacity).toBeLessThanOrEqual(1_000);
    const crowded = { b: loan({ now: share(1.2, 1_200, 5_000) }) };
    expect(lend(poolOf(crowded, 0), LIMIT, ASK, 1_000, 0.5)[1]).toMatchObject({ perMs: 0, tokens: 0, capacity: 0, left: 0 });
  });

  it("answers each turn of an isolate once, and no older one", () => {
    const pool = poolOf({ a: loan({ turn: 4 }) });
    for (const turn of [3, 4]) {
      const [after, grant] = lend(pool, LIMIT, { ...ASK, turn }, 1_000, 0.5);
      expect(grant).toBeUndefined();
      expect(after.loans["a"]!.turn).toBe(4);
    }
    expect(lend(pool, LIMIT, { ...ASK, turn: 5 }, 1_000, 0.5)[1]?.turn).toBe(5);
  });

  it.each([{ need: -1 }, { has: -1 }, { perMs: -1 }])("names the mistake of %j", (more) =>
    expect(() => lend(undefined, LIMIT, { ...ASK, ...more }, 0, 0.5)).toThrow("an ask has no negative numbers"),
  );
});

describe("what a pool earns", () => {
  const look = { ...ASK, isolate: "z", perMs: 0, peakPerMs: 0 };
  const tokensAt = (pool: Pool, now: number): number => lend(pool, LIMIT, look, now, 0.5)[0].tokens;

  it("is the rate that is not lent, as far as there is room beside what is lent", () => {
    expect(tokensAt(poolOf({}), 1_100)).toBe(600);
    expect(tokensAt(poolOf({ b: loan() }), 1_100)).toBeCloseTo(580, 9);
    expect(tokensAt(poolOf({ b: loan() }, 890), 1_100)).toBe(900);
    expect(tokensAt(poolOf({}), 900)).toBe(500);
    expect(tokensAt(poolOf({ b: loan({ now: share(2, 100, 5_000) }) }), 1_100)).toBe(500);
  });

  it("takes back a share when it lapses, to the ms", () => {
    const pool = poolOf({ b: loan({ now: share(0.2, 100, 1_050) }) }, 890);
    expect(tokensAt(pool, 1_049)).toBe(900);
    expect(tokensAt(pool, 1_060)).toBe(910);
    const both = poolOf({ b: loan({ now: share(0.2, 100, 1_050), before: share(0.5, 300, 1_030) }) }, 0);
    expect(tokensAt(both, 1_030)).toBeCloseTo(15, 9);
    expect(tokensAt(both, 1_050)).toBeCloseTo(15 + 16, 9);
    expect(tokensAt(both, 1_060)).toBeCloseTo(15 + 16 + 10, 9);
  });

  it("hurries once rates have lapsed while it is busy", () => {
    const busy = { ...ASK, isolate: "z", perMs: 0.9, peakPerMs: 0.9 };
    const pool = poolOf({ b: loan({ now: share(0.5, 100, 1_050) }) });
    expect(lend(pool, LIMIT, busy, 1_040, 0.5)[0].pace).toBe(1);
    expect(lend(pool, LIMIT, busy, 1_050, 0.5)[0].pace).toBeLessThan(1);
  });

  it("forgets isolates that were not seen for longer than their life", () => {
    const pool = poolOf({ b: loan({ seenUntil: 1_200, now: share(0.2, 100, 1_050) }) });
    expect(Object.keys(lend(pool, LIMIT, look, 1_199, 0.5)[0].loans)).toEqual(["b", "z"]);
    expect(lend(pool, LIMIT, look, 1_199, 0.5)[0].loans["b"]!.now).toEqual(share(0, 0, 0));
    const later = poolOf({ b: loan({ seenUntil: 1_200, now: share(0.2, 100, 1_200) }) });
    expect(Object.keys(lend(later, LIMIT, look, 1_200, 0.5)[0].loans)).toEqual(["z"]);
  });
});

describe("the ends of loans and pools", () => {
  it("count the last of what may be spent", () => {
    expect(goneAt(loan({ now: share(1, 1, 5), before: share(1, 1, 9), seenUntil: 7 }))).toBe(9);
    expect(goneAt(loan({ now: share(1, 1, 5), before: share(1, 1, 4), seenUntil: 7 }))).toBe(7);
    expect(goneAt(loan({ now: share(1, 1, 8), before: share(1, 1, 4), seenUntil: 7 }))).toBe(8);
  });

  it("of a pool are when it is full after the last share has lapsed", () => {
    expect(idleAt(fullPool(LIMIT, 50), LIMIT)).toBe(50 + 1_000 + 1);
    expect(idleAt(poolOf({ a: loan(), b: loan({ now: share(1, 1, 2), before: share(1, 1, 7_000) }) }), LIMIT)).toBe(7_000 + 1_000 + 1);
    expect(idleAt(poolOf({ a: loan() }), { ...LIMIT, rate: 3 })).toBe(5_000 + Math.ceil(1_000_000 / 3) + 1);
  });

  it("reserve the larger of both shares of each isolate", () => {
    const loans = {
      a: loan({ now: share(0.2, 10, 1), before: share(0.1, 50, 1) }),
      b: loan({ now: share(0, 5, 1), before: share(0.3, 1, 1) }),
    };
    expect(reserved(loans)).toEqual({ capacity: 55, perMs: 0.5 });
    expect(reserved({})).toEqual({ capacity: 0, perMs: 0 });
  });
});
