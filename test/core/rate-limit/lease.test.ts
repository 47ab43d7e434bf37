// The isolate's half of a split bucket, step by step: what it may spend, when it asks, and what it says meanwhile.
import { describe, expect, it } from "vitest";
import { Lease } from "../../../core/rate-limit/lease.ts";
import type { Grant } from "../../../core/rate-limit/lease-messages.ts";

const NOW = 1_000_000;
const GRANT: Omit<Grant, "turn"> = {
  ...{ tokens: 10, perMs: 0.01, capacity: 20, lifeMs: 1_000, periodMs: 400, pauseMs: 0, retryAfterMs: 0, left: 7 },
};

/** A lease that was granted this at `NOW`, in answer to an ask of the same time. */
function leased(more: Partial<Grant> = {}, lease = new Lease(), now = NOW): Lease {
  const { turn } = lease.ask("i", 0, now);
  lease.granted({ ...GRANT, turn, ...more }, now, now);
  return lease;
}

describe("what a lease may spend", () => {
  it("is nothing before the first grant: the object has to be asked", () => {
    const lease = new Lease();
    expect(lease.spend(1, NOW)).toEqual({ kind: "ask" });
    expect(lease.remaining(NOW)).toBe(0);
    expect(lease.holds(NOW)).toEqual({ capacity: 0, perMs: 0 });
  });

  it("is what was granted, and what its rate brings, up to its capacity", () => {
    const lease = leased();
    expect(lease.holds(NOW)).toEqual({ capacity: 20, perMs: 0.01 });
    expect(lease.remaining(NOW)).toBe(10);
    expect(lease.spend(10, NOW)).toEqual({ kind: "spent" });
    expect(lease.spend(1, NOW)).toEqual({ kind: "ask" });
    expect(lease.spend(1, NOW + 99)).toEqual({ kind: "ask" });
    expect(lease.spend(1, NOW + 100)).toEqual({ kind: "spent" });
    expect(leased({ perMs: 1 }).remaining(NOW + 500)).toBe(20);
    expect(leased({ tokens: 30 }).remaining(NOW)).toBe(20);
  });

  it("lapses with the life of the grant, counted from when the ask was sent", () => {
    const lease = leased();
    expect(lease.remaining(NOW + 999)).toBe(19);
    expect(lease.holds(NOW + 999)).toEqual({ capacity: 20, perMs: 0.01 });
    expect(lease.holds(NOW + 1_000)).toEqual({ capacity: 0, perMs: 0 });
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    expect(lease.spend(1, NOW + 1_000)).toEqual({ kind: "ask" });
    const late = new Lease();
    const { turn } = late.ask("i", 0, NOW);
    late.granted({ ...GRANT, turn }, NOW, NOW + 300);
    expect(late.holds(NOW + 999).capacity).toBe(20);
    expect(late.holds(NOW + 1_000).capacity).toBe(0);
  });

  it("promises what the pool had, too, where no rate is lent", () => {
    expect(leased({ perMs: 0 }).remaining(NOW)).toBe(17);
    expect(leased({ perMs: 0.001 }).remaining(NOW)).toBe(10);
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

  it("heeds the grant for its latest ask alone", () => {
    const lease = new Lease();
    const first = lease.ask("i", 0, NOW);
    const second = lease.ask("i", 0, NOW);
    expect([first.turn, second.turn]).toEqual([1, 2]);
    lease.granted({ ...GRANT, turn: first.turn }, NOW, NOW);
    expect(lease.remaining(NOW)).toBe(0);
    lease.granted(undefined, NOW, NOW);
    expect(lease.isAsking(NOW)).toBe(true);
    lease.granted({ ...GRANT, turn: second.turn }, NOW, NOW);
    expect(lease.remaining(NOW)).toBe(10);
    expect(lease.isAsking(NOW)).toBe(false);
  });
});

describe("a refusal", () => {
  const refusal = (more: Partial<Grant>, cost = 1, atMs = 0) => leased({ tokens: 0, ...more }).spend(cost, NOW + atMs);

  it("is made while the pool has said to pause, and not after", () => {
    expect(refusal({ pauseMs: 300, perMs: 0 }, 1, 299).kind).toBe("refused");
    expect(refusal({ pauseMs: 300, perMs: 0 }, 1, 300).kind).toBe("ask");
    expect(refusal({ pauseMs: 0, perMs: 0 }).kind).toBe("ask");
  });

  it("says when its own rate brings the tokens, or when the pool has them, whichever is sooner, at least 1 ms", () => {
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, perMs: 0.01 })).toEqual({ kind: "refused", retryAfterMs: 100 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, perMs: 0.03 })).toEqual({ kind: "refused", retryAfterMs: 34 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 50, perMs: 0.001 })).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 950, perMs: 0.001 })).toEqual({ kind: "refused", retryAfterMs: 950 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, perMs: 0 })).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 0, perMs: 0 }, 1, 899.5)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(refusal({ pauseMs: 5_000, retryAfterMs: 0, perMs: 0 })).toEqual({ kind: "refused", retryAfterMs: 1_000 });
  });

  it("does not count on its own rate for more than it can hold", () => {
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, perMs: 1, capacity: 4 }, 5)).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, perMs: 1, capacity: 5 }, 5)).toEqual({ kind: "refused", retryAfterMs: 5 });
  });
});

