// The Durable Object of rate limits under a million keys: it keeps a bounded number, serves known callers, and has room in the end.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { type BucketCharge, type BucketLeaseRequest, TokenBuckets } from "../../durable-objects/token-buckets.ts";

const limit = { capacity: 10, rate: 10, intervalMs: 1_000 };
const KEYS = 1_000_000;
const BATCH = 100;

const requests = (from: number, count: number): BucketLeaseRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `rule/ip:${from + index}`,
    limit,
    request: {
      isolate: "attacker",
      sequence: 1,
      appliedSequence: 0,
      tokensHeld: 0,
      tokensNeeded: 1,
      demandPerMs: 0.001,
      peakDemandPerMs: 0.02,
      isDemandSteady: false,
    },
  }));
const charges = (from: number, count: number): BucketCharge[] => requests(from, count).map(({ key }) => ({ key, limit, cost: 1 }));

const rows = (storage: DurableObjectStorage, table: string): number =>
  storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;

afterEach(() => void vi.useRealTimers());

it.each(["lease", "take"] as const)(
  `keeps a bounded number of ${KEYS} keys, serves a known caller meanwhile, and has room once all buckets are full: %s`,
  async (way) => {
    const stub = env.TOKEN_BUCKET.getByName(`load-${way}`) as DurableObjectStub<TokenBuckets>;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) });
    await runInDurableObject(stub, async (_, state) => {
      const object = new TokenBuckets(state, env, { maxBuckets: 20_000, maxLeasedBuckets: 20_000, maxRows: 20_000 });
      const { storage } = state;
      const known: BucketLeaseRequest = { ...requests(0, 1)[0]!, key: "rule/ip:known" };
      expect(object.grantLeases([known])[0]?.tokens).toBeGreaterThanOrEqual(1);
      for (let key = 0; key < KEYS; key += BATCH) {
        if (way === "lease") object.grantLeases(requests(key, BATCH));
        else object.take(charges(key, BATCH));
      }
      expect(rows(storage, "buckets")).toBe(0); // they fill within 10 s
      const again = { ...known, request: { ...known.request, isolate: "another" } };
      expect(object.grantLeases([again])[0]?.tokens).toBeGreaterThanOrEqual(1);
      vi.setSystemTime(Date.UTC(2026, 0, 1) + 60_000);
      expect(object.grantLeases([{ ...known, key: "rule/ip:new" }])[0]?.poolTokens).toBeGreaterThan(5); // there is room again
    });
  },
  120_000,
);

it.each(["lease", "take"] as const)("decides 100,000 requests of 1,000 known keys in batches of 100: %s", async (way) => {
  const stub = env.TOKEN_BUCKET.getByName(`speed-${way}`) as DurableObjectStub<TokenBuckets>;
  await runInDurableObject(stub, (object: TokenBuckets) => {
    let decided = 0;
    for (let batch = 0; batch < 1_000; batch++) {
      const from = (batch % 10) * BATCH;
      if (way === "take") decided += object.take(charges(from, BATCH)).length;
      else
        decided += object.grantLeases(
          requests(from, BATCH).map((one) => ({ ...one, request: { ...one.request, sequence: batch + 1 } })),
        ).length;
    }
    expect(decided).toBe(100_000);
  });
});
