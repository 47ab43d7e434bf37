// The isolate's lease of a split bucket, step by step: what it may spend, when it sends a request, and what it reports.
import { describe, expect, it } from "vitest";
import { type DebtLimit, debtLimitOf } from "../../../core/rate-limit/isolate/debt.ts";
import { BucketLease } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant } from "../../../core/rate-limit/lease-messages.ts";

const NOW = 1_000_000;
const GRANT: Omit<LeaseGrant, "sequence"> = {
  ...{ tokens: 10, ratePerMs: 0.01, capacity: 20, lifetimeMs: 1_000, renewAfterMs: 400, pauseMs: 0, retryAfterMs: 0, poolTokens: 7 },
};

/** A lease with this grant at `NOW`, for a request of the same time. */
function leased(more: Partial<LeaseGrant> = {}, lease = new BucketLease(), now = NOW): BucketLease {
  const { sequence } = lease.request("i", 0, now);
  lease.applyGrant({ ...GRANT, sequence, ...more }, now, now);
  return lease;
}

describe("what a lease may spend", () => {
  it("is nothing before the first grant: a request is needed", () => {
    const lease = new BucketLease();
    expect(lease.take(1, NOW)).toEqual({ kind: "request" });
    expect(lease.remaining(NOW)).toBe(0);
    expect(lease.share(NOW)).toEqual({ capacity: 0, ratePerMs: 0 });
  });

  it("is what was granted, and what its rate brings, up to its capacity", () => {
    const lease = leased();
    expect(lease.share(NOW)).toEqual({ capacity: 20, ratePerMs: 0.01 });
    expect(lease.remaining(NOW)).toBe(10);
    expect(lease.take(10, NOW)).toEqual({ kind: "allowed", owed: 0 });
    expect(lease.take(1, NOW)).toEqual({ kind: "request" });
    expect(lease.take(1, NOW + 99)).toEqual({ kind: "request" });
    expect(lease.take(1, NOW + 100)).toEqual({ kind: "allowed", owed: 0 });
    expect(leased({ ratePerMs: 1 }).remaining(NOW + 500)).toBe(20);
    expect(leased({ tokens: 30 }).remaining(NOW)).toBe(20);
  });

  it("lapses with the life of the grant, counted from when the request was sent", () => {
    const lease = leased();
    expect(lease.remaining(NOW + 999)).toBe(19);
    expect(lease.share(NOW + 999)).toEqual({ capacity: 20, ratePerMs: 0.01 });
    expect(lease.share(NOW + 1_000)).toEqual({ capacity: 0, ratePerMs: 0 });
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    expect(lease.take(1, NOW + 1_000)).toEqual({ kind: "request" });
    const late = new BucketLease();
    const { sequence } = late.request("i", 0, NOW);
    late.applyGrant({ ...GRANT, sequence }, NOW, NOW + 300);
    expect(late.share(NOW + 999).capacity).toBe(20);
    expect(late.share(NOW + 1_000).capacity).toBe(0);
  });

  it("promises what the pool had, too, where no rate is lent", () => {
    expect(leased({ ratePerMs: 0 }).remaining(NOW)).toBe(17);
    expect(leased({ ratePerMs: 0.001 }).remaining(NOW)).toBe(10);
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

  it("accepts only the grant for its latest request", () => {
    const lease = new BucketLease();
    const first = lease.request("i", 0, NOW);
    const second = lease.request("i", 0, NOW);
    expect([first.sequence, second.sequence]).toEqual([1, 2]);
    lease.applyGrant({ ...GRANT, sequence: first.sequence }, NOW, NOW);
    expect(lease.remaining(NOW)).toBe(0);
    lease.applyGrant(undefined, NOW, NOW);
    expect(lease.isRequesting(NOW)).toBe(true);
    lease.applyGrant({ ...GRANT, sequence: second.sequence }, NOW, NOW);
    expect(lease.remaining(NOW)).toBe(10);
    expect(lease.isRequesting(NOW)).toBe(false);
  });
});

describe("a refusal", () => {
  const refusal = (more: Partial<LeaseGrant>, cost = 1, atMs = 0) => leased({ tokens: 0, ...more }).take(cost, NOW + atMs);

  it("is made while the pool has said to pause, and not after", () => {
    expect(refusal({ pauseMs: 300, ratePerMs: 0 }, 1, 299).kind).toBe("refused");
    expect(refusal({ pauseMs: 300, ratePerMs: 0 }, 1, 300).kind).toBe("request");
    expect(refusal({ pauseMs: 0, ratePerMs: 0 }).kind).toBe("request");
  });

  it("says when its own rate brings the tokens, or when the pool has them, whichever is sooner, at least 1 ms", () => {
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 0.01 })).toEqual({ kind: "refused", retryAfterMs: 100 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 0.03 })).toEqual({ kind: "refused", retryAfterMs: 34 });
    expect(refusal({ tokens: 3, pauseMs: 900, retryAfterMs: 900 }, 10)).toEqual({ kind: "refused", retryAfterMs: 700 }); // 7 are missing
    expect(refusal({ pauseMs: 900, retryAfterMs: 50, ratePerMs: 0.001 })).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 950, ratePerMs: 0.001 })).toEqual({ kind: "refused", retryAfterMs: 950 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 0 })).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 0, ratePerMs: 0 }, 1, 899.5)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(refusal({ pauseMs: 5_000, retryAfterMs: 0, ratePerMs: 0 })).toEqual({ kind: "refused", retryAfterMs: 1_000 });
  });

  it("does not count on its own rate for more than it can hold", () => {
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 1, capacity: 4 }, 5)).toEqual({ kind: "refused", retryAfterMs: 900 });
    expect(refusal({ pauseMs: 900, retryAfterMs: 900, ratePerMs: 1, capacity: 5 }, 5)).toEqual({ kind: "refused", retryAfterMs: 5 });
  });
});

