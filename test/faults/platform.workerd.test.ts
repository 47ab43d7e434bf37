// Faults of the platform, injected in workerd: objects are evicted, storage and KV fail, alarms come twice. Clocks: test/faults/clock.test.ts
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RateLimitInput } from "../../core/config/rate-limit.ts";
import type { Registration } from "../../core/registry/registry.ts";
import type { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
import type { HashRing } from "../../durable-objects/hash-ring.ts";
import type { PurgeLog } from "../../durable-objects/purge-log.ts";
import type { BucketLeaseRequest, TokenBuckets } from "../../durable-objects/token-buckets.ts";
import type { CacheNamespace } from "../../workers/gateway/cache/l2/kv.ts";
import { cachedRoute, cacheStatus, freshResponse } from "../support/cached-route.ts";
import { gatewayTo, json, PATIENT_MS, USER, unary } from "../support/gateway.ts";

const LIMIT = { capacity: 20, rate: 5, intervalMs: 1_000 };
const wanted = (id: string): Registration => ({
  ...{ id, url: `https://${id}.example`, weight: 1, priority: 0, zone: "", metadata: {}, leaseMs: 60_000 },
});
let names = 0;
const fresh = <T extends Rpc.DurableObjectBranded>(namespace: DurableObjectNamespace<T>): DurableObjectStub<T> =>
  namespace.getByName(`fault-${names++}`);

/** Every write of these rows fails, as on a full disk, until `allowWrites`. */
async function failWrites(stub: DurableObjectStub, table: string): Promise<void> {
  await runInDurableObject(stub, (_, { storage }) => {
    for (const event of ["INSERT", "UPDATE"])
      storage.sql.exec(`CREATE TRIGGER full_${event} BEFORE ${event} ON ${table} BEGIN SELECT RAISE(ABORT, 'disk is full'); END`);
  });
}

/** A promise of RPC is awaited itself: one that is handed on rejects a second time, unhandled. */
async function failureOf(call: () => PromiseLike<unknown>): Promise<string> {
  try {
    await call();
    return "none";
  } catch (error) {
    return String(error);
  }
}

async function allowWrites(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, (_, { storage }) => {
    for (const event of ["INSERT", "UPDATE"]) storage.sql.exec(`DROP TRIGGER full_${event}`);
  });
}

describe("D01 a limit whose object is evicted while calls arrive", () => {
  const limit = { ...LIMIT, rate: 50 };
  const rules: Readonly<Record<string, RateLimitInput>> = {
    exact: { ...limit, key: "ip", mode: "exact", fail: "closed", waitMs: PATIENT_MS },
    leased: { ...limit, key: "ip", fail: "closed", waitMs: 1_000 },
  };

  it.each(Object.entries(rules))("D01 admits no more than capacity + rate * time: %s", async (name, rule) => {
    const gateway = gatewayTo(() => json(USER), { rateLimitShards: 1, rateLimits: { [name]: rule }, defaults: { rateLimits: [name] } });
    const startedAt = Date.now();
    let admitted = 0;
    for (let wave = 0; wave < 4; wave++) {
      const calls = Array.from({ length: 15 }, () => gateway(unary("GetUser", {}, { "cf-connecting-ip": "192.0.2.1" })));
      await evictDurableObject(env.TOKEN_BUCKET.getByName("local/shard-0")).catch(() => undefined); // it may not run: a lease needs it rarely
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      expect(
        statuses.every((status) => [200, 429, 503].includes(status)),
        statuses.join(),
      ).toBe(true);
      admitted += statuses.filter((status) => status === 200).length;
    }
    const seconds = (Date.now() - startedAt) / 1_000;
    expect(admitted).toBeLessThanOrEqual(limit.capacity + limit.rate * seconds);
    expect(admitted).toBeGreaterThanOrEqual(limit.capacity / 2); // after each start it lends again as soon as no older lease can live
    const call = () => gateway(unary("GetUser", {}, { "cf-connecting-ip": "192.0.2.1" }));
    await vi.waitFor(async () => expect((await call()).status).toBe(200), { timeout: PATIENT_MS, interval: 200 });
  });
});

