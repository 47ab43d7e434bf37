// A stored response as it is served: Age, remaining freshness, and the memory of new renderings.
import { expect, it } from "vitest";
import { Invalidations } from "../../../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../../../core/cache/purge/purges.ts";
import { Lru } from "../../../../../core/cache/store/lru.ts";
import { fetchedHeaders, serveStored, storedHeaders, ttlSeconds } from "../../../../../workers/gateway/cache/responses/hit-response.ts";
import { RouteStore, type RouteStoreValue } from "../../../../../workers/gateway/cache/route-store.ts";
import { lookupOf } from "../../../../support/cache-lookup.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const NOW = 1_000_000;
const stored = storedResponse("a", NOW, { generatedAt: NOW - 2_500, freshUntil: NOW + 9_500 });

it("has its age and its remaining freshness in whole seconds", () => {
  expect(storedHeaders(stored, { isHit: true }, NOW)).toEqual({ age: "2", status: "tidegate; hit; ttl=9" });
  expect(storedHeaders(stored, { isHit: true }, NOW + 10_000)).toEqual({ age: "12", status: "tidegate; hit; ttl=-1" });
  expect([ttlSeconds(stored, NOW), ttlSeconds(stored, NOW + 9_500), ttlSeconds(stored, NOW + 9_501)]).toEqual([9, 0, -1]);
});

it("keeps the Age of the upstream where it was just fetched", () => {
  expect(fetchedHeaders({ fwd: "uri-miss", fwdStatus: 200 })).toEqual({ age: undefined, status: "tidegate; fwd=uri-miss; fwd-status=200" });
});

it("counts the memory of a rendering when it is first used", async () => {
  const values = new Lru<RouteStoreValue>({ maxEntries: 9, maxBytes: 99_999 });
  const store = new RouteStore(values, new Purges(), new Invalidations(9));
  const lookup = lookupOf("k");
  store.put(lookup, stored, NOW);
  const bytes = [values.bytes];
  for (let call = 0; call < 2; call++) {
    const found = store.find(lookup, NOW);
    if (found.kind !== "found") throw new Error("not found");
    const response = await serveStored(store, lookup, found, { isHit: true }, NOW);
    expect([await response.text(), response.headers.get("age")]).toEqual(["a", "2"]);
    bytes.push(values.bytes);
  }
  expect(bytes[1]).toBeGreaterThan(bytes[0]!);
  expect(bytes[2]).toBe(bytes[1]);
});
