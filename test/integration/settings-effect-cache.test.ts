// Settings of caches with a small effect: each row runs one gateway without the setting and one with it.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CacheInput } from "../../core/config/cache.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { cachedRoute, freshResponse, type Origin } from "../support/cached-route.ts";

interface Row {
  readonly setting: string;
  readonly base: object;
  readonly input: object;
  readonly observe: (settings: object) => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}

afterEach(() => void vi.restoreAllMocks());

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

const never = () => new Promise<never>(() => undefined);
const cached = (l2: "kv" | "none") => ({ "/": { upstream: { binding: "ORIGIN" }, cache: { l2, ttlMs: 60_000 } } });
const purge = { tokenBinding: "CACHE_TOKEN", strict: true };
const forThisCache = () => freshResponse("a", { "cache-control": "no-store", "edge-cache-control": "max-age=60" });

const ROWS: readonly Row[] = [
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
    setting: "cache.l2WaitMs",
    base: { cache: { l2WaitMinMs: 90 }, httpRoutes: cached("kv") },
    input: { cache: { l2WaitMinMs: 90, l2WaitMs: 37 }, httpRoutes: cached("kv") },
    observe: waits([100, 37], { CACHE: { getWithMetadata: never, put: () => Promise.resolve() } }),
    before: [100],
    after: [37],
  },
  {
    setting: "purge.waitMs",
    base: { purge, httpRoutes: cached("none") },
    input: { purge: { ...purge, waitMs: 37 }, httpRoutes: cached("none") },
    observe: waits([250, 37], { RELAY: { getByName: () => ({ exchange: never }) }, PURGE_LOG: env.PURGE_LOG, CACHE_TOKEN: "a".repeat(32) }),
    before: [250],
    after: [37],
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async ({ base, input, observe, before, after }) => {
    expect([await observe(base), await observe(input)]).toEqual([before, after]);
  });
});
