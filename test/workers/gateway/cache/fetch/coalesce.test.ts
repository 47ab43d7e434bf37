// Coalesced fetches: which calls share a fetch, and what each of them gets.

import { waitUntil } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Invalidations } from "../../../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import { L2Wait } from "../../../../../core/cache/store/l2-wait.ts";
import { Lru } from "../../../../../core/cache/store/lru.ts";
import type { CachePolicy } from "../../../../../core/config/cache.ts";
import { Rejected, type Rejection } from "../../../../../core/rejection.ts";
import { CoalescedFetcher } from "../../../../../workers/gateway/cache/fetch/coalesce.ts";
import type { SharedResult } from "../../../../../workers/gateway/cache/fetch/fetch-result.ts";
import { SingleFlight } from "../../../../../workers/gateway/cache/fetch/single-flight.ts";
import { RouteStore, type RouteStoreValue } from "../../../../../workers/gateway/cache/route-store.ts";
import { httpCall, lookupOf } from "../../../../support/cache-lookup.ts";
import { STORE_RULES } from "../../../../support/cache-rules.ts";
import { freshResponse } from "../../../../support/cached-route.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const POLICY = { ...STORE_RULES, maxObjectBytes: 1_000, maxFollowers: 2 } as CachePolicy;
let store: RouteStore;

afterEach(() => void vi.useRealTimers());

beforeEach(() => {
  store = new RouteStore(new Lru<RouteStoreValue>({ maxEntries: 9, maxBytes: 99_999 }), new Purges(), new Invalidations(9));
});

/** A fetcher whose upstream responds after `open()`. */
function fetcherTo(respond: (number: number) => Response | Promise<Response>) {
  const gate = Promise.withResolvers<void>();
  const state = { calls: 0 };
  const next = async () => {
    const number = ++state.calls;
    await gate.promise;
    return respond(number);
  };
  const settings = {
    next,
    policy: POLICY,
    route: "r",
    store,
    l2: undefined,
    l2Wait: new L2Wait({ percent: 50, minMs: 10, maxMs: 500 }),
    latestPurge: () => 0,
    timeoutMs: 60_000,
  };
  const fetcher = new CoalescedFetcher({ ...settings, flights: new SingleFlight<SharedResult>(waitUntil) });
  const fetch = (lookup = lookupOf("k"), call = httpCall()) => fetcher.fetch(lookup, store.find(lookup, Date.now()), call);
  return { fetch, fetcher, state, open: () => gate.resolve() };
}

it("one of several calls makes the fetch, and the others get its shared part", async () => {
  const { fetch, state, open } = fetcherTo(() => freshResponse());
  const results = [fetch(), fetch(), fetch()];
  open();
  expect((await Promise.all(results)).map(({ kind, result }) => [kind, result.kind])).toEqual([
    ["own", "fetched"],
    ["collapsed", "stored"],
    ["collapsed", "stored"],
  ]);
  expect(state.calls).toBe(1);
});

it("calls beyond the limit of waiting ones are rejected", async () => {
  const { fetch, open } = fetcherTo(() => freshResponse());
  const results = [fetch(), fetch(), fetch()];
  await expect(fetch()).rejects.toMatchObject({ rejection: { kind: "no_endpoint", isFull: true } });
  open();
  await Promise.all(results);
});

it("a waiting call fetches for itself where the result is private", async () => {
  const { fetch, state, open } = fetcherTo((number) => freshResponse(`for ${number}`, { "cache-control": "private" }));
  const results = [fetch(), fetch()];
  open();
  expect((await Promise.all(results)).map(({ kind }) => kind)).toEqual(["own", "own"]);
  expect(state.calls).toBe(2);
});

it("a lookup after a private response does not wait, and neither does one that may not be shared", async () => {
  const { fetch, state, open } = fetcherTo(() => freshResponse());
  store.markHitForMiss(lookupOf("k"), "k", false, Date.now());
  const results = [fetch(), fetch(), fetch(lookupOf("j", { isShareable: false })), fetch(lookupOf("j", { isShareable: false }))];
  await vi.waitUntil(() => state.calls === 4, { timeout: 60_000 });
  open();
  expect((await Promise.all(results)).every(({ kind }) => kind === "own")).toBe(true);
});

