// The caches of an isolate: one per cached route, with tags that are invalidated in all of them.
import { afterEach, expect, it, vi } from "vitest";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import { Caches } from "../../../../workers/gateway/cache/caches.ts";
import type { L2 } from "../../../../workers/gateway/cache/l2/l2-driver.ts";
import type { PurgeView } from "../../../../workers/gateway/cache/purge/purge-view.ts";
import { lookupOf } from "../../../support/cache-lookup.ts";
import { gatewayTo, USER, unary, userFor } from "../../../support/gateway.ts";
import { storedResponse } from "../../../support/stored-response.ts";

const STORE = {
  limits: { maxEntries: 100, maxBytes: 1_000_000 },
  shards: 4,
  store: "lru",
  l2Wait: { percent: 50, minMs: 10, maxMs: 500 },
} as const;
const policy = (l2: CachePolicy["l2"] = "none") => ({ l2 }) as CachePolicy;
const NOW = 1_000_000;

afterEach(() => void vi.restoreAllMocks());

it("has a cache for each route with a policy, with its shared level", () => {
  const kv: L2 = { get: () => Promise.resolve(undefined), put: () => undefined };
  const caches = new Caches(
    new Map([
      ["a", policy("kv")],
      ["b", policy()],
    ]),
    STORE,
    undefined,
    { kv },
  );
  expect([caches.of("a")?.l2, caches.of("b")?.l2, caches.of("c")]).toEqual([kv, undefined, undefined]);
  expect(caches.of("a")?.store).not.toBe(caches.of("b")?.store);
});

it("invalidates a tag in the stores of all routes", () => {
  const caches = new Caches(
    new Map([
      ["a", policy()],
      ["b", policy()],
    ]),
    STORE,
    undefined,
    {},
  );
  const kindIn = (route: string) => caches.of(route)!.store.find(lookupOf(route), NOW).kind;
  for (const route of ["a", "b"]) caches.of(route)!.store.put(lookupOf(route), storedResponse("x", NOW, { tags: ["t"], route }), NOW);
  expect([kindIn("a"), kindIn("b")]).toEqual(["found", "found"]);
  caches.invalidate(["t"], NOW);
  expect([kindIn("a"), kindIn("b")]).toEqual(["none", "none"]);
});

it("purges invalidated tags softly in other isolates, and logs a failure", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const purge = vi.fn(() => Promise.reject(new Error("log unreachable")));
  const caches = new Caches(new Map(), STORE, { purges: { seq: 0 }, purge } as unknown as PurgeView, {});
  caches.invalidate([], NOW);
  expect(purge).not.toHaveBeenCalled();
  caches.invalidate(["t", "u"], NOW);
  expect(purge).toHaveBeenCalledWith(
    [
      { kind: "tag", value: "t" },
      { kind: "tag", value: "u" },
    ],
    "soft",
  );
  await vi.waitUntil(() => warn.mock.calls.length > 0, { timeout: 60_000 });
  expect(String(warn.mock.calls[0]![0])).toContain('"event":"tag_purge_failed"');
});

it("caches the methods without side effects of a service whose cache is set for all of them", async () => {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: false, cache: { l2: "none" } } } as const;
  const gateway = gatewayTo((request) => userFor(request), { services });
  await gateway(unary("GetUser", { id: USER.id }));
  expect((await gateway(unary("GetUser", { id: USER.id }))).headers.get("cache-status")).toContain("hit");
  expect((await gateway(unary("UpdateUser", { user: USER }))).headers.has("cache-status")).toBe(false);
});
