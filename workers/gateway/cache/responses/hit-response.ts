// A stored response as it is served: rendered for the caller, with Age and Cache-Status.
import { type CacheStatus, cacheStatus } from "../../../../core/cache/headers/cache-status.ts";
import { ageSeconds } from "../../../../core/cache/reuse.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { Responding } from "../../call/layer.ts";
import type { Lookup } from "../lookup/lookup.ts";
import type { LookupResult, RouteStore } from "../route-store.ts";
import { type CacheHeaders, renderingCount } from "./response-headers.ts";

export function serveStored(
  store: RouteStore,
  lookup: Lookup,
  { storeKey, cached }: LookupResult & { kind: "found" },
  status: CacheStatus,
  now: number,
): Responding {
  const renderings = renderingCount(cached);
  const response = lookup.render(cached.stored, storedHeaders(cached.stored, status, now), now, cached);
  if (renderingCount(cached) !== renderings) store.updateSize(storeKey, cached, now); // this caller was the first one of its encoding
  return response;
}

/** The headers of a response that comes from the store. */
export function storedHeaders(stored: StoredResponse, status: CacheStatus, now: number): CacheHeaders {
  return { age: String(ageSeconds(stored, now)), status: cacheStatus({ ttl: ttlSeconds(stored, now), ...status }) };
}

/** The headers of a response that the upstream has just sent: its own Age stays. */
export function fetchedHeaders(status: CacheStatus): CacheHeaders {
  return { age: undefined, status: cacheStatus(status) };
}

/** Remaining freshness in whole seconds; negative where the response is stale. */
export function ttlSeconds({ freshUntil }: StoredResponse, now: number): number {
  return Math.floor((freshUntil - now) / 1_000);
}
