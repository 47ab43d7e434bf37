// The object under keys without end: a bounded number is kept, honest ones are served, all are gone after silence.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { BucketCharge, BucketLeaseRequest, TokenBucket } from "../../durable-objects/token-bucket.ts";

const limit = { capacity: 10, rate: 10, intervalMs: 1_000 };
const KEYS = 1_000_000;
const BATCH = 100;

const asks = (from: number, count: number): BucketLeaseRequest[] =>
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
const charges = (from: number, count: number): BucketCharge[] => asks(from, count).map(({ key }) => ({ key, limit, cost: 1 }));

const rows = (object: TokenBucket, storage: DurableObjectStorage, table: string): number => {
  void object;
  return storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n;
};

afterEach(() => void vi.useRealTimers());

it.each(["lend", "take"] as const)(
  `keeps a bounded part of ${KEYS} keys that are offered, serves a known one meanwhile, and is empty after silence: %s`,
  async (way) => {
    const stub = env.TOKEN_BUCKET.getByName(`load-${way}`) as DurableObjectStub<TokenBucket>;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) });
    await runInDurableObject(stub, async (object: TokenBucket, { storage }) => {
      object.maxKeys = object.maxPools = 20_000;
      const honest: BucketLeaseRequest = { ...asks(0, 1)[0]!, key: "rule/ip:honest" };
      expect(object.grantLeases([honest])[0]?.tokens).toBeGreaterThanOrEqual(1);
      for (let key = 0; key < KEYS; key += BATCH) {
        if (way === "lend") object.grantLeases(asks(key, BATCH));
        else object.take(charges(key, BATCH));
      }
      expect(rows(object, storage, "leased_buckets")).toBeLessThanOrEqual(20_000);
      expect(rows(object, storage, "buckets")).toBeLessThanOrEqual(20_001);
      const again = { ...honest, request: { ...honest.request, isolate: "another" } };
      expect(object.grantLeases([again])[0]?.tokens).toBeGreaterThanOrEqual(1);
      vi.setSystemTime(Date.UTC(2026, 0, 1) + 60_000);
    });
    await runDurableObjectAlarm(stub);
    await runInDurableObject(stub, (object: TokenBucket, { storage }) => {
      expect(["leased_buckets", "leases", "buckets"].map((table) => rows(object, storage, table))).toEqual([0, 0, 0]);
    });
  },
  120_000,
);

it.each(["lend", "take"] as const)("decides 100,000 keys in batches of 100, of 1,000 that it knows: %s", async (way) => {
  const stub = env.TOKEN_BUCKET.getByName(`speed-${way}`) as DurableObjectStub<TokenBucket>;
  await runInDurableObject(stub, (object: TokenBucket) => {
    let decided = 0;
    for (let batch = 0; batch < 1_000; batch++) {
      const from = (batch % 10) * BATCH;
      if (way === "take") decided += object.take(charges(from, BATCH)).length;
      else
        decided += object.grantLeases(
          asks(from, BATCH).map((one) => ({ ...one, request: { ...one.request, sequence: batch + 1 } })),
        ).length;
    }
    expect(decided).toBe(100_000);
  });
});
