// Two isolates before one namespace and one log of purges: what the first has fetched, the second need not.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { CacheNamespace } from "../../../../workers/gateway/cache/l2/kv.ts";
import type { PurgeLogNamespace } from "../../../../workers/gateway/cache/purge/purge-log-binding.ts";
import { fresh, status, type Web, web } from "./support.ts";

vi.setConfig({ testTimeout: 30_000 }); // this machine may be busy
const TOKEN = "a secret of the cache";
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
    cache: { l2WaitMs: 30_000 },
    purge: { tokenBinding: "CACHE_TOKEN", waitMs: 10_000, pollMs: 100 },
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache } },
  };
  const origin = () => fresh(`v${state.version}`, { "cache-control": "max-age=600" });
  return { state, path: `/page-${names}`, isolate: () => web(origin, {}, input, { CACHE, PURGE_LOG, CACHE_TOKEN: TOKEN }) };
}

type Isolates = ReturnType<typeof isolates>;

/** Fetches, and asks once more: then it is written behind the answer. */
async function shared({ state, path, isolate }: Isolates): Promise<Web> {
  const one = isolate();
  expect(status(await one.ask(path))).toContain("stored");
  expect(state.writes).toBe(0); // asked for once: not worth a write
  expect(status(await one.ask(path))).toContain("hit");
  await vi.waitUntil(() => state.writes === 1, { timeout: 60_000, interval: 20 });
  return one;
}

/** Asks new isolates until one has read the shared level: what was written is not always there at once. */
function fromShared({ path, isolate }: Isolates): Promise<{ one: Web; text: string }> {
  return vi.waitUntil(
    async () => {
      const one = isolate();
      const answer = await one.ask(path);
      const text = await answer.text();
      return status(answer)?.includes("detail=l2") ? { one, text } : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}

it("what was asked for twice is found by other isolates, and kept there without another write", async () => {
  const all = isolates();
  await shared(all);
  all.state.version = 2;
  const { one, text } = await fromShared(all);
  expect([text, one.seen.length]).toEqual(["v1", 0]);
  for (let n = 0; n < 3; n++) expect(status(await one.ask(all.path))).toMatch(/^tidegate; hit; ttl=\d+$/);
  expect([one.seen.length, all.state.writes]).toEqual([0, 1]);
});

it.each([
  { target: () => ({ tag: "pages" }), name: "a tag", hard: false },
  { target: () => ({ route: "/" }), name: "a route", hard: true },
  { target: (path: string) => ({ key: path }), name: "a key", hard: true },
  { target: () => ({ all: true }), name: "all, soft", hard: false },
  { target: () => ({ all: true }), name: "all, hard", hard: true },
])("what was purged is not served from the shared level either: $name", async ({ target, hard }) => {
  const all = isolates();
  const first = await shared(all);
  all.state.version = 2;
  const purged = await first.ask("/tidegate.cache.v1.CacheService/Purge", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ targets: [target(all.path)], hard }),
  });
  expect(purged.status).toBe(200);
  for (const one of [all.isolate(), first, all.isolate()]) expect(await (await one.ask(all.path)).text()).toBe("v2");
  expect(first.seen.length).toBeLessThanOrEqual(2);
});
