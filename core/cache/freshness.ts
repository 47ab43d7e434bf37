// Freshness of a response: how long it is fresh, and how long it may be served stale while it is refreshed or while the upstream fails.
import { appliesToAll, type Directives, secondsOf } from "./headers/directives.ts";
import type { HeaderFields } from "./headers/header-list.ts";
import { parseHttpDate } from "./headers/http-date.ts";

/** Lifetimes that the operator sets, for what the upstream does not say. */
export interface LifetimeRules {
  readonly ttlMs: number; // 0: only responses with a lifetime of their own are stored
  readonly override: boolean; // whether `ttlMs` replaces the lifetime that the upstream sends
  readonly negativeTtlMs: number; // lifetime of 404 and 410
  readonly heuristicPercent: number; // share of the time since Last-Modified; 0 for no heuristic freshness
  readonly jitterPercent: number; // largest random reduction of `ttlMs`: what was stored together does not expire together
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

/** A response as it arrived. Times in epoch ms. */
export interface ReceivedResponse {
  readonly status: number;
  readonly fields: HeaderFields;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

export interface Lifetime {
  readonly generatedAt: number; // epoch ms; the age of the response counts from here
  readonly freshMs: number; // duration from `generatedAt`; 0 or less where each use needs a revalidation
  readonly staleWhileRevalidateMs: number; // duration after `freshMs`
  readonly staleIfErrorMs: number; // duration after `freshMs`
  readonly isExplicit: boolean; // whether the response itself states its lifetime
}

/** Status codes with heuristic freshness. RFC 9110, section 15.1. */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
const GOOD: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308]);
const GONE: ReadonlySet<number> = new Set([404, 410]);
const MAX_HEURISTIC_MS = 86_400_000;
const MAX_AGE_SECONDS = 2_147_483_648; // largest age that RFC 9111, section 1.2.2 requires a cache to hold

/**
 * @param directives cache directives of the response
 * @param isTargeted whether they come from a field for this cache alone (RFC 9213): then Expires is ignored
 * @param random     a number in [0, 1)
 * @see RFC 9111, section 4.2; RFC 5861
 */
export function lifetimeOf(
  response: ReceivedResponse,
  directives: Directives,
  isTargeted: boolean,
  rules: LifetimeRules,
  random: number,
): Lifetime {
  const { fields, requestedAt, receivedAt } = response;
  const date = parseHttpDate(fields.get("date"), receivedAt) ?? receivedAt;
  const apparentAgeMs = Math.max(0, receivedAt - date);
  const generatedAt = receivedAt - Math.max(apparentAgeMs, ageMsIn(fields.get("age")) + (receivedAt - requestedAt));

  const explicit = rules.override ? undefined : explicitMs(response, directives, isTargeted, date);
  const mustValidate = appliesToAll(directives, "no-cache");
  const freshMs = mustValidate ? 0 : (explicit ?? configuredMs(response, directives, rules, date, random));
  const mayBeStale = !["must-revalidate", "proxy-revalidate", "s-maxage"].some((name) => directives.has(name)) && !mustValidate;
  const window = (name: string, fallbackMs: number): number => {
    if (!mayBeStale) return 0;
    const seconds = secondsOf(directives, name);
    return seconds === undefined ? fallbackMs : seconds * 1_000;
  };
  const staleWhileRevalidateMs = freshMs > 0 ? window("stale-while-revalidate", rules.staleWhileRevalidateMs) : 0;
  const staleIfErrorMs = Math.max(staleWhileRevalidateMs, window("stale-if-error", GONE.has(response.status) ? 0 : rules.staleIfErrorMs));
  return { generatedAt, freshMs, staleWhileRevalidateMs, staleIfErrorMs, isExplicit: explicit !== undefined };
}

/** Of several values the first counts; a value that is no number counts as age 0. RFC 9111, section 5.1. */
function ageMsIn(text: string | null): number {
  const first = text?.split(",", 1)[0]?.trim() ?? "";
  return /^\d+$/.test(first) ? Math.min(Number(first), MAX_AGE_SECONDS) * 1_000 : 0;
}

/** The lifetime that the response states: s-maxage, then max-age, then Expires. RFC 9111, section 4.2.1. */
function explicitMs(
  { fields, receivedAt }: ReceivedResponse,
  directives: Directives,
  isTargeted: boolean,
  date: number,
): number | undefined {
  const seconds = secondsOf(directives, "s-maxage") ?? secondsOf(directives, "max-age");
  if (seconds !== undefined) return seconds * 1_000;
  const expires = fields.get("expires");
  if (isTargeted || expires === null) return undefined;
  const expiresAt = parseHttpDate(expires, receivedAt);
  return expiresAt === undefined ? 0 : expiresAt - date;
}

/** The lifetime of a response that states none: the operator's, or a share of the time since Last-Modified. */
function configuredMs(
  { status, fields, receivedAt }: ReceivedResponse,
  directives: Directives,
  rules: LifetimeRules,
  date: number,
  random: number,
): number {
  const jittered = (ms: number): number => Math.round(ms * (1 - (rules.jitterPercent / 100) * random));
  if (GONE.has(status) && rules.negativeTtlMs > 0) return jittered(rules.negativeTtlMs);
  if (GOOD.has(status) && rules.ttlMs > 0) return jittered(rules.ttlMs);
  if (rules.heuristicPercent === 0 || !(HEURISTIC.has(status) || directives.has("public"))) return 0;
  const modifiedAt = parseHttpDate(fields.get("last-modified"), receivedAt);
  if (modifiedAt === undefined || modifiedAt >= date) return 0;
  return Math.min(MAX_HEURISTIC_MS, ((date - modifiedAt) * rules.heuristicPercent) / 100);
}
