// How long an answer serves: fresh, stale while it is refreshed, stale where the upstream fails.
import { appliesToAll, type Directives, type HeaderFields, secondsOf } from "./headers/directives.ts";
import { parseHttpDate } from "./headers/http-date.ts";

/** What an operator adds where the upstream says nothing. */
export interface LifetimeRules {
  readonly ttlMs: number; // 0: only what says for itself how long it lives is kept
  readonly override: boolean; // `ttlMs` counts whatever the upstream says of freshness
  readonly negativeTtlMs: number; // of 404 and 410
  readonly heuristicPercent: number; // of the time since Last-Modified, 0 for none
  readonly jitterPercent: number; // by which a `ttlMs` is shortened at most, so that what was stored together does not end together
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

/** An answer as it came. Times in epoch ms. */
export interface ReceivedResponse {
  readonly status: number;
  readonly fields: HeaderFields;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

export interface Lifetime {
  readonly generatedAt: number; // when the answer was made, as far as anybody can say; Age counts from here
  readonly freshMs: number; // since then; 0 or less where it has to be validated each time
  readonly staleWhileRevalidateMs: number; // after that: served while it is refreshed
  readonly staleIfErrorMs: number; // after `freshMs`: served where the upstream fails
  readonly isExplicit: boolean; // whether the answer itself says how long it is fresh
}

/** Kept long by their nature. RFC 9110, section 15.1. */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
const GOOD: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308]);
const GONE: ReadonlySet<number> = new Set([404, 410]);
const LONGEST_HEURISTIC_MS = 86_400_000;

/**
 * @param directives of the answer; `isTargeted` where they were aimed at this cache, so that Expires counts for nothing
 * @param roll       a number in [0, 1)
 * @see RFC 9111, section 4.2; RFC 5861
 */
export function lifetimeOf(
  answer: ReceivedResponse,
  directives: Directives,
  isTargeted: boolean,
  rules: LifetimeRules,
  roll: number,
): Lifetime {
  const { fields, requestedAt, receivedAt } = answer;
  const date = parseHttpDate(fields.get("date"), receivedAt) ?? receivedAt;
  const apparentMs = Math.max(0, receivedAt - date);
  const bornAt = receivedAt - Math.max(apparentMs, ageMsIn(fields.get("age")) + (receivedAt - requestedAt));

  const said = rules.override ? undefined : explicitMs(answer, directives, isTargeted, date);
  const mustValidate = appliesToAll(directives, "no-cache");
  const freshMs = mustValidate ? 0 : (said ?? unsaidMs(answer, directives, rules, date, roll));
  const mayBeStale = !["must-revalidate", "proxy-revalidate", "s-maxage"].some((name) => directives.has(name)) && !mustValidate;
  const window = (name: string, fallbackMs: number): number => {
    if (!mayBeStale) return 0;
    const seconds = secondsOf(directives, name);
    return seconds === undefined ? fallbackMs : seconds * 1_000;
  };
  const staleMs = freshMs > 0 ? window("stale-while-revalidate", rules.staleWhileRevalidateMs) : 0;
  const errorMs = Math.max(staleMs, window("stale-if-error", GONE.has(answer.status) ? 0 : rules.staleIfErrorMs));
  return { generatedAt: bornAt, freshMs, staleWhileRevalidateMs: staleMs, staleIfErrorMs: errorMs, isExplicit: said !== undefined };
}

/** Of several values the first counts, and one that is no number counts as none. RFC 9111, section 5.1. */
function ageMsIn(text: string | null): number {
  const first = text?.split(",", 1)[0]?.trim() ?? "";
  return /^\d+$/.test(first) ? Math.min(Number(first), 2_147_483_648) * 1_000 : 0;
}

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

function unsaidMs(
  { status, fields, receivedAt }: ReceivedResponse,
  directives: Directives,
  rules: LifetimeRules,
  date: number,
  roll: number,
): number {
  const shortened = (ms: number): number => Math.round(ms * (1 - (rules.jitterPercent / 100) * roll));
  if (GONE.has(status) && rules.negativeTtlMs > 0) return shortened(rules.negativeTtlMs);
  if (GOOD.has(status) && rules.ttlMs > 0) return shortened(rules.ttlMs);
  if (rules.heuristicPercent === 0 || !(HEURISTIC.has(status) || directives.has("public"))) return 0;
  const modifiedAt = parseHttpDate(fields.get("last-modified"), receivedAt);
  if (modifiedAt === undefined || modifiedAt >= date) return 0;
  return Math.min(LONGEST_HEURISTIC_MS, ((date - modifiedAt) * rules.heuristicPercent) / 100);
}