describe("D05 the shared level of the cache", () => {
  afterEach(() => void vi.restoreAllMocks());
  const missing: CacheNamespace["getWithMetadata"] = () => Promise.resolve({ value: null, metadata: null, cacheStatus: null } as never);
  const slow = async (): Promise<never> => {
    await scheduler.wait(5_000);
    throw new Error("slow");
  };
  const refused = (): Promise<never> => Promise.reject(new Error("KV PUT failed: 429 Too Many Requests"));

  it.each<[string, CacheNamespace["getWithMetadata"], CacheNamespace["put"]]>([
    ["is read in 5 s", slow, () => Promise.resolve()],
    ["fails to be read", refused, () => Promise.resolve()],
    ["refuses writes with 429", missing, refused],
    [
      "throws at once",
      () => {
        throw new Error("KV is gone");
      },
      () => {
        throw new Error("KV is gone");
      },
    ],
    ["takes 5 s for a write", missing, slow],
  ])("D05 costs a miss, and no response, where it %s", async (_, getWithMetadata, put) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const input = {
      services: {},
      discovery: false,
      cache: { l2WaitMs: 50 },
      httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "kv", ttlMs: 600_000 } } },
    } as const;
    const { send, received } = cachedRoute(() => freshResponse(), {}, input, { CACHE: { getWithMetadata, put } });
    for (let call = 0; call < 8; call++) {
      const responses = await Promise.all([send(`/fault-${call}`), send(`/other-${call}`)]);
      expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    }
    expect(received).toHaveLength(16);
    expect(cacheStatus(await send("/fault-0"))).toContain("hit");
  });
});