const DEBT: DebtLimit = { tokens: 5, ratePerMs: 1 / 128 };

describe("debt", () => {
  it("passes before the first reply, up to its limit, and is reported until a grant settles it", () => {
    const lease = new BucketLease();
    expect(lease.remaining(NOW, DEBT)).toBe(5);
    expect(lease.take(3, NOW, DEBT)).toEqual({ kind: "allowed", owed: 3 });
    expect([lease.debt, lease.unsentDebt, lease.remaining(NOW, DEBT), lease.isLow(NOW)]).toEqual([3, 3, 2, true]);
    expect(lease.take(3, NOW, DEBT)).toEqual({ kind: "request" });
    expect(lease.take(2, NOW, DEBT)).toEqual({ kind: "allowed", owed: 2 });
    const lost = lease.request("i", 0, NOW);
    expect(lost).toMatchObject({ tokensOwed: 5, settledSequence: 0, tokensNeeded: 0 });
    expect([lease.debt, lease.unsentDebt]).toEqual([5, 0]);
    lease.requestFailed(lost.sequence, 0, NOW);
    const second = lease.request("i", 0, NOW);
    expect(second).toMatchObject({ tokensOwed: 5, settledSequence: 0 });
    lease.applyGrant({ ...GRANT, sequence: second.sequence }, NOW, NOW);
    expect([lease.debt, lease.remaining(NOW)]).toEqual([0, 10]);
    expect(lease.request("i", 0, NOW)).not.toHaveProperty("tokensOwed");
  });

  it("made while a request is under way stays, and the next request reports it with the settled grant", () => {
    const lease = new BucketLease();
    lease.take(2, NOW, DEBT);
    const { sequence } = lease.request("i", 0, NOW);
    lease.take(1, NOW, DEBT);
    lease.applyGrant({ ...GRANT, sequence, tokens: 0, ratePerMs: 0 }, NOW, NOW);
    expect([lease.debt, lease.unsentDebt]).toEqual([1, 1]);
    expect(lease.request("i", 0, NOW)).toMatchObject({ tokensOwed: 1, settledSequence: 1 });
  });

  it("uses the tokens of the lease first", () => {
    const lease = leased({ tokens: 2, ratePerMs: 0 });
    expect(lease.take(5, NOW, DEBT)).toEqual({ kind: "allowed", owed: 3 });
    expect([lease.debt, lease.remaining(NOW)]).toEqual([3, 4]); // 7 in the pool
  });

  it("is at most what the pool can have: what it had, and what it has earned since", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, poolTokens: 2 });
    expect(lease.take(3, NOW, DEBT)).toEqual({ kind: "refused", retryAfterMs: 128 });
    expect(lease.take(2, NOW, DEBT)).toEqual({ kind: "allowed", owed: 2 });
    expect(lease.take(1, NOW, DEBT)).toEqual({ kind: "refused", retryAfterMs: 128 });
    expect(lease.take(1, NOW + 127, DEBT)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(lease.take(1, NOW + 128, DEBT)).toEqual({ kind: "allowed", owed: 1 });
    expect(lease.take(2, NOW + 1_280, DEBT)).toEqual({ kind: "allowed", owed: 2 }); // the lease has expired, and the debt is at its limit
    expect(lease.take(1, NOW + 1_280, DEBT)).toEqual({ kind: "request" }); // the pool may have more
    expect(lease.remaining(NOW + 1_280, DEBT)).toBe(0);
  });

  it("is not made during a pause, and after the bucket was empty only as fast as it earns", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0, pauseMs: 0, retryAfterMs: 300 });
    expect(lease.take(1, NOW + 299, DEBT)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(lease.take(1, NOW + 300, DEBT)).toEqual({ kind: "allowed", owed: 1 });
    expect(lease.take(1, NOW + 300, DEBT)).toEqual({ kind: "refused", retryAfterMs: 128 });
    expect(lease.take(1, NOW + 427, DEBT)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(lease.take(1, NOW + 428, DEBT)).toEqual({ kind: "allowed", owed: 1 });
    expect(lease.take(4, NOW + 10_000, DEBT)).toEqual({ kind: "refused", retryAfterMs: 512 }); // no call waits for a bucket that was empty
    expect(lease.take(3, NOW + 10_000, DEBT)).toEqual({ kind: "allowed", owed: 3 });
    expect(lease.take(6, NOW + 10_000, DEBT)).toEqual({ kind: "request" }); // more than may ever be owed
  });

  it("is limited by the pause that the Durable Object ordered, where that is longer than Retry-After", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0, pauseMs: 600, retryAfterMs: 300 });
    expect(lease.take(1, NOW + 599, DEBT).kind).toBe("refused");
    expect(lease.take(1, NOW + 600, DEBT)).toEqual({ kind: "allowed", owed: 1 });
  });

  it("may wait for a response again as soon as a grant leaves something", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0, retryAfterMs: 300 });
    leased({ tokens: 0, ratePerMs: 0, poolTokens: 6 }, lease, NOW + 400);
    expect(lease.take(5, NOW + 400, DEBT)).toEqual({ kind: "allowed", owed: 5 });
    expect(lease.take(1, NOW + 400, DEBT)).toEqual({ kind: "request" });
  });

  it("is none without a limit, even where the pool has tokens", () => {
    expect(leased({ tokens: 0, ratePerMs: 0 }).take(1, NOW)).toEqual({ kind: "request" });
    expect(leased({ tokens: 0, ratePerMs: 0, poolTokens: 0 }).take(1, NOW)).toEqual({ kind: "request" });
  });

  it("is repaid by tokens that the rate brings, as far as no request has reported it", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0.01, poolTokens: 9 });
    lease.take(2, NOW, DEBT);
    expect(lease.remaining(NOW + 300)).toBe(1);
    expect(lease.debt).toBe(0);
    const sent = leased({ tokens: 0, ratePerMs: 0.01, poolTokens: 9 });
    sent.take(2, NOW, DEBT);
    sent.request("i", 0, NOW);
    expect([sent.remaining(NOW + 300), sent.debt]).toEqual([1, 2]); // 3 earned, 2 of them owed
  });

  it("keeps a lease from being forgotten, as does an empty bucket for 10 s", () => {
    const lease = new BucketLease();
    expect(lease.isIdle(NOW)).toBe(true);
    lease.take(1, NOW, DEBT);
    expect(lease.isIdle(NOW)).toBe(false);
    const empty = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0, retryAfterMs: 300 });
    expect(empty.isIdle(NOW + 10_299)).toBe(false);
    expect(empty.isIdle(NOW + 10_300)).toBe(true);
  });

  it("starts above the sequence of a lease that was forgotten, whose debt is not settled", () => {
    const lease = new BucketLease(7);
    lease.take(1, NOW, DEBT);
    expect(lease.request("i", 0, NOW)).toMatchObject({ sequence: 8, settledSequence: 7, appliedSequence: 0 });
  });
});