describe("an optimistic lease", () => {
  it("lets one call pass before the object was asked for it, until that is paid", () => {
    const lease = new Lease();
    expect(lease.spend(3, NOW, true)).toEqual({ kind: "spent" });
    expect(lease.debt).toBe(3);
    expect(lease.spend(1, NOW, true)).toEqual({ kind: "ask" });
    leased({ tokens: 2, perMs: 0 }, lease);
    expect(lease.debt).toBe(1);
    expect(lease.remaining(NOW)).toBe(7); // what the pool has; nothing of its own
    leased({ tokens: 2, perMs: 0 }, lease, NOW + 10);
    expect(lease.debt).toBe(0);
    expect(lease.spend(1, NOW + 10, true)).toEqual({ kind: "spent" });
    expect(lease.debt).toBe(0);
    expect(lease.spend(1, NOW + 10, true)).toEqual({ kind: "spent" });
    expect(lease.debt).toBe(1);
  });

  it("passes nothing while the pool refuses", () => {
    expect(leased({ tokens: 0, perMs: 0, pauseMs: 500 }).spend(1, NOW, true).kind).toBe("refused");
  });
});

describe("putBack", () => {
  it("returns what was spent, up to the capacity, and pays debts first", () => {
    const lease = leased({ tokens: 20, perMs: 0, left: 0 });
    lease.spend(4, NOW);
    lease.putBack(3, NOW);
    expect(lease.remaining(NOW)).toBe(19);
    lease.putBack(5, NOW);
    expect(lease.remaining(NOW)).toBe(20);
    const owing = leased({ tokens: 0, perMs: 0, left: 0 });
    owing.spend(2, NOW, true);
    owing.putBack(3, NOW);
    expect([owing.debt, owing.remaining(NOW)]).toEqual([0, 1]);
    const deep = leased({ tokens: 0, perMs: 0, left: 0 });
    deep.spend(3, NOW, true);
    deep.putBack(2, NOW);
    expect([deep.debt, deep.remaining(NOW)]).toEqual([1, 0]);
  });

  it("returns nothing of what has lapsed meanwhile", () => {
    const lease = leased({ perMs: 0, left: 0 });
    lease.spend(4, NOW);
    lease.putBack(4, NOW + 1_000);
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    const intime = leased({ perMs: 0, left: 0 });
    intime.spend(4, NOW);
    intime.putBack(4, NOW + 999);
    expect(intime.remaining(NOW + 999)).toBe(10);
  });
});

