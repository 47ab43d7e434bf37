// The store of a route: variants, purges, markers, and the memory that it counts.
import { beforeEach, describe, expect, it } from "vitest";
import { Invalidations } from "../../../../core/cache/purge/invalidations.ts";
import { appendPurges, EMPTY_PURGE_LOG, purgesSince } from "../../../../core/cache/purge/purge-log.ts";
import { Purges } from "../../../../core/cache/purge/purges.ts";
import { Lru } from "../../../../core/cache/store/lru.ts";
import { storedBytes } from "../../../../core/cache/stored-response.ts";
import { RouteStore, type RouteStoreValue, tagResource } from "../../../../workers/gateway/cache/route-store.ts";
import { lookupOf } from "../../../support/cache-lookup.ts";
import { fields } from "../../../support/header-fields.ts";
import { storedResponse } from "../../../support/stored-response.ts";

const NOW = 1_000_000;
let values: Lru<RouteStoreValue>;
let purges: Purges;
let invalidations: Invalidations;
let store: RouteStore;

beforeEach(() => {
  values = new Lru<RouteStoreValue>({ maxEntries: 100, maxBytes: 1_000_000 });
  purges = new Purges();
  invalidations = new Invalidations(10);
  store = new RouteStore(values, purges, invalidations);
});

const textFound = (lookup: ReturnType<typeof lookupOf>, now = NOW): string => {
  const found = store.find(lookup, now);
  return found.kind === "found" ? new TextDecoder().decode(found.cached.stored.body) : found.kind;
};

describe("a route store", () => {
  it("finds a response until its last use ends", () => {
    store.put(lookupOf("k"), storedResponse("a", NOW), NOW);
    expect([textFound(lookupOf("k")), textFound(lookupOf("k"), NOW + 599_999), textFound(lookupOf("k"), NOW + 600_000)]).toEqual([
      "a",
      "a",
      "none",
    ]);
    expect(textFound(lookupOf("other"))).toBe("none");
  });

  it("counts the memory of a response, and counts again what its renderings add", () => {
    const stored = storedResponse("a", NOW);
    const storeKey = store.put(lookupOf("k"), stored, NOW);
    expect(values.bytes).toBe(storedBytes("k", stored));
    const found = store.find(lookupOf("k"), NOW);
    if (found.kind !== "found") throw new Error("not found");
    found.cached.bodies = new Map([["json", new Uint8Array(1_000)]]);
    store.updateSize(storeKey, found.cached, NOW);
    expect(values.bytes).toBe(storedBytes("k", stored) + 500 + 1_000);
  });

  it("deletes a response that a hard purge covers, and reports a soft one", () => {
    const stored = storedResponse("a", NOW, { tags: ["t"], purgeSeq: 1 });
    store.put(lookupOf("k"), stored, NOW);
    const log = appendPurges(EMPTY_PURGE_LOG, [{ kind: "tag", value: "t" }], "soft", 0, 5);
    purges.apply(purgesSince(log, 0));
    expect(store.find(lookupOf("k"), NOW)).toMatchObject({ kind: "found", purged: "soft" });
    purges.apply(purgesSince(appendPurges(log, [{ kind: "key", value: "/a" }], "hard", 0, 9), 0));
    expect([store.find(lookupOf("k"), NOW).kind, values.size]).toEqual(["none", 0]);
  });

  it("does not serve a response that was fetched before its resource or tag was invalidated", () => {
    const stored = storedResponse("a", NOW, { tags: ["t"], fetchMs: 10 });
    for (const resource of ["/a", tagResource("t")]) {
      store.put(lookupOf("k"), stored, NOW);
      expect(store.checkPurges(lookupOf("k"), stored)).toBe("valid");
      store.invalidate(resource, NOW - 10); // when its fetch started
      expect(textFound(lookupOf("k"))).toBe("none");
      invalidations = new Invalidations(10);
      store = new RouteStore(values, purges, invalidations);
    }
  });
});

describe("responses that vary", () => {
  const lookup = (language: string) => lookupOf("k", { varyFields: fields({ "accept-language": language }) });
  const varying = (text: string, more = {}) => storedResponse(text, NOW, { headers: [["vary", "accept-language"]], ...more });

  it("are found by the values of the fields that their Vary names", () => {
    store.put(lookup("de"), varying("hallo"), NOW);
    store.put(lookup("fr"), varying("salut"), NOW);
    expect(["de", "fr", "es"].map((language) => textFound(lookup(language)))).toEqual(["hallo", "salut", "none"]);
    expect(store.find(lookup("es"), NOW)).toMatchObject({ kind: "none", isVariant: true });
  });

  it("are not found any more after their Vary has changed", () => {
    store.put(lookup("de"), varying("hallo"), NOW);
    store.put(lookup("de"), varying("neu", { headers: [["vary", "accept-language, x-other"]] }), NOW);
    store.put(lookup("fr"), varying("salut"), NOW);
    expect([textFound(lookup("fr")), textFound(lookup("de"))]).toEqual(["salut", "none"]);
  });

  it("have one key where the key of the lookup contains all fields", () => {
    expect(store.put(lookupOf("k"), varying("hallo"), NOW)).toBe("k");
    expect(store.put(lookup("de"), varying("hallo"), NOW)).not.toBe("k");
  });
});

describe("a hit-for-miss mark", () => {
  const authorized = lookupOf("k", { hasAuthorization: true });

  it("lasts 10 s, after an error 1 s, and a stored response ends it", () => {
    store.markHitForMiss(lookupOf("k"), "k", false, NOW);
    expect([store.isHitForMiss(lookupOf("k"), "k", NOW + 9_999), store.isHitForMiss(lookupOf("k"), "k", NOW + 10_000)]).toEqual([
      true,
      false,
    ]);
    store.markHitForMiss(lookupOf("k"), "k", true, NOW);
    expect([store.isHitForMiss(lookupOf("k"), "k", NOW + 999), store.isHitForMiss(lookupOf("k"), "k", NOW + 1_000)]).toEqual([true, false]);
    store.markHitForMiss(lookupOf("k"), "k", false, NOW);
    store.put(lookupOf("k"), storedResponse("a", NOW), NOW);
    expect([store.isHitForMiss(lookupOf("k"), "k", NOW), textFound(lookupOf("k"))]).toEqual([false, "a"]);
  });

  it("does not replace a stored response, which may serve while the upstream fails", () => {
    store.put(lookupOf("k"), storedResponse("a", NOW), NOW);
    store.markHitForMiss(lookupOf("k"), "k", true, NOW);
    expect([store.isHitForMiss(lookupOf("k"), "k", NOW), textFound(lookupOf("k"))]).toEqual([true, "a"]);
  });

  it("is one of its own for calls whose Authorization is forwarded", () => {
    store.markHitForMiss(authorized, "k", false, NOW);
    expect([store.isHitForMiss(authorized, "k", NOW), store.isHitForMiss(lookupOf("k"), "k", NOW)]).toEqual([true, false]);
  });
});

it("consecutive failures of the upstream lengthen the pause until the next call", () => {
  store.put(lookupOf("k"), storedResponse("a", NOW), NOW);
  const found = store.find(lookupOf("k"), NOW);
  if (found.kind !== "found") throw new Error("not found");
  const retriesAt = [1, 2, 3].map(() => {
    store.recordFailure(found.cached, NOW);
    return found.cached.retryAt - NOW;
  });
  expect(retriesAt).toEqual([1_000, 2_000, 4_000]);
});
