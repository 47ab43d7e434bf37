// An answer that is kept, as it is served: with its age, and what the cache says of it.

import { type CacheStatus, cacheStatus } from "../../../../core/cache/headers/cache-status.ts";
import { ageSeconds } from "../../../../core/cache/reuse.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { Lookup } from "../lookup/lookup.ts";
import type { LookupResult, RouteStore } from "../route-store.ts";
import { type CacheHeaders, renderingCount } from "./response-headers.ts";

export function serveStored(
  shelf: RouteStore,
  asked: Lookup,
  { at, kept }: LookupResult & { kind: "found" },
  said: CacheStatus,
  now: number,
): Response | Promise<Response> {
  const forms = renderingCount(kept);
  const response = asked.render(kept.stored, storedHeaders(kept.stored, said, now), now, kept);
  if (renderingCount(kept) !== forms) shelf.updateSize(at, kept, now); // this caller was the first to ask for it in this form
  return response;
}

export function storedHeaders(entry: StoredResponse, said: CacheStatus, now: number): CacheHeaders {
  return { age: String(ageSeconds(entry, now)), status: cacheStatus({ ttl: ttlSeconds(entry, now), ...said }) };
}

export function fetchedHeaders(said: CacheStatus): CacheHeaders {
  return { age: undefined, status: cacheStatus(said) };
}

/** Seconds that are left; below 0 where it is stale. */
export function ttlSeconds({ freshUntil }: StoredResponse, now: number): number {
  return Math.floor((freshUntil - now) / 1_000);
}