it("a failing upstream pauses the refresh of a stored response", async () => {
  const { fetcher, open } = fetcherTo(() => new Response("down", { status: 503 }));
  const lookup = lookupOf("k");
  store.put(lookup, storedResponse("a", Date.now()), Date.now());
  const found = store.find(lookup, Date.now());
  if (found.kind !== "found") throw new Error("not found");
  open();
  fetcher.refreshInBackground(lookup, found, httpCall());
  await vi.waitUntil(() => found.cached.failures === 1, { timeout: 60_000 });
  expect(found.cached.retryAt).toBeGreaterThan(Date.now() - 60_000);
});

it("a call whose deadline has passed is rejected while the fetch goes on", async () => {
  const { fetch, open } = fetcherTo(() => freshResponse());
  const leader = fetch();
  const late = httpCall();
  late.deadlineAt = Date.now();
  await expect(fetch(lookupOf("k"), late)).rejects.toMatchObject({ rejection: { kind: "deadline_exceeded" } });
  open();
  expect((await leader).kind).toBe("own");
});

describe("calls whose leader has failed", () => {
  const rejected = (rejection: Rejection) => () => Promise.reject(new Rejected(rejection));
  const unreachable: Rejection = { kind: "upstream_unreachable", upstream: "u", wasSent: true };
  const overloaded: Rejection = { kind: "overloaded", limit: "route", point: "isolate", reason: "limit", retryAfterMs: 1 };
  const results = async (rejection: Rejection, lookup = lookupOf("k")) => {
    const { fetch, state, open } = fetcherTo((number) => (number === 1 ? rejected(rejection)() : freshResponse()));
    const calls = [fetch(lookup), fetch(lookup), fetch(lookup)];
    open();
    const settled = await Promise.allSettled(calls);
    return { kinds: settled.map((one) => (one.status === "fulfilled" ? one.value.kind : (one.reason as Rejected).rejection.kind)), state };
  };

  it.each([
    unreachable,
    { kind: "breaker_open", upstream: "u", retryAfterMs: 1 },
    { kind: "no_endpoint", upstream: "u", isFull: false },
  ] as const)("fail with it where all of them would: %o", async (rejection) => {
    const { kinds, state } = await results(rejection);
    expect([kinds, state.calls]).toEqual([[rejection.kind, rejection.kind, rejection.kind], 1]);
  });

  it.each([
    ["for what the leader was", overloaded, lookupOf("k")],
    ["for the leader's credentials, perhaps", unreachable, lookupOf("k", { hasAuthorization: true })],
    ["for a field that is not in the key, perhaps", unreachable, lookupOf("k", { varyFields: { get: () => null } })],
  ])("fetch for themselves where it failed %s", async (_, rejection, lookup) => {
    const { kinds, state } = await results(rejection, lookup);
    expect([kinds, state.calls]).toEqual([[rejection.kind, "own", "own"], 3]);
  });

  it("fetch again together after a timeout", async () => {
    const { kinds, state } = await results({ kind: "deadline_exceeded", stage: "response", timeoutMs: 1 });
    expect([kinds, state.calls]).toEqual([["deadline_exceeded", "own", "collapsed"], 2]);
  });

  it("fetch for themselves after a fault of the gateway", async () => {
    const { fetch, state, open } = fetcherTo((number) => (number === 1 ? Promise.reject(new Error("a fault")) : freshResponse()));
    const calls = [fetch(), fetch()];
    open();
    await expect(calls[0]).rejects.toThrow("a fault");
    expect([(await calls[1]!).kind, state.calls]).toEqual(["own", 2]);
  });
});

it("calls fetch again together where the response was purged while it was fetched", async () => {
  const invalidations = new Invalidations(9);
  store = new RouteStore(new Lru<RouteStoreValue>({ maxEntries: 9, maxBytes: 99_999 }), new Purges(), invalidations);
  const { fetch, state, open } = fetcherTo((number) => {
    if (number === 1) {
      invalidations.add("/a", Date.now());
      vi.setSystemTime(Date.now() + 10); // the next fetch begins after the purge
    }
    return freshResponse(`${number}`);
  });
  const calls = [fetch(), fetch(), fetch()];
  open();
  const kinds = (await Promise.all(calls)).map(({ kind, result }) => `${kind} ${result.kind}`);
  expect([kinds, state.calls]).toEqual([["own outdated", "own fetched", "collapsed stored"], 2]);
});
