// Local buckets in bounded memory: what is dropped for new keys, and that no flood of keys gives anybody tokens back.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketMap } from "../../../core/rate-limit/bucket-map.ts";
import { type BucketLimit, takeTokens } from "../../../core/rate-limit/token-bucket.ts";

const LIMIT = { capacity: 3, rate: 1, intervalMs: 1_000 };

function take(map: BucketMap, key: string, cost: number, now: number, limit: BucketLimit = LIMIT) {
  const entry = map.entryOf(key, limit, now);
  const [bucket, decision] = takeTokens(entry.bucket, limit, cost, now);
  if (decision.kind === "refused") entry.refusedUntil = Math.max(entry.refusedUntil, now + decision.retryAfterMs);
  else {
    entry.bucket = bucket;
    map.keep(key, entry);
  }
  return decision;
}

describe("a full map", () => {
  it("drops full buckets first, and no other one while there are enough of them", () => {
    const map = new BucketMap(20);
    for (let key = 0; key < 19; key++) take(map, `full-${key}`, 1, 0);
    take(map, "victim", 3, 0);
    take(map, "new", 1, 1_000); // the nineteen are full again
    expect([map.ownEntry("victim", LIMIT) !== undefined, map.size]).toEqual([true, 2]);
    expect(take(map, "victim", 2, 1_000).kind).toBe("refused");
  });

  it("drops those nearest to full next, a twentieth at once", () => {
    const map = new BucketMap(40);
    for (let key = 0; key < 40; key++) take(map, `${key}`, key < 2 ? 1 : 2, 0);
    take(map, "new", 1, 10);
    expect([map.size, map.ownEntry("0", LIMIT), map.ownEntry("1", LIMIT), map.ownEntry("2", LIMIT) !== undefined]).toEqual([
      39,
      undefined,
      undefined,
      true,
    ]);
  });

  it("counts new keys together where every bucket refuses, by limit, until the shared bucket has what it refused", () => {
    const map = new BucketMap(20);
    for (let key = 0; key < 20; key++) take(map, `${key}`, 3, 0);
    expect([take(map, "a", 2, 0).kind, take(map, "b", 2, 0).kind, take(map, "c", 1, 0).kind]).toEqual(["allowed", "refused", "allowed"]);
    expect(take(map, "d", 1, 0, { ...LIMIT, capacity: 4 })).toMatchObject({ kind: "allowed", remaining: 3 });
    expect(map.size).toBe(20);
    expect(take(map, "b", 2, 999).kind).toBe("refused");
    for (let key = 0; key < 20; key++) expect(take(map, `${key}`, 1, 999).kind).toBe("refused");
    expect(take(map, "e", 3, 2_000)).toMatchObject({ kind: "allowed", remaining: 0 }); // there is room again
  });

  it("keeps a bucket in debt until it has a token", () => {
    const map = new BucketMap(20);
    const entry = map.entryOf("debtor", LIMIT, 0);
    entry.bucket = { credit: -2_000, touchedAt: 0 };
    map.keep("debtor", entry);
    for (let key = 0; key < 200; key++) take(map, `${key}`, 1, 2_999);
    expect(take(map, "debtor", 1, 2_999).kind).toBe("refused");
    expect(take(map, "debtor", 1, 3_000).kind).toBe("allowed");
  });
});

it("reads a bucket only under its own limit: another limit of the same key is another bucket, beside it", () => {
  const map = new BucketMap(20);
  const raised = { capacity: 30, rate: 10, intervalMs: 60_000 };
  expect(take(map, "a", 3, 0)).toMatchObject({ kind: "allowed", remaining: 0 });
  expect(take(map, "a", 1, 0, raised)).toMatchObject({ kind: "allowed", remaining: 29 });
  expect(take(map, "a", 1, 0, { ...raised })).toMatchObject({ kind: "allowed", remaining: 28 });
  expect(take(map, "a", 1, 0).kind).toBe("refused"); // the version that is still in use goes on with its own bucket
  expect([map.size, map.ownEntry("a", LIMIT)?.limit, map.ownEntry("a", raised)?.limit]).toEqual([2, LIMIT, raised]);
});

it("forgets no refusal, whatever other keys there are, and keeps at most its maximum", () => {
  const limits = [LIMIT, { capacity: 5, rate: 1, intervalMs: 2_000 }];
  const step = fc.record({
    key: fc.oneof(fc.nat(4), fc.nat(40)),
    cost: fc.integer({ min: 1, max: 3 }),
    limit: fc.nat(1),
    waitMs: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(100) }, fc.nat(1_500)),
    calls: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), fc.integer({ min: 1, max: 12 }), (steps, max) => {
      const map = new BucketMap(max);
      const refusals = new Map<string, { cost: number; until: number }[]>();
      let now = 0;
      for (const { key, cost, limit, waitMs, calls } of steps) {
        now += waitMs;
        for (let call = 0; call < calls; call++) {
          const name = `${limit}/${key}`;
          const decision = take(map, name, cost, now, limits[limit]!);
          const due = (refusals.get(name) ?? []).filter(({ until }) => now < until);
          if (decision.kind === "refused") due.push({ cost, until: now + decision.retryAfterMs });
          else expect(due.filter((refused) => refused.cost <= cost)).toEqual([]);
          refusals.set(name, due);
          expect(map.size).toBeLessThanOrEqual(max);
        }
      }
    }),
    { numRuns: 500 },
  );
});