describe("returnTokens", () => {
  it("returns what was spent, up to the capacity, and pays debts first", () => {
    const lease = leased({ tokens: 20, ratePerMs: 0, poolTokens: 0 });
    lease.take(4, NOW);
    lease.returnTokens(3, NOW);
    expect(lease.remaining(NOW)).toBe(19);
    lease.returnTokens(5, NOW);
    expect(lease.remaining(NOW)).toBe(20);
    const owing = leased({ tokens: 0, ratePerMs: 0, poolTokens: 4 });
    owing.take(2, NOW, DEBT);
    owing.returnTokens(3, NOW);
    expect([owing.debt, owing.remaining(NOW)]).toEqual([0, 5]);
    const deep = leased({ tokens: 0, ratePerMs: 0, poolTokens: 4 });
    deep.take(3, NOW, DEBT);
    deep.returnTokens(2, NOW);
    expect([deep.debt, deep.remaining(NOW)]).toEqual([1, 3]);
    const reported = leased({ tokens: 0, ratePerMs: 0, poolTokens: 4 });
    reported.take(3, NOW, DEBT);
    reported.request("i", 0, NOW);
    reported.returnTokens(2, NOW);
    expect(reported.debt).toBe(3); // the bucket is charged, and the tokens are returned to the lease
    expect(reported.remaining(NOW)).toBe(3);
  });

  it("returns nothing of what has lapsed meanwhile", () => {
    const lease = leased({ ratePerMs: 0, poolTokens: 0 });
    lease.take(4, NOW);
    lease.returnTokens(4, NOW + 1_000);
    expect(lease.remaining(NOW + 1_000)).toBe(0);
    const intime = leased({ ratePerMs: 0, poolTokens: 0 });
    intime.take(4, NOW);
    intime.returnTokens(4, NOW + 999);
    expect(intime.remaining(NOW + 999)).toBe(10);
  });
});

