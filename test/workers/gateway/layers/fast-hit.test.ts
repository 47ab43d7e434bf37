// Fast hits: which stored responses are served without a deadline, and what goes on to the cache layer.
import { beforeEach, expect, it, vi } from "vitest";
import { Invalidations } from "../../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../../core/cache/purge/purges.ts";
import { Lru } from "../../../../core/cache/store/lru.ts";
import type { RouteCache } from "../../../../workers/gateway/cache/caches.ts";
import type { Lookup } from "../../../../workers/gateway/cache/lookup/lookup.ts";
import { RouteStore, type RouteStoreValue } from "../../../../workers/gateway/cache/route-store.ts";
import { fastHit } from "../../../../workers/gateway/layers/fast-hit.ts";
import { httpCall, lookupOf } from "../../../support/cache-lookup.ts";
import { storedResponse } from "../../../support/stored-response.ts";

let store: RouteStore;
beforeEach(() => {
  store = new RouteStore(new Lru<RouteStoreValue>({ maxEntries: 9, maxBytes: 99_999 }), new Purges(), new Invalidations(9));
});

/** @returns whether the call was served at once, and its Cache-Status */
async function serve({ lookup = lookupOf("k"), call = httpCall(), more = {} as Partial<RouteCache>, hasLookups = true } = {}) {
  const next = vi.fn(() => Promise.resolve(new Response("from next")));
  const builder = { build: () => lookup, remembered: () => lookup };
  const cache = { store, l2: undefined, purgeView: undefined, ...more } as RouteCache;
  const response = await fastHit(cache, hasLookups ? builder : undefined)(next)(call);
  return { isFast: next.mock.calls.length === 0, status: response.headers.get("cache-status") };
}

const put = (more = {}, isOfferedToL2 = false) =>
  store.put(lookupOf("k"), storedResponse("a", Date.now(), more), Date.now(), isOfferedToL2);

it("serves a fresh stored response", async () => {
  put();
  const { isFast, status } = await serve();
  expect([isFast, status?.startsWith("tidegate; hit; ttl=")]).toEqual([true, true]);
});

it("passes on what is not stored, and marks responses that never reach the cache layer", async () => {
  expect(await serve()).toEqual({ isFast: false, status: "tidegate; detail=refused" });
});

it("passes on a response near its end, which may be refreshed early", async () => {
  put({ freshUntil: Date.now() + 5_000, fetchMs: 600 });
  expect((await serve()).isFast).toBe(false);
  put({ freshUntil: Date.now() + 9_000, fetchMs: 600 });
  expect((await serve()).isFast).toBe(true);
});

it("passes on calls that other layers have to see, with directives, other methods or a timeout", async () => {
  put();
  expect((await serve({ hasLookups: false })).isFast).toBe(false);
  expect((await serve({ lookup: lookupOf("k", { directives: new Map([["no-cache", ""]]) } as Partial<Lookup>) })).isFast).toBe(false);
  expect((await serve({ call: httpCall("/a", { method: "HEAD" }) })).isFast).toBe(false);
  expect((await serve({ call: httpCall("/a", { headers: { "connect-timeout-ms": "0" } }) })).isFast).toBe(false);
});

it("passes on while purges are unknown, and after a soft purge", async () => {
  put();
  const view = (prepare: Promise<void> | undefined, mayServe: boolean) =>
    ({ prepare: () => prepare, mayServe: () => mayServe }) as RouteCache["purgeView"];
  expect((await serve({ more: { purgeView: view(Promise.resolve(), true) } })).isFast).toBe(false);
  expect((await serve({ more: { purgeView: view(undefined, false) } })).isFast).toBe(false);
  expect((await serve({ more: { purgeView: view(undefined, true) } })).isFast).toBe(true);
});

it("passes on the first hit where there is a shared level, so that it is offered there", async () => {
  const l2 = { get: () => Promise.resolve(undefined), put: () => undefined };
  put();
  expect((await serve({ more: { l2 } })).isFast).toBe(false);
  put({}, true);
  expect((await serve({ more: { l2 } })).isFast).toBe(true);
});
