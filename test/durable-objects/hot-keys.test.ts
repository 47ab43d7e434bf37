// A hot key moves to a Durable Object of its own: its bucket is in one place only, also over evictions.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { BucketMoved } from "../../core/rate-limit/hot-key.ts";
import { type BucketCharge, TokenBucket } from "../../durable-objects/token-bucket.ts";

const START = Date.UTC(2026, 0, 1);
const HOT = 301; // requests within 3 s
const limit = { capacity: 500, rate: 1, intervalMs: 1_000 };
const charge: BucketCharge = { key: "a", limit, cost: 1 };

let names = 0;
function fresh() {
  const name = `hot-test-${names++}`;
  const shard = env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBucket>;
  const own = env.TOKEN_BUCKET.getByName(`${name}/a`) as DurableObjectStub<TokenBucket>;
  return { shard, own };
}

const take = (stub: DurableObjectStub<TokenBucket>, one: BucketCharge, times: number): Promise<(string | undefined)[]> =>
  runInDurableObject(stub, (object: TokenBucket) => Array.from({ length: times }, () => object.take([one])[0]?.kind));
const heat = async (shard: DurableObjectStub<TokenBucket>): Promise<BucketMoved> => {
  const kinds = await take(shard, charge, HOT);
  expect(kinds.at(-1)).toBe("moved");
  return (await shard.take([charge]))[0] as BucketMoved;
};
const rows = (stub: DurableObjectStub<TokenBucket>, table: string): Promise<number> =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it("takes along what is left in its bucket", async () => {
  const { shard, own } = fresh();
  const { start } = await heat(shard);
  expect(await rows(shard, "buckets")).toBe(0);
  const kinds = await take(own, { ...charge, start }, 400);
  expect(kinds.filter((kind) => kind === "allowed")).toHaveLength(200); // 300 were taken before
});

it("is reported the same way after an eviction, and its new Durable Object keeps what was taken there", async () => {
  const { shard, own } = fresh();
  const { start } = await heat(shard);
  await own.take([{ ...charge, cost: 200, start }]);
  await evictDurableObject(shard);
  await evictDurableObject(own);
  expect(await shard.take([charge])).toEqual([{ kind: "moved", start }]);
  expect((await own.take([{ ...charge, start }]))[0]).toMatchObject({ kind: "refused", retryAfterMs: 1_000 });
});

it("takes nothing of other keys in the same message, and is reported to corrections as well", async () => {
  const { shard, own } = fresh();
  const { start } = await heat(shard);
  const other = { ...charge, key: "b", cost: 500 };
  expect(await shard.take([other, charge])).toEqual([undefined, { kind: "moved", start }]);
  expect((await shard.take([other]))[0]).toMatchObject({ kind: "allowed", remaining: 0 });
  expect(await shard.returnTokens([charge])).toEqual([{ kind: "moved", start }]);
  expect(await shard.overdraw([charge])).toEqual([{ kind: "moved", start }]);
  expect(await own.overdraw([{ ...charge, cost: 150, start }])).toEqual([undefined]);
  expect((await own.take([{ ...charge, start }]))[0]).toMatchObject({ kind: "allowed", remaining: 49 });
});

it("returns to its shard when the other bucket is full, and starts a new bucket when it moves again", async () => {
  const { shard, own } = fresh();
  const first = (await heat(shard)).start;
  await own.take([{ ...charge, start: first }]);
  vi.setSystemTime(START + 500_000); // the bucket is full, but an isolate may have been sent there up to 70 s before
  await runDurableObjectAlarm(shard);
  expect((await shard.take([charge]))[0]?.kind).toBe("moved");
  vi.setSystemTime(START + 1_070_000);
  await runDurableObjectAlarm(shard);
  expect(await rows(shard, "moved")).toBe(0);
  expect((await shard.take([charge]))[0]).toMatchObject({ kind: "allowed", remaining: 499 });
  const second = (await heat(shard)).start;
  expect(second.generation).toBe(first.generation + 1);
  // The old bucket is still there, and full by now; the new hand-over starts another one.
  expect(await rows(own, "buckets")).toBe(1);
  expect((await own.take([{ ...charge, start: second }]))[0]).toMatchObject({ kind: "allowed", remaining: 199 });
});

it("leaves no rows behind", async () => {
  const { shard, own } = fresh();
  const { start } = await heat(shard);
  await own.take([{ ...charge, start }]);
  vi.setSystemTime(START + 1_000_000);
  await runDurableObjectAlarm(shard);
  await runDurableObjectAlarm(own);
  expect([await rows(shard, "moved"), await rows(own, "buckets")]).toEqual([0, 0]);
});

it("stays if there are too many moves, or if the limit is `compat`", async () => {
  await runInDurableObject(fresh().shard, (_, state) => {
    const full = new TokenBucket(state, env, { maxBuckets: 100, maxLeasedBuckets: 100, maxMoves: 0 });
    for (let n = 0; n < HOT; n++) expect(full.take([charge])[0]?.kind).toBe("allowed");
  });
  const compat = { ...charge, limit: { ...limit, compat: true } };
  expect(new Set(await take(fresh().shard, compat, HOT))).toEqual(new Set(["allowed"]));
});
