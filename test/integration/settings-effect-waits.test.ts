// Settings of lifetimes and waits with a small effect: each row runs one gateway without the setting and one with it.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CacheInput } from "../../core/config/cache.ts";
import { cachedRoute, freshResponse } from "../support/cached-route.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { getUser, type Input, SERVICE } from "../support/effects/upstream-calls.ts";
import { gatewayTo, userFor } from "../support/gateway.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The second of two calls of a page, some time after the first one. */
async function later(cache: CacheInput, ms: number, first: () => Response) {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { send, received } = cachedRoute(first, cache);
  await (await send("/a")).text();
  vi.setSystemTime(Date.now() + ms);
  const response = await send("/a");
  await response.text();
  vi.useRealTimers();
  return { fetched: received.length, cacheStatus: response.headers.get("cache-status") ?? "" };
}

/** Whether a call that finds all places taken is refused within 1.5 s. */
async function isRefusedSoon(input: Input): Promise<boolean> {
  const held: (() => void)[] = [];
  const hold = (call: Request) => new Promise<Response>((resolve) => held.push(() => resolve(userFor(call))));
  const gateway = gatewayTo(hold, input);
  const first = gateway(getUser());
  await vi.waitUntil(() => held.length === 1, { timeout: 60_000 });
  const second = gateway(getUser()).then(({ status }) => status !== 200);
  const isRefused = await Promise.race([second, scheduler.wait(1_500).then(() => false)]);
  held[0]!();
  await first;
  let isOver = false;
  void second.then(() => (isOver = true));
  const ends = (): boolean => {
    held[1]?.(); // where it has a place now
    return isOver;
  };
  await vi.waitUntil(ends, { timeout: 60_000 });
  return isRefused;
}
const queue = (settings: object): Input => ({
  services: { [SERVICE]: { upstream: { endpoints: [{ binding: "USERS" }], maxConcurrent: 1, maxQueued: 2, ...settings }, retries: false } },
});
const isolate = (settings: object): Input => ({
  defaults: { retries: false },
  overload: { maxInFlight: 1, maxQueued: 2, callerShare: 100, ...settings },
});
const permit = (settings: object): Input => ({
  defaults: { concurrency: { max: 1, adaptive: false, maxQueued: 2, callerShare: 100, ...settings }, retries: false },
});

/** Calls of six at once that are sent, where four may be. */
async function sentAtOnce(input: Input): Promise<number> {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  const held: (() => void)[] = [];
  const gateway = gatewayTo((call) => new Promise((resolve) => held.push(() => resolve(userFor(call)))), input);
  let decided = 0;
  const calls = Array.from({ length: 6 }, async () => {
    await (await gateway(getUser())).arrayBuffer();
    decided += 1;
  });
  await vi.waitUntil(() => held.length + decided === 6, { timeout: 60_000 });
  const sent = held.length;
  for (const respond of held) respond();
  await Promise.all(calls);
  return sent;
}
const atMost = (settings: object): Input => permit({ max: 4, maxQueued: 0, ...settings });
const notFound = () => new Response("none", { status: 404, headers: { "cache-control": "public" } });

const CACHE_ROWS: readonly EffectRow<CacheInput>[] = [
  {
    setting: "defaults.cache.negativeTtlMs", // the default is 10 s
    base: { ttlMs: 60_000, jitterPercent: 0 },
    input: { negativeTtlMs: 60_000 },
    observe: async (cache) => (await later(cache, 30_000, notFound)).fetched,
    before: 2,
    after: 1,
  },
  {
    setting: "defaults.cache.staleWhileRevalidateMs",
    input: { staleWhileRevalidateMs: 600_000 },
    observe: async (cache) => (await later(cache, 61_000, freshResponse)).cacheStatus.includes("stale-while-revalidate"),
    before: false,
    after: true,
  },
];

const ROWS: readonly EffectRow[] = [
  {
    setting: "services.upstream.queueMs",
    base: queue({ queueMs: 60_000 }),
    input: queue({ queueMs: 30 }),
    observe: isRefusedSoon,
    before: false,
    after: true,
  },
  {
    setting: "defaults.concurrency.queueMs",
    base: permit({ queueMs: 60_000 }),
    input: permit({ queueMs: 30 }),
    observe: isRefusedSoon,
    before: false,
    after: true,
  },
  {
    setting: "overload.queueMs",
    base: isolate({ queueMs: 60_000 }),
    input: isolate({ queueMs: 30 }),
    observe: isRefusedSoon,
    before: false,
    after: true,
  },
  {
    setting: "defaults.concurrency.mode",
    base: atMost({}),
    input: atMost({ mode: "report" }),
    observe: sentAtOnce,
    before: expect.toSatisfy((sent: number) => sent < 6),
    after: 6,
  },
];

describe("the setting", () => {
  it.each(CACHE_ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });

  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