describe("overdraw", () => {
  it("takes the tokens that are there, and a bounded debt for the rest", () => {
    const lease = leased({ ratePerMs: 0, poolTokens: 0 });
    lease.overdraw(4, 100, NOW);
    expect([lease.remaining(NOW), lease.debt]).toEqual([6, 0]);
    lease.overdraw(9, 100, NOW);
    expect([lease.remaining(NOW), lease.debt]).toEqual([0, 3]);
    lease.overdraw(9, 100, NOW);
    expect(lease.debt).toBe(12);
    lease.overdraw(900, 100, NOW);
    expect(lease.debt).toBe(100);
  });

  it("counts what has come back meanwhile", () => {
    const lease = leased();
    lease.overdraw(13, 100, NOW + 300);
    expect([lease.remaining(NOW + 300), lease.debt]).toEqual([0, 0]);
  });
});

describe("when a lease sends a request", () => {
  it("is never before a first grant, and not while a request is in flight", () => {
    const lease = new BucketLease();
    expect(lease.isLow(NOW)).toBe(false);
    leased({ tokens: 0, capacity: 0, ratePerMs: 0 }, lease);
    leased({}, lease);
    lease.request("i", 0, NOW + 400);
    expect(lease.isLow(NOW + 400)).toBe(false);
    expect(lease.isRequesting(NOW + 1_399)).toBe(true);
    expect([lease.responseTimeLeftMs(NOW + 400), lease.responseTimeLeftMs(NOW + 1_399)]).toEqual([1_000, 1]);
    expect(lease.isRequesting(NOW + 1_400)).toBe(false);
    expect(lease.responseTimeLeftMs(NOW + 1_400)).toBe(1_000); // a new request would have all of it
    expect(lease.isLow(NOW + 1_400)).toBe(true);
  });

  it("is each period where a rate is lent", () => {
    const lease = leased({ tokens: 20 });
    expect(lease.isLow(NOW + 399)).toBe(false);
    expect(lease.isLow(NOW + 400)).toBe(true);
    expect(leased({ tokens: 20, ratePerMs: 0 }).isLow(NOW + 100_000)).toBe(false);
  });

  it("is when less than a quarter is left, after a rest of a quarter period or 50 ms", () => {
    const low = (tokens: number, atMs: number, more: Partial<LeaseGrant> = {}) =>
      leased({ tokens, ratePerMs: 0, ...more }).isLow(NOW + atMs);
    expect(low(4, 101)).toBe(true);
    expect(low(4, 100)).toBe(false);
    expect(low(5, 101)).toBe(false);
    expect(low(4, 51, { renewAfterMs: 100 })).toBe(true);
    expect(low(4, 50, { renewAfterMs: 100 })).toBe(false);
    expect(low(0, 101, { capacity: 4 })).toBe(false);
    expect(low(1, 101, { capacity: 5 })).toBe(true);
    expect(low(4, 299, { pauseMs: 300 })).toBe(false);
    expect(low(4, 300, { pauseMs: 300 })).toBe(true);
  });

  it("reports the grant in use, while it is valid, and the tokens that are left", () => {
    const lease = leased();
    expect(lease.request("i", 3, NOW + 100)).toMatchObject({
      isolate: "i",
      sequence: 2,
      appliedSequence: 1,
      tokensHeld: 11,
      tokensNeeded: 3,
    });
    expect(lease.request("i", 0, NOW + 999)).toMatchObject({ sequence: 3, appliedSequence: 1 });
    expect(lease.request("i", 0, NOW + 1_000)).toMatchObject({ sequence: 4, appliedSequence: 0, tokensHeld: 0 });
  });
});

