// The settings of the store of responses and of the shared level: what is still stored, and how long a call waits.
import { expect, it } from "vitest";
import type { CacheStoreInput } from "../../core/config/cache.ts";
import { cachedRoute, freshResponse } from "../support/cached-route.ts";

const PAGES = ["/a", "/b", "/c", "/d"];

function routeWith(cache: CacheStoreInput, bodyBytes = 5) {
  const httpRoutes = { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "none" } } } as const;
  const { send } = cachedRoute(() => freshResponse("x".repeat(bodyBytes)), {}, { cache, httpRoutes });
  return {
    request: async (path: string): Promise<void> => void (await (await send(path)).arrayBuffer()),
    /** Whether the page is stored; the request stores nothing. */
    has: async (path: string): Promise<boolean> => (await send(path, { headers: { "cache-control": "only-if-cached" } })).status === 200,
  };
}

/** Requests four pages, one after the other. @returns those that are stored then */
async function stored(cache: CacheStoreInput, bodyBytes?: number): Promise<string[]> {
  const { request, has } = routeWith(cache, bodyBytes);
  for (const page of PAGES) await request(page);
  const held: string[] = [];
  for (const page of PAGES) if (await has(page)) held.push(page);
  return held;
}

it("maxEntries is the number of stored responses", async () => {
  expect([await stored({}), await stored({ maxEntries: 2 })]).toEqual([PAGES, ["/c", "/d"]]);
});

it("maxBytes is their memory", async () => {
  // A response takes more memory than its body: there is no room for three.
  expect([await stored({}, 21_800), await stored({ maxBytes: 65_536 }, 21_800)]).toEqual([PAGES, ["/c", "/d"]]);
});

it.each([
  ["lru", false],
  ["s3-fifo", true],
] as const)("store %s: a popular page is stored after a scan of many others: %s", async (store, isStored) => {
  const { request, has } = routeWith({ store, maxEntries: 10 });
  for (let n = 0; n < 3; n++) await request("/popular");
  for (let n = 0; n < 30; n++) await request(`/scanned-${n}`);
  expect(await has("/popular")).toBe(isStored);
});

it.each([
  ["l2WaitPercent", { l2WaitPercent: 1_000 }], // share of the 200 ms that count before the first fetch
  ["l2WaitMinMs", { l2WaitMinMs: 2_000, l2WaitPercent: 1 }],
] as const)("%s is the time that a call waits for a shared level that does not respond", async (_, wait) => {
  const CACHE = { getWithMetadata: () => new Promise<never>(() => undefined), put: () => Promise.resolve() };
  const input = {
    cache: { l2WaitMs: 60_000, ...wait },
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "kv", ttlMs: 600_000 } } },
  } as const;
  let fetchedAt = 0;
  const origin = () => {
    fetchedAt = Date.now();
    return freshResponse();
  };
  const startedAt = Date.now();
  const response = await cachedRoute(origin, {}, input, { CACHE }).send("/a");
  expect(response.status).toBe(200);
  expect(fetchedAt - startedAt).toBeGreaterThanOrEqual(1_900);
});
