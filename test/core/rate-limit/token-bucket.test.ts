// The bucket against the script it replaces (requirement G4), step for step, and the promises it makes to callers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bucket,
  type BucketDecision,
  type BucketLimit,
  bucketKey,
  expiresAt,
  fillTimeMs,
  fullBucket,
  MAX_CREDIT,
  overdraw,
  returnTokens,
  takeTokens,
} from "../../../core/rate-limit/token-bucket.ts";

const limits = fc.record({
  capacity: fc.integer({ min: 1, max: 1_000 }),
  rate: fc.integer({ min: 1, max: 1_000 }),
  intervalMs: fc.integer({ min: 1, max: 60_000 }),
});
const steps = fc.array(fc.record({ gapMs: fc.oneof(fc.nat(10), fc.nat(200_000)), cost: fc.integer({ min: 1, max: 20 }) }), {
  maxLength: 60,
});

/** The script of the review, in exact fractions: tokens are counted in 1/interval of a token. */
function script(limit: BucketLimit) {
  const interval = BigInt(limit.intervalMs);
  const capacity = BigInt(limit.capacity) * interval;
  let stored: { tokens: bigint; at: bigint; expiresAt: bigint } | undefined;
  return (cost: number, now: number): boolean => {
    const at = BigInt(now);
    if (stored !== undefined && at >= stored.expiresAt) stored = undefined; // EXPIRE key, 2 * interval
    let tokens = capacity;
    if (stored !== undefined) {
      tokens = stored.tokens + (at - stored.at) * BigInt(limit.rate);
      if (tokens > capacity) tokens = capacity;
    }
    const allowed = tokens >= BigInt(cost) * interval;
    if (allowed) tokens -= BigInt(cost) * interval;
    stored = { tokens, at, expiresAt: at + 2n * interval };
    return allowed;
  };
}

function* walk(
  limit: BucketLimit,
  moves: readonly { gapMs: number; cost: number }[],
): Generator<{ bucket: Bucket; cost: number; now: number; verdict: BucketDecision }> {
  let bucket: Bucket | undefined;
  let now = 1_700_000_000_000;
  for (const move of moves) {
    now += move.gapMs;
    const cost = Math.min(move.cost, limit.capacity);
    const [next, verdict] = takeTokens(bucket, limit, cost, now);
    bucket = next;
    yield { bucket, cost, now, verdict };
  }
}

