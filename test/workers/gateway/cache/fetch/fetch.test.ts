// One fetch: from the shared level or from the upstream, and what it stores.
import { beforeEach, describe, expect, it } from "vitest";
import { Invalidations } from "../../../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import { L2Wait } from "../../../../../core/cache/store/l2-wait.ts";
import { Lru } from "../../../../../core/cache/store/lru.ts";
import type { StoredResponse } from "../../../../../core/cache/stored-response.ts";
import type { CachePolicy } from "../../../../../core/config/cache.ts";
import { fetchResponse } from "../../../../../workers/gateway/cache/fetch/fetch.ts";
import { SingleFlight } from "../../../../../workers/gateway/cache/fetch/single-flight.ts";
import type { L2 } from "../../../../../workers/gateway/cache/l2/l2-driver.ts";
import { RouteStore, type RouteStoreValue } from "../../../../../workers/gateway/cache/route-store.ts";
import type { Call } from "../../../../../workers/gateway/call.ts";
import { httpCall, lookupOf } from "../../../../support/cache-lookup.ts";
import { STORE_RULES } from "../../../../support/cache-rules.ts";
import { freshResponse } from "../../../../support/cached-route.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const POLICY = { ...STORE_RULES, maxObjectBytes: 100 } as CachePolicy;
let store: RouteStore;
let purges: Purges;
let calls: Call[];

beforeEach(() => {
  purges = new Purges();
  store = new RouteStore(new Lru<RouteStoreValue>({ maxEntries: 9, maxBytes: 99_999 }), purges, new Invalidations(9));
  calls = [];
});

/** A shared level in memory. */
function sharedLevel(content: Record<string, StoredResponse>): L2 & { readonly offered: string[] } {
  const offered: string[] = [];
  return { offered, get: (key) => Promise.resolve(content[key]), put: (key) => void offered.push(key) };
}

/** A route whose upstream takes 300 ms. */
function waitOf300Ms(): L2Wait {
  const wait = new L2Wait({ percent: 50, minMs: 10, maxMs: 500 });
  wait.recordFetch(300);
  return wait;
}

function fetchWith(
  respond: (call: Call) => Response | Promise<Response>,
  lookup = lookupOf("k"),
  l2?: L2,
  policy = POLICY,
  l2Wait = waitOf300Ms(),
) {
  const next = async (call: Call) => {
    calls.push(call);
    return respond(call);
  };
  const flights = new SingleFlight<never>(() => undefined);
  const settings = { next, policy, route: "r", store, flights, l2, l2Wait, latestPurge: () => purges.seq, timeoutMs: 1_000 };
  return fetchResponse(settings, lookup, store.find(lookup, Date.now()), httpCall(), null);
}

describe("the wait for the shared level", () => {
  const waits: number[] = [];
  const l2: L2 = { get: async (_key, _now, waitMs) => void waits.push(waitMs), put: () => undefined };

  it("is a share of the route's usual fetch, which each fetch adds to, but no server error", async () => {
    const wait = waitOf300Ms();
    await fetchWith(() => freshResponse(), lookupOf("a"), l2, POLICY, wait);
    await fetchWith(() => new Response(null, { status: 503 }), lookupOf("b"), l2, POLICY, wait);
    await fetchWith(() => freshResponse(), lookupOf("c"), l2, POLICY, wait);
    expect(waits[0]).toBe(150);
    expect(waits[1]).toBeLessThan(150); // the upstream of this test responds at once
    expect(waits[2]).toBe(waits[1]);
  });
});