describe("takeAnyway", () => {
  it("takes what is there, and goes into debt for the rest, as deep as it may", () => {
    const lease = leased({ perMs: 0, left: 0 });
    lease.takeAnyway(4, 100, NOW);
    expect([lease.remaining(NOW), lease.debt]).toEqual([6, 0]);
    lease.takeAnyway(9, 100, NOW);
    expect([lease.remaining(NOW), lease.debt]).toEqual([0, 3]);
    lease.takeAnyway(9, 100, NOW);
    expect(lease.debt).toBe(12);
    lease.takeAnyway(900, 100, NOW);
    expect(lease.debt).toBe(100);
  });

  it("counts what has come back meanwhile", () => {
    const lease = leased();
    lease.takeAnyway(13, 100, NOW + 300);
    expect([lease.remaining(NOW + 300), lease.debt]).toEqual([0, 0]);
  });
});

describe("when a lease asks", () => {
  it("is never before a first grant, and not while it asks", () => {
    const lease = new Lease();
    expect(lease.isLow(NOW)).toBe(false);
    leased({ tokens: 0, capacity: 0, perMs: 0 }, lease);
    leased({}, lease);
    lease.ask("i", 0, NOW + 400);
    expect(lease.isLow(NOW + 400)).toBe(false);
    expect(lease.isAsking(NOW + 899)).toBe(true);
    expect(lease.isAsking(NOW + 900)).toBe(false);
    expect(lease.isLow(NOW + 900)).toBe(true);
  });

  it("is each period where a rate is lent", () => {
    const lease = leased({ tokens: 20 });
    expect(lease.isLow(NOW + 399)).toBe(false);
    expect(lease.isLow(NOW + 400)).toBe(true);
    expect(leased({ tokens: 20, perMs: 0 }).isLow(NOW + 100_000)).toBe(false);
  });

  it("is when less than a quarter is left, after a rest of a quarter period or 50 ms", () => {
    const low = (tokens: number, atMs: number, more: Partial<Grant> = {}) => leased({ tokens, perMs: 0, ...more }).isLow(NOW + atMs);
    expect(low(4, 101)).toBe(true);
    expect(low(4, 100)).toBe(false);
    expect(low(5, 101)).toBe(false);
    expect(low(4, 51, { periodMs: 100 })).toBe(true);
    expect(low(4, 50, { periodMs: 100 })).toBe(false);
    expect(low(0, 101, { capacity: 4 })).toBe(false);
    expect(low(1, 101, { capacity: 5 })).toBe(true);
    expect(low(4, 299, { pauseMs: 300 })).toBe(false);
    expect(low(4, 300, { pauseMs: 300 })).toBe(true);
  });

  it("tells the grant it lives on, as long as it lives, and what it holds", () => {
    const lease = leased();
    expect(lease.ask("i", 3, NOW + 100)).toMatchObject({ isolate: "i", turn: 2, applied: 1, has: 11, need: 3 });
    expect(lease.ask("i", 0, NOW + 999)).toMatchObject({ turn: 3, applied: 1 });
    expect(lease.ask("i", 0, NOW + 1_000)).toMatchObject({ turn: 4, applied: 0, has: 0 });
  });
});

