// Reuse of a stored response: served as it is, served while it is refreshed, or revalidated first.
import { type Directives, secondsOf } from "./headers/directives.ts";
import type { PurgeDecision } from "./purge/purges.ts";
import type { StoredResponse } from "./stored-response.ts";

export type Reuse =
  | { readonly kind: "fresh"; readonly isRefreshedEarly: boolean } // isRefreshedEarly: a refresh starts in the background
  | { readonly kind: "stale" } // served now, and refreshed in the background
  | { readonly kind: "revalidate" }; // the upstream is called first

const FRESH: Reuse = { kind: "fresh", isRefreshedEarly: false };
const FRESH_REFRESHED_EARLY: Reuse = { kind: "fresh", isRefreshedEarly: true };
const STALE: Reuse = { kind: "stale" };
const REVALIDATE: Reuse = { kind: "revalidate" };

/**
 * @param purged     a soft purge requires a revalidation; the stored response is then only served where that fails
 * @param directives cache directives of the request, where the route honors them
 * @param random     a number in (0, 1)
 */
export function decideReuse(stored: StoredResponse, purged: PurgeDecision, directives: Directives, now: number, random: number): Reuse {
  if (purged !== "valid") return REVALIDATE;
  if (directives.size > 0 && !isAcceptable(stored, directives, now)) return REVALIDATE;
  if (now < stored.freshUntil) return isDueEarly(stored, now, random) ? FRESH_REFRESHED_EARLY : FRESH;
  return now < stored.staleUntil ? STALE : REVALIDATE;
}

/**
 * Whether this isolate refreshes a response that is still fresh. The isolates that share it do not coordinate, so each decides by
 * chance: the nearer the end and the longer the fetch, the likelier. All isolates together refresh about once.
 *
 * @see Vattani et al., Optimal Probabilistic Cache Stampede Prevention, VLDB 2015
 */
function isDueEarly({ freshUntil, fetchMs }: StoredResponse, now: number, random: number): boolean {
  return now - fetchMs * Math.log(random) >= freshUntil;
}

/** Whether the directives of the request allow the stored response. RFC 9111, section 5.2.1. */
function isAcceptable({ generatedAt, freshUntil }: StoredResponse, directives: Directives, now: number): boolean {
  if (directives.has("no-cache") || directives.has("no-store")) return false;
  const maxAge = secondsOf(directives, "max-age");
  if (maxAge !== undefined && now - generatedAt > maxAge * 1_000) return false;
  const minFresh = secondsOf(directives, "min-fresh");
  return minFresh === undefined || freshUntil - now >= minFresh * 1_000;
}

/** The value of the Age field: whole seconds. */
export function ageSeconds({ generatedAt }: StoredResponse, now: number): number {
  return Math.max(0, Math.floor((now - generatedAt) / 1_000));
}

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** The pause before the next fetch from an upstream that failed `failures` times in a row: 1 s, doubled each time, at most 30 s. */
export function retryPauseMs(failures: number): number {
  return Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** Math.max(0, failures - 1));
}
