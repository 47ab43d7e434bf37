// Isolates that share one KV namespace and one log of purges: what one has fetched, the others find in the shared level.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { CacheNamespace } from "../../workers/gateway/cache/l2/kv.ts";
import type { PurgeLogNamespace } from "../../workers/gateway/cache/purge/purge-log-binding.ts";
import { type CachedRoute, cachedRoute, cacheStatus, freshResponse } from "../support/cached-route.ts";

const TOKEN = "a token of the test";
let names = 0;

/** Gateways that share a log and KV, as isolates do. */
function isolates() {
  const log = env.PURGE_LOG.getByName(`two-levels-${names++}`);
  const PURGE_LOG: PurgeLogNamespace = {
    getByName: () => ({
      since: async (known) => await log.since(known),
      append: async (targets, mode, known) => await log.append(targets, mode, known),
    }),
  };
  const state = { version: 1, writes: 0 };
  const CACHE: CacheNamespace = {
    getWithMetadata: (key, options) => env.CACHE.getWithMetadata(key, options),
    put: async (key: string, value: never, options?: KVNamespacePutOptions) => {
      await env.CACHE.put(key, value, options);
      state.writes += 1;
    },
  };
  const cache = { ttlMs: 600_000, tags: ["pages"], l2: "kv" } as const;
  const input: Partial<GatewayInput> = {
    cache: { l2WaitMinMs: 30_000, l2WaitMs: 30_000 },
    purge: { tokenBinding: "CACHE_TOKEN", waitMs: 10_000, pollMs: 100 },
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache } },
  };
  const origin = () => freshResponse(`v${state.version}`, { "cache-control": "max-age=600" });
  return { state, path: `/page-${names}`, isolate: () => cachedRoute(origin, {}, input, { CACHE, PURGE_LOG, CACHE_TOKEN: TOKEN }) };
}

type Isolates = ReturnType<typeof isolates>;

/** Requests the page twice: then it is written to the shared level in the background. */
async function shared({ state, path, isolate }: Isolates): Promise<CachedRoute> {
  const one = isolate();
  expect(cacheStatus(await one.send(path))).toContain("stored");
  expect(state.writes).toBe(0); // requested once: not worth a write
  expect(cacheStatus(await one.send(path))).toContain("hit");
  await vi.waitUntil(() => state.writes === 1, { timeout: 60_000, interval: 20 });
  return one;
}

/** Sends the request to new isolates until one has read the shared level: KV is eventually consistent. */
function fromShared({ path, isolate }: Isolates): Promise<{ one: CachedRoute; text: string }> {
  return vi.waitUntil(
    async () => {
      const one = isolate();
      const response = await one.send(path);
      const text = await response.text();
      return cacheStatus(response)?.includes("detail=l2") ? { one, text } : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}

it("other isolates find what was requested twice, and store it without another write", async () => {
  const all = isolates();
  await shared(all);
  all.state.version = 2;
  const { one, text } = await fromShared(all);
  expect([text, one.received.length]).toEqual(["v1", 0]);
  for (let n = 0; n < 3; n++) expect(cacheStatus(await one.send(all.path))).toMatch(/^tidegate; hit; ttl=\d+$/);
  expect([one.received.length, all.state.writes]).toEqual([0, 1]);
});

it.each([
  { target: () => ({ tag: "pages" }), name: "a tag", hard: false },
  { target: () => ({ route: "/" }), name: "a route", hard: true },
  { target: (path: string) => ({ key: path }), name: "a key", hard: true },
  { target: () => ({ all: true }), name: "all, soft", hard: false },
  { target: () => ({ all: true }), name: "all, hard", hard: true },
])("purged responses are not served from the shared level either: $name", async ({ target, hard }) => {
  const all = isolates();
  const first = await shared(all);
  all.state.version = 2;
  const purged = await first.send("/tidegate.cache.v1.CacheService/Purge", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ targets: [target(all.path)], hard }),
  });
  expect(purged.status).toBe(200);
  for (const one of [all.isolate(), first, all.isolate()]) expect(await (await one.send(all.path)).text()).toBe("v2");
  expect(first.received.length).toBeLessThanOrEqual(2);
});