describe("a request that failed", () => {
  it("pauses, and is repeated after the pause", () => {
    const lease = leased({ tokens: 0, ratePerMs: 0, poolTokens: 0 });
    const { sequence } = lease.request("i", 1, NOW);
    lease.requestFailed(sequence, 250, NOW + 10);
    expect(lease.isRequesting(NOW + 10)).toBe(false);
    expect(lease.take(1, NOW + 259)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(lease.take(1, NOW + 260)).toEqual({ kind: "request" });
    expect(lease.isLow(NOW + 259)).toBe(false);
    expect(lease.isLow(NOW + 260)).toBe(true);
  });

  it("has twice the time after one without a response, up to 8 s, until a grant arrives", () => {
    const lease = new BucketLease();
    let now = NOW;
    for (const timeoutMs of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      lease.request("i", 1, now);
      expect([lease.isRequesting(now + timeoutMs - 1), lease.isRequesting(now + timeoutMs)]).toEqual([true, false]);
      now += timeoutMs;
    }
    leased({}, lease, now);
    lease.request("i", 1, now);
    expect(lease.isRequesting(now + 1_000)).toBe(false);
  });

  it("counts only where it was the latest one", () => {
    const lease = leased();
    const { sequence } = lease.request("i", 1, NOW);
    lease.requestFailed(sequence - 1, 250, NOW);
    expect(lease.isRequesting(NOW)).toBe(true);
  });

  it("lets a quarter of the rate be spent past its end, for 2 s beyond the pause, up to a quarter of the capacity", () => {
    const reusing = (reuses: boolean): BucketLease => {
      const lease = leased({ ratePerMs: 0.02 });
      const { sequence } = lease.request("i", 0, NOW + 900);
      lease.requestFailed(sequence, 500, NOW + 950, reuses);
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
    const small = leased({ ratePerMs: 0.02, capacity: 2 });
    small.requestFailed(small.request("i", 0, NOW + 900).sequence, 500, NOW + 950, true);
    expect(small.remaining(NOW + 3_000)).toBe(1); // at least one
    const granted = leased({ tokens: 3 }, reusing(true), NOW + 3_000);
    expect(granted.remaining(NOW + 3_000)).toBe(3); // what was reused is not the pool's
    expect(granted.isReusing(NOW + 3_000)).toBe(false);
  });

  it("reuses no rate where none was lent", () => {
    const lease = leased({ ratePerMs: 0 });
    lease.requestFailed(lease.request("i", 0, NOW).sequence, 500, NOW, true);
    expect(lease.isReusing(NOW)).toBe(false);
  });
});

describe("what a lease reports that may be lent ahead", () => {
  const spentOf = (lease: BucketLease, now = NOW) => lease.request("i", 0, now, 500).spent;

  it("is nothing unless calls of the rule wait", () => {
    expect(new BucketLease().request("i", 0, NOW)).not.toHaveProperty("spent");
    expect(new BucketLease(7).request("i", 0, NOW, 500)).toMatchObject({ aheadMs: 500, spent: { since: 7, tokens: 0 } });
  });

  it("is every token that calls took out of grants, whatever for, and none that expired", () => {
    const lease = leased({ tokens: 10, ratePerMs: 0 });
    lease.take(3, NOW);
    lease.overdraw(2, 20, NOW);
    expect(spentOf(lease)).toEqual({ since: 0, tokens: 5 });
    lease.returnTokens(1, NOW); // it can be spent again, and counts again then
    expect(lease.remaining(NOW)).toBe(13); // 6 held, and 7 in the pool
    expect(spentOf(lease, NOW + 2_000)).toEqual({ since: 0, tokens: 5 });
    const owing = leased({ tokens: 2, ratePerMs: 0 });
    expect(owing.take(3, NOW, DEBT)).toEqual({ kind: "allowed", owed: 1 });
    expect(spentOf(owing)).toEqual({ since: 0, tokens: 2 });
    const repaying = new BucketLease();
    const { sequence } = repaying.request("i", 0, NOW);
    repaying.take(2, NOW, DEBT);
    repaying.applyGrant({ ...GRANT, sequence, ratePerMs: 0 }, NOW, NOW);
    expect([repaying.debt, spentOf(repaying)]).toEqual([0, { since: 0, tokens: 2 }]);
  });
});

describe("a grant that arrives after the lease has ended", () => {
  const late = (tokensKept: number | undefined, sentAt = NOW + 900): BucketLease => {
    const lease = leased({ tokens: 8, ratePerMs: 0, capacity: 8 });
    lease.take(1, NOW + 10);
    const { sequence } = lease.request("i", 0, sentAt, 500);
    const kept = tokensKept === undefined ? {} : { tokensKept };
    lease.applyGrant({ ...GRANT, sequence, tokens: 1, ratePerMs: 0, capacity: 8, poolTokens: 0, ...kept }, sentAt, NOW + 1_100);
    return lease;
  };

  it("gives back what it counts as held", () => {
    expect(late(7).remaining(NOW + 1_100)).toBe(8);
    expect(late(4).remaining(NOW + 1_100)).toBe(5); // the Durable Object has lent the others again
    expect(late(0).remaining(NOW + 1_100)).toBe(1);
    expect(late(undefined).remaining(NOW + 1_100)).toBe(1);
  });

  it("gives nothing back if the request was sent afterwards, too: it has reported that nothing is held", () => {
    expect(late(7, NOW + 1_000).remaining(NOW + 1_100)).toBe(1);
  });
});

describe("a lease whose Durable Object cannot decide yet", () => {
  const recovers = { tokens: 0, capacity: 0, ratePerMs: 0, poolTokens: 0, pauseMs: 600, retryAfterMs: 600, recoversAfterMs: 600 };

  it("neither refuses calls nor sends a request before that time", () => {
    const lease = leased({ ...recovers, isUnreachable: true });
    expect(lease.take(1, NOW)).toEqual({ kind: "request" });
    expect([lease.recoversInMs(NOW), lease.recoversInMs(NOW + 600)]).toEqual([600, 0]);
    expect(lease.take(2, NOW, DEBT)).toEqual({ kind: "allowed", owed: 2 });
    expect([lease.isLow(NOW + 599), lease.isLow(NOW + 600)]).toEqual([false, true]);
    expect(lease.refuseAfterWait(NOW)).toBeUndefined();
    expect(leased(recovers).refuseAfterWait(NOW)).toEqual({ kind: "refused", retryAfterMs: 600 });
  });
});

describe("a key that all callers share", () => {
  const shared = debtLimitOf({ capacity: 100, rate: 50, intervalMs: 1_000 }, true);
  const warm = (more: Partial<LeaseGrant>) => leased({ tokens: 0, ratePerMs: 0, capacity: 0, lifetimeMs: 0, poolTokens: 60, ...more });
  const take = (lease: BucketLease, now = NOW) => lease.take(1, now, shared).kind;

  it("lets one call pass before the first grant, and the next one waits", () => {
    const lease = new BucketLease();
    expect(lease.remaining(NOW, shared)).toBe(1);
    expect([take(lease), take(lease)]).toEqual(["allowed", "request"]);
  });

  it("lets as many pass later as one isolate may owe, and the next one waits", () => {
    const lease = warm({ lessees: 40 }); // four times its share are six, too
    expect(lease.remaining(NOW, shared)).toBe(6);
    expect(Array.from({ length: 7 }, () => take(lease))).toEqual([...Array<string>(6).fill("allowed"), "request"]);
    expect(lease.debt).toBe(6);
  });

  it("refuses what is beyond four times its share of a bucket that has little, and does not let it wait", () => {
    const lease = warm({ lessees: 80 });
    expect([take(lease), take(lease), take(lease)]).toEqual(["allowed", "allowed", "allowed"]);
    expect(lease.take(1, NOW, shared)).toEqual({ kind: "refused", retryAfterMs: 20 });
    expect(lease.take(4, NOW, shared)).toEqual({ kind: "request" }); // it could never pass as debt
  });

  it("knows nothing of its share ten seconds later, or where the Durable Object does not say how many isolates there are", () => {
    expect(warm({ lessees: 40 }).remaining(NOW + 10_000, shared)).toBe(6);
    expect(warm({ lessees: 40 }).remaining(NOW + 10_001, shared)).toBe(1);
    const lease = warm({});
    expect([take(lease), take(lease)]).toEqual(["allowed", "request"]);
  });

  it("keeps its share while the Durable Object cannot decide", () => {
    const lease = warm({ lessees: 40, poolTokens: 20 });
    leased({ tokens: 0, ratePerMs: 0, capacity: 0, lifetimeMs: 0, poolTokens: 0, recoversAfterMs: 600 }, lease);
    expect(lease.remaining(NOW, shared)).toBe(2);
  });
});