describe("takeTokens", () => {
  const limit = { capacity: 2, rate: 1, intervalMs: 1000 };

  it.each([
    { name: "gives a token back after one interval, not 1 ms sooner", at: [0, 0, 999, 1000], want: ["ok", "ok", "wait 1", "ok"] },
    { name: "refills nothing when the clock steps back", at: [5000, 5000, 4000, 6000], want: ["ok", "ok", "wait 2000", "ok"] },
    {
      name: "never holds more than its capacity",
      at: [0, 0, 1999, 3_600_000, 3_600_000, 3_600_000],
      want: ["ok", "ok", "ok", "ok", "ok", "wait 1000"],
    },
    {
      name: "is not delayed by being refused",
      at: [0, 0, 100, 200, 300, 1000],
      want: ["ok", "ok", "wait 900", "wait 800", "wait 700", "ok"],
    },
  ])("$name", ({ at, want }) => {
    let bucket: Bucket | undefined;
    const got = at.map((now) => {
      const [next, verdict] = takeTokens(bucket, limit, 1, now + 1_000_000);
      bucket = next;
      return verdict.kind === "allowed" ? "ok" : `wait ${verdict.retryAfterMs}`;
    });
    expect(got).toEqual(want);
  });

  it("gives what EC2 documents: a burst of 100, empty, and full again after 5 s at 20/s", () => {
    const ec2 = { capacity: 100, rate: 20, intervalMs: 1000 };
    let [bucket, verdict] = takeTokens(undefined, ec2, 100, 0);
    expect(verdict).toEqual({ kind: "allowed", remaining: 0, nextMs: 50 });
    [bucket, verdict] = takeTokens({ ...bucket }, { ...ec2 }, 1, 10);
    expect(verdict.kind).toBe("refused");
    expect(fillTimeMs(ec2)).toBe(5000);
  });

  it("forgets a caller two intervals after its last call under compat, as the script's key expires", () => {
    const slow = { capacity: 100, rate: 10, intervalMs: 1000, compat: true };
    const [emptied] = takeTokens(undefined, slow, 100, 0);
    expect(takeTokens(emptied, slow, 20, 1999)[1].kind).toBe("refused"); // 19.99 tokens have come back
    expect(takeTokens(emptied, slow, 100, 2000)[1].kind).toBe("allowed"); // the key is gone, the bucket full
    const [refused] = takeTokens(emptied, slow, 100, 1999);
    expect(takeTokens(refused, slow, 100, 2000)[1].kind).toBe("refused"); // a refused call is a touch, too
  });

  it("never returns a wait beyond the time at which the bucket is forgotten, under compat", () => {
    const slow = { capacity: 100, rate: 1, intervalMs: 1000, compat: true };
    const [emptied] = takeTokens(undefined, slow, 100, 0);
    expect(takeTokens(emptied, slow, 100, 500)[1]).toMatchObject({ kind: "refused", retryAfterMs: 2000 });
  });

  it("decides every call as the script does, whatever the limit and the times", () => {
    fc.assert(
      fc.property(limits, steps, (limit, moves) => {
        const reference = script(limit);
        for (const { cost, now, verdict } of walk({ ...limit, compat: true }, moves)) {
          expect(verdict.kind).toBe(reference(cost, now) ? "allowed" : "refused");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps its word: retryAfterMs is enough, and 1 ms less is not", () => {
    fc.assert(
      fc.property(limits, steps, (limit, moves) => {
        for (const { bucket, cost, now, verdict } of walk(limit, moves)) {
          if (verdict.kind === "allowed") continue;
          expect(takeTokens(bucket, limit, cost, now + verdict.retryAfterMs)[1].kind).toBe("allowed");
          expect(takeTokens(bucket, limit, cost, now + verdict.retryAfterMs - 1)[1].kind).toBe("refused");
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps its word: there is one token more after nextMs, and 1 ms sooner there is not", () => {
    fc.assert(
      fc.property(limits, steps, (limit, moves) => {
        for (const { bucket, now, verdict } of walk(limit, moves)) {
          if (verdict.nextMs === 0) continue;
          const costs = verdict.remaining + 1;
          expect(takeTokens(bucket, limit, costs, now + verdict.nextMs)[1].kind).toBe("allowed");
          expect(takeTokens(bucket, limit, costs, now + verdict.nextMs - 1)[1].kind).toBe("refused");
        }
      }),
    );
  });

  it("never admits more than capacity + rate x w in any window of length w", () => {
    // Without the gift of the script's early expiry, that is: where forgetting equals full.
    const fair = limits.filter(({ capacity, rate }) => capacity <= 2 * rate);
    fc.assert(
      fc.property(fair, steps, (limit, moves) => {
        const admitted = [...walk(limit, moves)].filter(({ verdict }) => verdict.kind === "allowed");
        for (const [from, first] of admitted.entries()) {
          let sum = 0;
          for (const { cost, now } of admitted.slice(from)) {
            sum += cost;
            const earned = ((now - first.now) * limit.rate) / limit.intervalMs;
            expect(sum).toBeLessThanOrEqual(limit.capacity + earned + 1e-6);
          }
        }
      }),
    );
  });

  it("stays exact at the largest limit a configuration may have", () => {
    const huge = { capacity: MAX_CREDIT / 1024, rate: 1, intervalMs: 1024 };
    const [bucket] = takeTokens(undefined, huge, 1, 0);
    expect(takeTokens(bucket, huge, huge.capacity, 1023)[1].kind).toBe("refused");
    expect(takeTokens(bucket, huge, huge.capacity, 1024)[1].kind).toBe("allowed");
  });

  it("throws on a cost that could never pass, and on one that would take nothing or add tokens", () => {
    for (const cost of [3, 0, -1]) expect(() => takeTokens(undefined, limit, cost, 0)).toThrow(`cost ${cost} is outside [1, 2]`);
  });
});

describe("giveBack", () => {
  it("undoes a take, and never fills a bucket above its capacity", () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 1000 }), (limit, tokens) => {
        const cost = Math.min(tokens, limit.capacity);
        const [taken] = takeTokens(undefined, limit, cost, 1000);
        const back = returnTokens(taken, limit, cost, 1000);
        expect(back.credit).toBe(limit.capacity * limit.intervalMs);
        expect(returnTokens(back, limit, cost, 1000).credit).toBe(limit.capacity * limit.intervalMs);
      }),
    );
  });
});

describe("takeAnyway", () => {
  const limit = { capacity: 10, rate: 1, intervalMs: 1_000 };
  const remaining = (credit: number): number => credit / limit.intervalMs;

  it("takes what a call cost beyond what it paid, into debt as deep as the capacity", () => {
    const bucket = fullBucket(limit, 0);
    expect(remaining(overdraw(bucket, limit, 4, 0).credit)).toBe(6);
    expect(remaining(overdraw(bucket, limit, 15, 0).credit)).toBe(-5);
    expect(remaining(overdraw(bucket, limit, 900, 0).credit)).toBe(-10);
    expect(remaining(overdraw(undefined, limit, 3, 0).credit)).toBe(7);
  });

  it("counts what has come back meanwhile, and leaves a debt that is paid by time", () => {
    const owing = overdraw({ credit: 0, touchedAt: 0 }, limit, 4, 2_000);
    expect(owing).toEqual({ credit: -2_000, touchedAt: 2_000 });
    expect(takeTokens(owing, limit, 1, 4_999)[1]).toEqual({ kind: "refused", remaining: 0, nextMs: 1, retryAfterMs: 1 });
    expect(takeTokens(owing, limit, 1, 5_000)[1].kind).toBe("allowed");
  });
});

describe("the life of a bucket", () => {
  const limit = { capacity: 10, rate: 3, intervalMs: 1_000 };

  it("ends when it is full, to the ms; under compat two intervals after its last call", () => {
    expect(expiresAt({ credit: 10_000, touchedAt: 50 }, limit)).toBe(50);
    expect(expiresAt({ credit: 9_000, touchedAt: 50 }, limit)).toBe(50 + 334);
    expect(expiresAt({ credit: -10_000, touchedAt: 50 }, limit)).toBe(50 + 6_667);
    expect(expiresAt({ credit: 10_000, touchedAt: 50 }, { ...limit, compat: true })).toBe(2_050);
    expect(fillTimeMs(limit)).toBe(3_334);
  });

  it("belongs to its limit: a changed one opens another bucket", () => {
    expect(bucketKey({ key: "caller", limit })).toBe("10/3/1000/caller");
    const keys = [limit, { ...limit, rate: 4 }, { ...limit, capacity: 11 }, { ...limit, intervalMs: 9 }].map((of) =>
      bucketKey({ key: "caller", limit: of }),
    );
    expect(new Set(keys).size).toBe(4);
  });
});
