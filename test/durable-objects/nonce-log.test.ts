// The Durable Object of nonces: each is used once in the world, also after an eviction, until its signature ends.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { NonceLog } from "../../durable-objects/nonce-log.ts";

const START = Date.UTC(2026, 0, 1);
let names = 0;
const fresh = (): DurableObjectStub<NonceLog> => env.NONCE_LOG.getByName(`log-${names++}`);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it("takes a nonce once until its signature ends, and again from then on", async () => {
  const log = fresh();
  expect(await log.use("a", START + 100)).toEqual({ decision: "first" });
  vi.setSystemTime(START + 99);
  expect(await log.use("a", START + 500)).toEqual({ decision: "repeated" });
  expect(await log.use("b", START + 500)).toEqual({ decision: "first" });
  vi.setSystemTime(START + 100);
  expect(await log.use("a", START + 200)).toEqual({ decision: "first" });
  expect(await log.use("a", START + 200)).toEqual({ decision: "repeated" });
});

it("forgets none in an eviction", async () => {
  const log = fresh();
  await log.use("a", START + 100);
  await evictDurableObject(log);
  expect(await log.use("a", START + 100)).toEqual({ decision: "repeated" });
});

it("takes one of many requests that come at once", async () => {
  const log = fresh();
  const replies = await Promise.all(Array.from({ length: 20 }, () => log.use("a", START + 100)));
  expect(replies.filter(({ decision }) => decision === "first")).toHaveLength(1);
});

it("refuses what it cannot store, until nonces end", async () => {
  await runInDurableObject(fresh(), async (_, state) => {
    const small = new NonceLog(state, env, 2);
    const use = (nonce: string, endsAt: number) => small.use(nonce, endsAt).then(({ decision }) => decision);
    expect([await use("a", START + 10), await use("b", START + 20), await use("c", START + 20), await use("a", START + 20)]).toEqual([
      ...["first", "first", "full", "repeated"],
    ]);
    vi.setSystemTime(START + 10);
    expect([await use("c", START + 20), await use("d", START + 20)]).toEqual(["first", "full"]);
  });
});

it("removes what has ended, and sleeps when it is empty", async () => {
  const log = fresh();
  await log.use("a", START + 100);
  await log.use("b", START + 70_000);
  const rows = () =>
    runInDurableObject(log, async (_, { storage }) => [
      storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM nonces").one().n,
      (await storage.getAlarm()) !== null,
    ]);
  vi.setSystemTime(START + 60_000);
  expect(await runDurableObjectAlarm(log)).toBe(true);
  expect(await rows()).toEqual([1, true]);
  vi.setSystemTime(START + 120_000);
  expect(await runDurableObjectAlarm(log)).toBe(true);
  expect(await rows()).toEqual([0, false]);
});
