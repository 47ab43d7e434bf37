// An answer that is kept, as it is served: with its age, and what the cache says of it.
import type { Entry } from "../../../../core/cache/entry.ts";
import { ageOf } from "../../../../core/cache/reuse.ts";
import { type CacheStatus, cacheStatus } from "../../../../core/cache/status.ts";
import type { Asked } from "../lookup.ts";
import type { Found, Shelf } from "../route-store.ts";
import { countOf, type Said } from "./response-headers.ts";

export function serve(
  shelf: Shelf,
  asked: Asked,
  { at, kept }: Found & { kind: "found" },
  said: CacheStatus,
  now: number,
): Response | Promise<Response> {
  const forms = countOf(kept);
  const response = asked.present(kept.entry, aged(kept.entry, said, now), now, kept);
  if (countOf(kept) !== forms) shelf.recount(at, kept, now); // this caller was the first to ask for it in this form
  return response;
}

export function aged(entry: Entry, said: CacheStatus, now: number): Said {
  return { age: String(ageOf(entry, now)), status: cacheStatus({ ttl: ttlOf(entry, now), ...said }) };
}

export function told(said: CacheStatus): Said {
  return { age: undefined, status: cacheStatus(said) };
}

/** Seconds that are left; below 0 where it is stale. */
export function ttlOf({ freshUntil }: Entry, now: number): number {
  return Math.floor((freshUntil - now) / 1_000);
}
