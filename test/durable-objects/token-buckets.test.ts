// The Durable Object of rate limits: exact and leased buckets, over evictions, and bounded.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BucketDecision } from "../../core/rate-limit/token-bucket.ts";
import { type BucketCharge, type BucketLeaseRequest, TokenBuckets } from "../../durable-objects/token-buckets.ts";
import { seeded } from "../support/cache-traces.ts";

const START = Date.UTC(2040, 0, 1); // an alarm in the past would be set to the real time
const BOUNDS = { maxBuckets: 100, maxLeasedBuckets: 100, maxRows: 100 };
const limit = { capacity: 3, rate: 1, intervalMs: 1000 };
const charge = (key: string, cost = 1): BucketCharge => ({ key, limit, cost });

let names = 0;
const freshObject = (): DurableObjectStub<TokenBuckets> => env.TOKEN_BUCKET.getByName(`test-${names++}`);
const rows = (stub: DurableObjectStub<TokenBuckets>): Promise<number> =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM buckets").one().n);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

describe("TokenBuckets", () => {
  it("takes a burst of its capacity, then refuses with the time to wait", async () => {
    const stub = freshObject();
    for (const remaining of [2, 1, 0]) {
      expect(await stub.take([charge("a")])).toEqual([{ kind: "allowed", remaining, nextMs: 1000 }]);
    }
    vi.setSystemTime(START + 400);
    expect(await stub.take([charge("a")])).toEqual([{ kind: "refused", remaining: 0, nextMs: 600, retryAfterMs: 600 }]);
    vi.setSystemTime(START + 1000);
    expect((await stub.take([charge("a")]))[0]?.kind).toBe("allowed");
  });

  it("has a bucket for each key and limit", async () => {
    const stub = freshObject();
    await stub.take([charge("a", 3)]);
    expect((await stub.take([charge("b", 3)]))[0]?.kind).toBe("allowed");
    expect((await stub.take([{ ...charge("a"), limit: { ...limit, capacity: 4 } }]))[0]).toMatchObject({ remaining: 3 });
  });

  it("admits exactly its capacity of simultaneous calls", async () => {
    const stub = freshObject();
    const big = { capacity: 100, rate: 1, intervalMs: 1000 };
    const verdicts = await Promise.all(Array.from({ length: 300 }, () => stub.take([{ key: "a", limit: big, cost: 1 }])));
    expect(verdicts.filter(([verdict]) => verdict?.kind === "allowed")).toHaveLength(100);
  });

  it("takes all charges of a call, or none", async () => {
    const stub = freshObject();
    await stub.take([charge("b", 3)]);
    const verdicts = await stub.take([charge("a"), charge("b")]);
    expect(verdicts.map((verdict) => verdict?.kind)).toEqual(["allowed", "refused"]);
    expect((await stub.take([charge("a", 3)]))[0]?.kind).toBe("allowed"); // nothing was taken from a
  });

  it("returns tokens of a call that another Durable Object refused", async () => {
    const stub = freshObject();
    await stub.take([charge("a", 3)]);
    await stub.returnTokens([charge("a", 2)]);
    expect((await stub.take([charge("a")]))[0]).toMatchObject({ kind: "allowed", remaining: 1 });
  });

  it("keeps its buckets over an eviction", async () => {
    const stub = freshObject();
    await stub.take([charge("a", 3)]);
    await evictDurableObject(stub);
    expect((await stub.take([charge("a")]))[0]?.kind).toBe("refused");
  });

  it("refills nothing when the clock steps back; over an eviction, from its start on", async () => {
    const stub = freshObject();
    await stub.take([charge("a", 3)]);
    vi.setSystemTime(START - 3_600_000);
    expect((await stub.take([charge("a")]))[0]).toMatchObject({ kind: "refused", retryAfterMs: 3_601_000 });
    await evictDurableObject(stub);
    expect((await stub.take([charge("a")]))[0]).toMatchObject({ kind: "refused", retryAfterMs: 1_000 });
    vi.setSystemTime(START + 1000);
    expect((await stub.take([charge("a")]))[0]?.kind).toBe("allowed");
  });

  it("writes no row for a bucket that fills within 10 s, and drops the row of another one when it is full, by an alarm", async () => {
    const stub = freshObject();
    await stub.take([charge("a", 3)]);
    expect([await rows(stub), await runDurableObjectAlarm(stub)]).toEqual([0, false]);
    const daily = { capacity: 2, rate: 1, intervalMs: 43_200_000 };
    await stub.take([{ key: "a", limit: daily, cost: 2 }]);
    await evictDurableObject(stub);
    expect((await stub.take([{ key: "a", limit: daily, cost: 1 }]))[0]).toMatchObject({ kind: "refused", retryAfterMs: 43_200_000 });
    vi.setSystemTime(START + 43_200_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await rows(stub)).toBe(1);
    vi.setSystemTime(START + 86_400_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect([await rows(stub), await runDurableObjectAlarm(stub)]).toEqual([0, false]); // no row, no alarm
  });

  it("knows the time of a refused call if the limit is `compat`", async () => {
    const slow = { capacity: 10, rate: 1, intervalMs: 1000, compat: true };
    const stub = freshObject();
    await stub.take([{ key: "a", limit: slow, cost: 10 }]);
    vi.setSystemTime(START + 1500);
    expect((await stub.take([{ key: "a", limit: slow, cost: 10 }]))[0]?.kind).toBe("refused");
    vi.setSystemTime(START + 2500); // two intervals after the first call, one after the refused one
    expect((await stub.take([{ key: "a", limit: slow, cost: 10 }]))[0]?.kind).toBe("refused");

    await evictDurableObject(stub);
    vi.setSystemTime(START + 3_600); // two intervals after the first call, and less after the refused ones
    expect((await stub.take([{ key: "a", limit: slow, cost: 10 }]))[0]?.kind).toBe("refused");
  });

  it("keeps a bounded number of buckets: above it new keys share one, and nobody gets tokens back", async () => {
    await runInDurableObject(freshObject(), (_, state) => {
      const bounded = new TokenBuckets(state, env, { ...BOUNDS, maxBuckets: 10 });
      for (let caller = 0; caller < 10; caller++) bounded.take([charge(`caller-${caller}`, 3)]);
      const kindOf = (key: string, cost = 1) => bounded.take([charge(key, cost)])[0]?.kind;
      expect([kindOf("a", 2), kindOf("b", 2), kindOf("c")]).toEqual(["allowed", "refused", "allowed"]);
      bounded.returnTokens([charge("c")]); // it has no bucket of its own
      for (let caller = 0; caller < 10; caller++) expect(kindOf(`caller-${caller}`)).toBe("refused");
      expect(kindOf("d")).toBe("refused");
      vi.setSystemTime(START + 3_000); // all are full again
      expect(kindOf("d", 3)).toBe("allowed");
      expect(kindOf("caller-0", 3)).toBe("allowed");
    });
  });

  it("forgets no refusal, whatever other keys there are", async () => {
    await runInDurableObject(freshObject(), (_, state) => {
      const bounded = new TokenBuckets(state, env, { ...BOUNDS, maxBuckets: 8 });
      const random = seeded(7);
      const refusals = new Map<string, { cost: number; until: number }[]>();
      let now = START;
      for (let call = 0; call < 3_000; call++) {
        if (random() < 0.2) now += Math.floor(random() * 400);
        vi.setSystemTime(now);
        const key = `caller-${Math.floor(random() * (random() < 0.5 ? 5 : 40))}`;
        const cost = 1 + Math.floor(random() * 3);
        const decision = bounded.take([charge(key, cost)])[0] as BucketDecision;
        const due = (refusals.get(key) ?? []).filter(({ until }) => now < until);
        if (decision.kind === "refused") due.push({ cost, until: now + decision.retryAfterMs });
        else expect(due.filter((refused) => refused.cost <= cost)).toEqual([]);
        refusals.set(key, due);
      }
    });
  });
});

describe("leased buckets of TokenBuckets", () => {
  const big = { capacity: 1000, rate: 100, intervalMs: 1000 };
  const request = (isolate: string, turn: number, need: number, has = 0): BucketLeaseRequest => ({
    key: "a",
    limit: big,
    request: {
      isolate,
      sequence: turn,
      appliedSequence: turn - 1,
      tokensHeld: has,
      tokensNeeded: need,
      demandPerMs: 0.05,
      peakDemandPerMs: 0.05,
      isDemandSteady: true,
    },
  });
  it("lend several isolates no more than one bucket has", async () => {
    const stub = freshObject();
    const grants = [];
    for (const isolate of ["x", "y", "z"]) grants.push(...(await stub.grantLeases([request(isolate, 1, 400)])));
    const lent = grants.reduce((sum, grant) => sum + grant!.capacity, 0);
    expect(lent).toBeLessThanOrEqual(1000);
    expect(grants.reduce((sum, grant) => sum + grant!.tokens, 0)).toBeLessThanOrEqual(1000);
    expect(grants[2]).toMatchObject({ tokens: 0 });
    expect(grants[2]?.retryAfterMs).toBeGreaterThan(0);
  });

  it("decide a duplicate request once", async () => {
    const stub = freshObject();
    expect((await stub.grantLeases([request("x", 1, 5)]))[0]?.tokens).toBeGreaterThanOrEqual(5);
    expect(await stub.grantLeases([request("x", 1, 5)])).toEqual([undefined]);
  });

  it("remember over an eviction what they have lent", async () => {
    const stub = freshObject();
    await stub.grantLeases([request("x", 1, 900)]);
    await evictDurableObject(stub);
    expect((await stub.grantLeases([request("y", 1, 200)]))[0]).toMatchObject({ tokens: 0 });
  });

  it("are full after a while without requests, also over an eviction", async () => {
    const stub = freshObject();
    await stub.grantLeases([request("x", 1, 900)]);
    vi.setSystemTime(START + 60_000);
    expect((await stub.grantLeases([request("y", 1, 1000)]))[0]?.tokens).toBe(1000);
    await evictDurableObject(stub);
    vi.setSystemTime(START + 120_000);
    expect((await stub.grantLeases([request("z", 1, 1000)]))[0]?.tokens).toBe(1000);
  });

  it("are not dropped above their bound: new callers share one exact bucket, and existing leases stay", async () => {
    await runInDurableObject(freshObject(), (_, state) => {
      const bounded = new TokenBuckets(state, env, { ...BOUNDS, maxLeasedBuckets: 1 });
      bounded.grantLeases([request("x", 1, 1)]);
      const [first] = bounded.grantLeases([{ ...request("x", 1, 1000), key: "b" }]);
      expect(first).toMatchObject({ tokens: 1000, pauseMs: 0, ratePerMs: 0 });
      const [second] = bounded.grantLeases([{ ...request("x", 1, 1), key: "c" }]);
      expect(second).toMatchObject({ tokens: 0, pauseMs: 10 });
      expect(bounded.grantLeases([request("x", 2, 1)])[0]?.pauseMs).toBe(0);
    });
  });
});