describe("a fetch from the upstream", () => {
  it("stores the response, and offers it to the shared level", async () => {
    const l2 = sharedLevel({});
    const result = await fetchWith(() => freshResponse("hello", { "x-request-id": "1" }), lookupOf("k"), l2);
    expect(result).toMatchObject({ kind: "fetched", response: { status: 200 } });
    if (result.kind !== "fetched") throw new Error(result.kind);
    expect(result.response.headers).toContainEqual(["x-request-id", "1"]); // the caller receives it
    expect(result.stored.headers).not.toContainEqual(["x-request-id", "1"]); // other callers do not
    expect([store.find(lookupOf("k"), Date.now()).kind, l2.offered]).toEqual(["found", ["k"]]);
  });

  it("has a deadline of its own", async () => {
    const before = Date.now();
    await fetchWith(() => freshResponse());
    expect(calls[0]!.deadlineAt).toBeGreaterThanOrEqual(before + 1_000);
    expect(calls[0]!.deadlineAt).toBeLessThan(before + 60_000); // the caller's
  });

  it("updates the stored response with a 304", async () => {
    const old = storedResponse("old", Date.now() - 700_000, { headers: [["etag", '"1"']], revalidatableUntil: Date.now() + 60_000 });
    store.put(lookupOf("k"), old, Date.now());
    const result = await fetchWith(() => new Response(null, { status: 304, headers: { "cache-control": "max-age=60", "x-new": "1" } }));
    expect(calls[0]!.outgoing.headers.get("if-none-match")).toBe('"1"');
    expect(result).toMatchObject({ kind: "revalidated", stored: { body: old.body, unchangedCount: 1 } });
  });

  it("returns private and server errors unstored, and responses that are too large as a stream", async () => {
    expect((await fetchWith(() => freshResponse("a", { "cache-control": "private" }))).kind).toBe("private");
    expect((await fetchWith(() => new Response("down", { status: 503 }))).kind).toBe("server_error");
    const large = await fetchWith(() => freshResponse("x".repeat(101)));
    expect(large.kind === "streamed" && (await large.response.text())).toBe("x".repeat(101));
    expect(store.find(lookupOf("k"), Date.now()).kind).toBe("none");
  });

  it("does not store what was invalidated while it was fetched, or what does not fit the protocol", async () => {
    const changed = await fetchWith(() => {
      store.invalidate("/a", Date.now() + 1);
      return freshResponse();
    });
    expect(changed.kind).toBe("outdated");
    const misfit = await fetchWith(() => freshResponse(), lookupOf("other", { resource: "/b", fitsProtocol: () => false }));
    expect(misfit.kind).toBe("private");
  });

  it("does not store what is not in the coding that it names", async () => {
    const coded = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
    const gzip = new Uint8Array(await new Response(coded).arrayBuffer());
    for (const body of ["plain text", gzip.slice(0, -6), gzip.slice(0, 12)]) {
      const broken = () =>
        new Response(body, { headers: { "cache-control": "max-age=60", "content-encoding": "gzip" }, encodeBody: "manual" });
      expect((await fetchWith(broken)).kind).toBe("private");
      expect(store.find(lookupOf("k"), Date.now()).kind).toBe("none");
    }
    const whole = () =>
      new Response(gzip, { headers: { "cache-control": "max-age=60", "content-encoding": "gzip" }, encodeBody: "manual" });
    expect((await fetchWith(whole)).kind).toBe("fetched");
  });

  it("streams the response to a lookup that may not be shared", async () => {
    const result = await fetchWith(() => freshResponse("part"), lookupOf("k", { isShareable: false }));
    expect(result.kind).toBe("streamed");
    expect(store.find(lookupOf("k"), Date.now()).kind).toBe("none");
  });

  it("rejects a response that breaks off", async () => {
    const broken = () => {
      const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
      return new Response(body);
    };
    await expect(fetchWith(broken)).rejects.toMatchObject({ rejection: { kind: "upstream_invalid", upstream: "r" } });
  });
});

describe("a fetch from the shared level", () => {
  it("does not call the upstream where it has a fresh response, and stores it", async () => {
    const result = await fetchWith(() => freshResponse(), lookupOf("k"), sharedLevel({ k: storedResponse("shared", Date.now()) }));
    expect([result.kind, calls.length, store.find(lookupOf("k"), Date.now()).kind]).toEqual(["l2_hit", 0, "found"]);
  });

  it("revalidates a stale response, and ignores a purged one", async () => {
    const stale = storedResponse("old", Date.now() - 700_000, { headers: [["etag", '"1"']], revalidatableUntil: Date.now() + 60_000 });
    await fetchWith(() => freshResponse(), lookupOf("k"), sharedLevel({ k: stale }));
    expect(calls[0]!.outgoing.headers.get("if-none-match")).toBe('"1"');
    purges.apply({ kind: "purged", seq: 9, softFloor: 0, hardFloor: 9, epoch: 0, purges: [] });
    await fetchWith(() => freshResponse(), lookupOf("j"), sharedLevel({ j: { ...stale, purgeSeq: 8 } }));
    expect(calls[1]!.outgoing.headers.has("if-none-match")).toBe(false);
  });
});

it("the shared level gets no variants", async () => {
  const l2 = sharedLevel({});
  const lookup = lookupOf("k", { varyFields: new Headers({ "x-a": "1" }) });
  await fetchWith(() => freshResponse("a", { vary: "x-a" }), lookup, l2);
  expect(l2.offered).toEqual([]);
  await fetchWith(() => freshResponse("a"), { ...lookup, key: "j" }, l2);
  expect(l2.offered).toEqual(["j"]);
});