describe("D06 an object whose storage refuses a write", () => {
  const demand = { demandPerMs: 0.01, peakDemandPerMs: 0.01, isDemandSteady: true };
  const lease = (sequence: number, key = "a", isolate = "one"): BucketLeaseRequest => ({
    key,
    limit: { ...LIMIT, intervalMs: 3_600_000 }, // buckets that fill sooner have no rows
    request: { isolate, sequence, appliedSequence: sequence - 1, tokensHeld: 0, tokensNeeded: LIMIT.capacity, ...demand },
  });

  it.each(["buckets"])("D06 lends nothing, and as much as before afterwards: %s", async (table) => {
    const stub = fresh(env.TOKEN_BUCKET as DurableObjectNamespace<TokenBuckets>);
    await stub.grantLeases([lease(1, "other")]);
    await failWrites(stub, table);
    for (const sequence of [1, 2, 3]) expect(await failureOf(() => stub.grantLeases([lease(sequence)]))).toContain("disk is full");
    await allowWrites(stub);
    const [grant] = await stub.grantLeases([lease(4)]);
    expect(grant!.tokens).toBe(LIMIT.capacity);
    await evictDurableObject(stub);
    expect((await stub.grantLeases([lease(1, "a", "two")]))[0]!.tokens).toBe(0);
  });

  it("D06 takes no token, and the call is refused or passes as its rule says", async () => {
    const stub = env.TOKEN_BUCKET.getByName("local/shard-0");
    const call = (fail: "open" | "closed", capacity: number) =>
      gatewayTo(() => json(USER), {
        rateLimitShards: 1,
        rateLimits: { a: { key: "ip", capacity, rate: 1, intervalMs: 3_600_000, mode: "exact", fail, waitMs: PATIENT_MS } },
        defaults: { rateLimits: ["a"] },
      })(unary("GetUser", {}, { "cf-connecting-ip": "192.0.2.6" }));
    await stub.take([{ key: "unused", limit: LIMIT, cost: 1 }]);
    await failWrites(stub, "buckets");
    expect((await call("closed", 7)).status).toBe(503);
    expect((await call("open", 7)).status).toBe(200);
    await allowWrites(stub);
    const response = await call("closed", 7);
    expect([response.status, response.headers.get("ratelimit")]).toEqual([200, expect.stringContaining("r=6")]);
  });

  it.each(["endpoints", "changes"])("D06 registers an endpoint as a whole or not at all, and goes on afterwards: %s", async (table) => {
    const stub = fresh(env.HASH_RING as DurableObjectNamespace<HashRing>);
    await stub.register(wanted("a"), 0);
    await failWrites(stub, table);
    for (let n = 0; n < 2; n++) expect(await failureOf(() => stub.register(wanted("b"), 0))).toContain("disk is full");
    const before = await stub.snapshot(-1);
    expect(before).toMatchObject({ version: 1, endpoints: [{ id: "a" }] });
    await allowWrites(stub);
    expect(await stub.register(wanted("b"), 0)).toMatchObject({ kind: "ok", version: 2 });
    await evictDurableObject(stub);
    const after = await stub.snapshot(-1);
    expect(after).toMatchObject({ version: 2 });
    expect((await stub.changes()).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it.each(["breakers", "changes"])("D06 leaves a breaker as it was, for isolates and for operators: %s", async (table) => {
    const stub = fresh(env.CIRCUIT_BREAKER as DurableObjectNamespace<CircuitBreaker>);
    const author = { author: "ada", reason: "test" };
    await stub.setOverride("one", "closed", author);
    await failWrites(stub, table);
    expect(await failureOf(() => stub.setOverride("one", "open", author))).toContain("disk is full");
    expect(await stub.state()).toMatchObject([{ endpoint: "one", kind: "closed", override: "closed" }]);
    await allowWrites(stub);
    await stub.setOverride("one", "open", author);
    await evictDurableObject(stub);
    expect(await stub.state()).toMatchObject([{ endpoint: "one", kind: "open", override: "open" }]);
    expect(await stub.changes()).toHaveLength(2);
  });

  it.each(["purges", "marks"])("D06 logs a purge as a whole or not at all: %s", async (table) => {
    const stub = fresh(env.PURGE_LOG as DurableObjectNamespace<PurgeLog>);
    const purge = (value: string) => stub.append([{ kind: "tag", value }], "soft", 0);
    await purge("a");
    const before = await stub.since(0);
    await failWrites(stub, table);
    expect(await failureOf(() => purge("b"))).toContain("disk is full");
    expect(await stub.since(0)).toEqual(before);
    await allowWrites(stub);
    const after = await purge("b");
    await evictDurableObject(stub);
    expect(await stub.since(0)).toEqual(after);
  });
});

describe("an alarm that comes twice", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 29) }));
  afterEach(() => void vi.useRealTimers());

  it("drops the same buckets once, and sets the next alarm", async () => {
    const stub = fresh(env.TOKEN_BUCKET as DurableObjectNamespace<TokenBuckets>);
    await stub.take([{ key: "soon", limit: LIMIT, cost: 1 }]);
    await stub.take([{ key: "late", limit: { ...LIMIT, intervalMs: 100_000 }, cost: 20 }]);
    vi.setSystemTime(Date.now() + 10_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await runInDurableObject(stub, (instance) => instance.alarm());
    const rows = await runInDurableObject(stub, (_, { storage }) => storage.sql.exec("SELECT key FROM buckets").toArray());
    expect(rows).toHaveLength(1);
    expect((await stub.take([{ key: "late", limit: { ...LIMIT, intervalMs: 100_000 }, cost: 20 }]))[0]).toMatchObject({ kind: "refused" });
    expect(await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now());
  });

  it("lets an endpoint expire once", async () => {
    const stub = fresh(env.HASH_RING as DurableObjectNamespace<HashRing>);
    await stub.register(wanted("a"), 0);
    vi.setSystemTime(Date.now() + 120_000);
    await runDurableObjectAlarm(stub);
    await runInDurableObject(stub, (instance) => instance.alarm());
    expect(await stub.snapshot(-1)).toMatchObject({ version: 2, endpoints: [] });
  });
});