describe("an ask that failed", () => {
  it("pauses, and asks again after it", () => {
    const lease = leased({ tokens: 0, perMs: 0, left: 0 });
    const { turn } = lease.ask("i", 1, NOW);
    lease.failed(turn, 250, NOW + 10);
    expect(lease.isAsking(NOW + 10)).toBe(false);
    expect(lease.spend(1, NOW + 259)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(lease.spend(1, NOW + 260)).toEqual({ kind: "ask" });
    expect(lease.isLow(NOW + 259)).toBe(false);
    expect(lease.isLow(NOW + 260)).toBe(true);
  });

  it("counts only where it was the latest one", () => {
    const lease = leased();
    const { turn } = lease.ask("i", 1, NOW);
    lease.failed(turn - 1, 250, NOW);
    expect(lease.isAsking(NOW)).toBe(true);
  });

  it("lets a quarter of the rate be spent on past its life, for 2 s beyond the pause, up to a quarter of the capacity", () => {
    const reusing = (reuses: boolean): Lease => {
      const lease = leased({ perMs: 0.02 });
      const { turn } = lease.ask("i", 0, NOW + 900);
      lease.failed(turn, 500, NOW + 950, reuses);
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
    const small = leased({ perMs: 0.02, capacity: 2 });
    small.failed(small.ask("i", 0, NOW + 900).turn, 500, NOW + 950, true);
    expect(small.remaining(NOW + 3_000)).toBe(1); // at least one
    const granted = leased({ tokens: 3 }, reusing(true), NOW + 3_000);
    expect(granted.remaining(NOW + 3_000)).toBe(3); // what was reused is not the pool's
    expect(granted.isReusing(NOW + 3_000)).toBe(false);
  });

  it("reuses no rate where none was lent", () => {
    const lease = leased({ perMs: 0 });
    lease.failed(lease.ask("i", 0, NOW).turn, 500, NOW, true);
    expect(lease.isReusing(NOW)).toBe(false);
  });
});

describe("the demand that a lease tells", () => {
  const told = (lease: Lease, atMs: number) => {
    const { perMs, peakPerMs, isSteady } = lease.ask("i", 0, NOW + atMs);
    return { perMs, peakPerMs, isSteady };
  };

  it("of a first call is one a second, with what the newest step saw as its peak", () => {
    const lease = new Lease();
    lease.spend(5, NOW);
    expect(told(lease, 0)).toEqual({ perMs: 0.005, peakPerMs: 0.1, isSteady: false });
    expect(told(lease, 49)).toEqual({ perMs: 0.005, peakPerMs: 0.1, isSteady: false });
    expect(told(lease, 50)).toEqual({ perMs: 0.1, peakPerMs: 0.05, isSteady: false });
  });

  it("is the mean of what was spent, costs and refused calls included", () => {
    const lease = leased({ tokens: 0, perMs: 0, pauseMs: 10_000 });
    for (let atMs = 0; atMs <= 2_000; atMs += 10) lease.spend(2, NOW + atMs);
    const { perMs, peakPerMs, isSteady } = told(lease, 2_000);
    expect(perMs).toBeCloseTo(0.2, 1);
    expect(peakPerMs).toBeCloseTo(0.2, 1);
    expect(isSteady).toBe(true);
  });

  it("is steady after a second without a gap of more than 500 ms", () => {
    const steady = (times: readonly number[], atMs = times.at(-1)!): boolean => {
      const lease = new Lease();
      for (const time of times) lease.spend(1, NOW + time);
      return told(lease, atMs).isSteady;
    };
    expect(steady([0, 500, 1_000])).toBe(true);
    expect(steady([0, 500, 999])).toBe(false);
    expect(steady([0, 501, 1_001])).toBe(false);
    expect(steady([0, 501, 1_001, 1_501])).toBe(true);
  });

  it("follows a change within some two seconds", () => {
    const lease = new Lease();
    for (let atMs = 0; atMs < 10_000; atMs += 50) lease.spend(5, NOW + atMs);
    expect(told(lease, 10_000).perMs).toBeCloseTo(0.1, 2);
    for (let atMs = 10_000; atMs < 12_000; atMs += 50) lease.spend(50, NOW + atMs);
    const after = told(lease, 11_950);
    expect(after.perMs).toBeGreaterThan(0.1 + 0.9 * (1 - Math.exp(-1)) - 0.06);
    expect(after.perMs).toBeLessThan(0.1 + 0.9 * (1 - Math.exp(-1)) + 0.06);
    expect(after.peakPerMs).toBeCloseTo(1, 1);
  });

  it("of a young lease is a plain mean: an early burst is not forgotten before time has passed", () => {
    const lease = new Lease();
    for (let atMs = 0; atMs <= 400; atMs += 100) lease.spend(10, NOW + atMs);
    const { perMs } = told(lease, 400);
    expect(perMs).toBeGreaterThan(0.1);
    expect(perMs).toBeLessThan(0.15);
  });

  it("does not count a pause as demand of its next step", () => {
    const lease = new Lease();
    lease.spend(1, NOW);
    lease.spend(100, NOW + 10_000);
    lease.spend(1, NOW + 10_050);
    expect(told(lease, 10_050).perMs).toBeCloseTo(101 / 50, 9);
  });
});
