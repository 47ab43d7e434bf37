// Settings of caches with a small effect: each row runs one gateway without the setting and one with it.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CacheInput } from "../../core/config/cache.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { cachedRoute, freshResponse, type Origin } from "../support/cached-route.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Requests that the origin gets for calls of these paths. */
function fetched(paths: readonly string[], origin: Origin = () => freshResponse()) {
  return async (cache: CacheInput): Promise<number> => {
    const { send, received } = cachedRoute(origin, cache);
    for (const path of paths) await (await send(path)).text();
    return received.length;
  };
}

/** Timers of one call that are of one of these lengths, ms: nothing responds before they end. */
function waits(lengths: readonly number[], bindings: object) {
  return async (input: object): Promise<number[]> => {
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    const timers = vi.spyOn(globalThis, "setTimeout");
    const pauses = vi.spyOn(scheduler, "wait");
    const { send } = cachedRoute(() => freshResponse(), {}, input as Partial<GatewayInput>, bindings as Record<string, unknown>);
    expect((await send("/a")).status).toBe(200);
    const all = [...timers.mock.calls.map(([, ms]) => ms ?? 0), ...pauses.mock.calls.map(([ms]) => ms)];
    vi.restoreAllMocks();
    return lengths.filter((length) => all.includes(length));
  };
}

/** Requests that the origin gets for a page that never changes, of which each response is fresh for 10 s: one call every 5 s, for 400 s. */
async function revalidations(cache: CacheInput): Promise<number> {
  vi.useFakeTimers({ toFake: ["Date"] });
  const validator = { etag: '"1"', "cache-control": "max-age=10" };
  const origin = ({ headers }: Request) =>
    headers.has("if-none-match") ? new Response(null, { status: 304, headers: validator }) : freshResponse("a", validator);
  const { send, received } = cachedRoute(origin, cache);
  for (let call = 0; call < 80; call++) {
    await (await send("/a")).text();
    vi.setSystemTime(Date.now() + 5_000);
  }
  vi.useRealTimers();
  return received.length;
}

const FOUR = ["/a/1", "/a/2", "/a/3", "/a/4"];

/** Pages of four that are stored after these were requested, on a route beside another one. */
function stored(requested: readonly string[] = FOUR, bodyBytes = 5) {
  return async (input: object): Promise<string[]> => {
    const route = { upstream: { binding: "ORIGIN" }, cache: { l2: "none" } } as const;
    const { send } = cachedRoute(() => freshResponse("x".repeat(bodyBytes)), {}, { httpRoutes: { "/a/": route, "/b/": route }, ...input });
    for (const page of requested) await (await send(page)).text();
    const isStored = async (page: string) => (await send(page, { headers: { "cache-control": "only-if-cached" } })).status === 200;
    const pages: string[] = [];
    for (const page of FOUR) if (await isStored(page)) pages.push(page);
    return pages;
  };
}
const popularThenScan = ["/a/1", "/a/1", "/a/1", ...Array.from({ length: 30 }, (_, page) => `/a/scanned-${page}`)];

/** Requests that the origin gets for two calls of a page whose lifetime of a minute is that of the route, 57 s apart. */
async function fetchedLater(cache: CacheInput): Promise<number> {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  const { send, received } = cachedRoute(() => freshResponse("a", { "cache-control": "public" }), { ttlMs: 60_000, ...cache });
  await (await send("/a")).text();
  vi.setSystemTime(Date.now() + 57_000);
  await (await send("/a")).text();
  vi.useRealTimers();
  return received.length;
}

/** Status of a page that was fresh for a minute, after 61 s: then the origin fails. */
async function statusWhileFailing(cache: CacheInput): Promise<number> {
  vi.useFakeTimers({ toFake: ["Date"] });
  const origin = (_: Request, request: number) => (request === 1 ? freshResponse() : new Response("broken", { status: 500 }));
  const { send } = cachedRoute(origin, cache);
  await (await send("/a")).text();
  vi.setSystemTime(Date.now() + 61_000);
  const { status } = await send("/a");
  vi.useRealTimers();
  return status;
}

/** Requests that the origin gets for one page, called by two tenants. */
async function fetchedByTenants(cache: CacheInput): Promise<number> {
  const { send, received } = cachedRoute(() => freshResponse(), cache);
  for (const tenant of ["a", "b"]) await (await send("/a", { headers: { "x-tenant": tenant } })).text();
  return received.length;
}

/** Reads of the shared level for one call. */
async function readsOfKv(input: object): Promise<number> {
  let reads = 0;
  const getWithMetadata = () => {
    reads += 1;
    return Promise.resolve({ value: null, metadata: null });
  };
  const CACHE = { getWithMetadata, put: () => Promise.resolve() };
  const { send } = cachedRoute(() => freshResponse(), {}, input, { CACHE });
  await (await send("/a")).text();
  return reads;
}

const never = () => new Promise<never>(() => undefined);
const cached = (l2: "kv" | "none") => ({ "/": { upstream: { binding: "ORIGIN" }, cache: { l2, ttlMs: 60_000 } } });
const SILENT_KV = { CACHE: { getWithMetadata: never, put: () => Promise.resolve() } };
const purge = { tokenBinding: "CACHE_TOKEN", strict: true };
const UNKNOWN_PURGES = { RELAY: { getByName: () => ({ exchange: never }) }, PURGE_LOG: env.PURGE_LOG, CACHE_TOKEN: "a".repeat(32) };
const forThisCache = () => freshResponse("a", { "cache-control": "no-store", "edge-cache-control": "max-age=60" });

