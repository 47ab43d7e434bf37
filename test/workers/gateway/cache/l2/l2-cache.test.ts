// Two isolates with one shared level and one log of purges, through the gateway.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fresh, status, type Web, web } from "../support.ts";

const TOKEN = "a-token-for-the-test";

afterEach(() => void vi.restoreAllMocks());

/** Isolates of one deployment: each has its own memory, and they have one origin, one KV and one log. */
function isolates(
  count: number,
  name: string,
  namespace: unknown = env.CACHE,
  l2WaitMs = 30_000,
): { readonly all: readonly Web[]; readonly asked: () => number } {
  const version = { of: 1 };
  const bindings = { CACHE: namespace, PURGE_LOG: { getByName: () => env.PURGE_LOG.getByName(name) }, CACHE_TOKEN: TOKEN };
  const input = {
    services: {},
    discovery: false,
    cache: { l2WaitMs },
    purge: { tokenBinding: "CACHE_TOKEN", pollMs: 100 },
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "kv", ttlMs: 600_000, tags: ["pages"] } } },
  } as const;
  const all = Array.from({ length: count }, () =>
    web(() => fresh(`v${version.of++}`, { "cache-control": "max-age=600" }), {}, input, bindings),
  );
  return { all, asked: () => all.reduce((sum, { seen }) => sum + seen.length, 0) };
}

const until = (isDone: () => Promise<boolean>): Promise<boolean> => vi.waitUntil(isDone, { timeout: 60_000, interval: 50 });

const purge = (one: Web, body: object): Promise<Response> =>
  one.ask("/tidegate.cache.v1.CacheService/Purge", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });

describe("what one isolate keeps", () => {
  it("comes to others by the shared level, once it was asked for twice", async () => {
    const { all, asked } = isolates(2, "levels-share");
    const [one, other] = all as [Web, Web];
    await one.ask("/share"); // the first call on an isolate may find that it has heard of no purges yet
    expect(status(await one.ask("/share"))).toContain("hit");
    await until(async () => {
      const found = await env.CACHE.list();
      return found.keys.length > 0;
    });
    const shared = await other.ask("/share");
    expect(status(shared)).toMatch(/^tidegate; hit; ttl=\d+; detail=l2$/);
    expect(await shared.text()).toBe("v1");
    expect(status(await other.ask("/share"))).toMatch(/^tidegate; hit; ttl=\d+$/);
    expect(asked()).toBe(1);
  });

  it("that is purged comes from neither level", async () => {
    const { all } = isolates(2, "levels-purge");
    const [one, other] = all as [Web, Web];
    for (const isolate of [one, one, other]) await isolate.ask("/purge");
    const answer = await purge(one, { targets: [{ tag: "pages" }] });
    expect(answer.status).toBe(200);
    const before = await (await one.ask("/purge")).text();
    expect(before).not.toBe("v1");
    await until(async () => {
      return (await (await other.ask("/purge")).text()) !== "v1";
    });
    for (let call = 0; call < 5; call++)
      for (const isolate of [one, other]) expect(await (await isolate.ask("/purge")).text()).not.toBe("v1");
  });
});

describe("a shared level that fails", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("429"))],
    ["never answers", () => new Promise<never>(() => undefined)],
    [
      "brings what is no entry",
      () => Promise.resolve({ value: new TextEncoder().encode("{}").buffer, metadata: { v: 1, k: Number.MAX_VALUE, n: 2, b: 0 } }),
    ],
    ["brings what another version wrote", () => Promise.resolve({ value: new ArrayBuffer(9), metadata: { v: 999 } })],
  ])("costs a miss, and no more: it %s", async (_, getWithMetadata) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { all } = isolates(1, "levels-fail", { getWithMetadata, put: () => Promise.reject(new Error("429")) }, 50);
    const [one] = all as [Web];
    for (let call = 0; call < 8; call++) {
      const answer = await one.ask(`/fail-${call}`);
      expect([answer.status, status(answer)?.includes("fwd=uri-miss")]).toEqual([200, true]);
    }
    expect(status(await one.ask("/fail-0"))).toContain("hit");
  });
});