const ROWS: readonly EffectRow<object>[] = [
  {
    setting: "defaults.cache.query",
    base: {},
    input: { query: ["q"] },
    observe: fetched(["/a?q=1&utm=x", "/a?q=1&utm=y"]),
    before: 2,
    after: 1,
  },
  {
    setting: "defaults.cache.targets",
    base: {},
    input: { targets: ["edge-cache-control"] },
    observe: fetched(["/a", "/a"], forThisCache),
    before: 2,
    after: 1,
  },
  {
    setting: "defaults.cache.scope.header",
    base: {},
    input: { scope: { header: "x-tenant" } },
    observe: fetchedByTenants,
    before: 1,
    after: 2,
  },
  {
    setting: "defaults.cache.l2",
    base: { httpRoutes: cached("kv") },
    input: { httpRoutes: cached("none") },
    observe: readsOfKv,
    before: 1,
    after: 0,
  },
  { setting: "defaults.cache.jitterPercent", base: {}, input: { jitterPercent: 0 }, observe: fetchedLater, before: 2, after: 1 },
  {
    setting: "defaults.cache.staleIfErrorMs",
    base: {},
    input: { staleIfErrorMs: 600_000 },
    observe: statusWhileFailing,
    before: 500,
    after: 200,
  },
  {
    setting: "defaults.cache.storeErrors",
    base: {},
    input: { storeErrors: true },
    observe: fetched(["/a", "/a"], () => new Response("broken", { status: 500, headers: { "cache-control": "max-age=60" } })),
    before: 2,
    after: 1,
  },
  {
    setting: "defaults.cache.forward",
    base: {},
    input: { forward: "all" },
    observe: async (cache) => {
      const { send, received } = cachedRoute(() => freshResponse(), cache);
      await (await send("/a", { headers: { "x-tenant": "a" } })).text();
      return received[0]!.headers.get("x-tenant");
    },
    before: null,
    after: "a",
  },
  {
    setting: "defaults.cache.adaptive.maxFactor",
    base: { adaptive: true },
    input: { adaptive: { maxFactor: 1 } },
    observe: revalidations,
    before: expect.toSatisfy((requests: number) => requests < 20),
    after: 40,
  },
  {
    setting: "defaults.cache.adaptive.maxMs",
    base: { adaptive: true },
    input: { adaptive: { maxMs: 10_000 } },
    observe: revalidations,
    before: expect.toSatisfy((requests: number) => requests < 20),
    after: 40,
  },
  {
    setting: "cache.shards",
    base: { cache: { maxEntries: 4 } },
    input: { cache: { maxEntries: 4, shards: 1 } },
    observe: async (input) => (await stored()(input)).length,
    before: 2,
    after: 4,
  },
  {
    setting: "cache.maxEntries",
    base: { cache: { shards: 1 } },
    input: { cache: { shards: 1, maxEntries: 2 } },
    observe: stored(),
    before: FOUR,
    after: FOUR.slice(2),
  },
  {
    setting: "cache.maxBytes", // a response takes more memory than its body: there is no room for three
    base: { cache: { shards: 1 } },
    input: { cache: { shards: 1, maxBytes: 65_536 } },
    observe: stored(FOUR, 21_800),
    before: FOUR,
    after: FOUR.slice(2),
  },
  {
    setting: "cache.store", // a popular page is stored after a scan of many others
    base: { cache: { shards: 1, maxEntries: 10 } },
    input: { cache: { shards: 1, maxEntries: 10, store: "s3-fifo" } },
    observe: stored(popularThenScan),
    before: [],
    after: ["/a/1"],
  },
  {
    setting: "cache.l2WaitPercent", // the share is that of the 200 ms that count before the first fetch
    base: { cache: { l2WaitMs: 60_000 }, httpRoutes: cached("kv") },
    input: { cache: { l2WaitMs: 60_000, l2WaitPercent: 1_000 }, httpRoutes: cached("kv") },
    observe: waits([2_000], SILENT_KV),
    before: [],
    after: [2_000],
  },
  {
    setting: "cache.l2WaitMinMs",
    base: { cache: { l2WaitMs: 60_000, l2WaitPercent: 1 }, httpRoutes: cached("kv") },
    input: { cache: { l2WaitMs: 60_000, l2WaitPercent: 1, l2WaitMinMs: 37 }, httpRoutes: cached("kv") },
    observe: waits([37], SILENT_KV),
    before: [],
    after: [37],
  },
  {
    setting: "cache.l2WaitMs",
    base: { cache: { l2WaitMinMs: 90 }, httpRoutes: cached("kv") },
    input: { cache: { l2WaitMinMs: 90, l2WaitMs: 37 }, httpRoutes: cached("kv") },
    observe: waits([100, 37], SILENT_KV),
    before: [100],
    after: [37],
  },
  {
    setting: "purge.strict",
    base: { purge: { ...purge, strict: false }, httpRoutes: cached("none") },
    input: { purge, httpRoutes: cached("none") },
    observe: waits([250], UNKNOWN_PURGES),
    before: [],
    after: [250],
  },
  {
    setting: "purge.waitMs",
    base: { purge, httpRoutes: cached("none") },
    input: { purge: { ...purge, waitMs: 37 }, httpRoutes: cached("none") },
    observe: waits([250, 37], UNKNOWN_PURGES),
    before: [250],
    after: [37],
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
