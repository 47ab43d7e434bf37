// Whether an answer may be kept for others, and as what.
import { isCrossOriginField } from "../cors.ts";
import { type AdaptivePolicy, adaptedLifeMs } from "./adaptive-lifetime.ts";
import { type Lifetime, type LifetimeRules, lifetimeOf, type ReceivedResponse } from "./freshness.ts";
import { appliesToAll, type Directives, directivesOf, namedFields } from "./headers/directives.ts";
import { parseHeaderList } from "./headers/header-list.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface StoreRules extends LifetimeRules {
  readonly storeErrors: boolean; // whether errors are kept where they say for how long
  readonly targets: readonly string[]; // fields with directives for this cache alone, the first one that is there counts
  readonly tagHeader: string; // in which an answer names the tags it can be purged by
  readonly adaptive: AdaptivePolicy | undefined; // whether what does not change lives longer
}

/** Of the request: what a shared cache has to know. */
export interface StoreContext {
  readonly hasAuthorization: boolean; // and the upstream has seen it
  readonly unchangedCount: number; // times in a row that the answer was the same as the one before
  readonly route: string;
  readonly tags: readonly string[]; // from the template of the route
  readonly purgeSeq: number; // the purge known when the upstream was asked
}

/** Refusals are words for the `detail` of Cache-Status. */
export type StoreDecision =
  | { readonly kind: "stored"; readonly entry: StoredResponse }
  | { readonly kind: "refused"; readonly why: string };

/** Connection-bound fields are gone already; these say what is no longer so, or is for one caller. */
const NOT_KEPT = ["age", "cache-status", "x-request-id", "proxy-authentication-info", "ratelimit", "ratelimit-policy"];
const MOST_TAGS = 64;
const UNDERSTOOD: ReadonlySet<number> = new Set([
  ...[200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 421, 422, 426, 428, 429, 431, 451],
  ...Array.from({ length: 18 }, (_, index) => 400 + index),
  ...Array.from({ length: 6 }, (_, index) => 500 + index),
]);
/** Errors that say something of the resource, not of the call that met them. */
const LASTING_ERRORS: ReadonlySet<number> = new Set([404, 405, 410, 414, 501]);
const VALIDATABLE_MS = 3_600_000; // how long what is stale is kept because it could be validated

/**
 * @param headers of the answer, as they would be kept
 * @param roll    a number in [0, 1)
 * @see RFC 9111, section 3
 */
export function decideStorage(
  answer: ReceivedResponse,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array<ArrayBuffer>,
  asking: StoreContext,
  rules: StoreRules,
  roll: number,
): StoreDecision {
  const { directives, isTargeted } = directivesOf(answer.fields, rules.targets);
  const why = refusalOf(answer, directives, asking);
  if (why !== undefined) return { kind: "refused", why };
  const lifetime = adapted(lifetimeOf(answer, directives, isTargeted, rules, roll), asking.unchangedCount, rules.adaptive);
  if (
    answer.status >= 400 &&
    !LASTING_ERRORS.has(answer.status) &&
    !(rules.storeErrors && (lifetime.isExplicit || directives.has("public")))
  )
    return { kind: "refused", why: "error" };
  const isValidatable = answer.fields.get("etag") !== null || answer.fields.get("last-modified") !== null;
  const times = timesOf(lifetime, answer.receivedAt, isValidatable);
  if (times.latest <= answer.receivedAt) return { kind: "refused", why: "not-fresh" };

  const dropped = new Set([
    ...NOT_KEPT,
    rules.tagHeader,
    ...(namedFields(directives, "no-cache") ?? []),
    ...(namedFields(directives, "private") ?? []),
  ]);
  const { status, fields, requestedAt, receivedAt } = answer;
  const entry: StoredResponse = {
    status,
    headers: headers.filter(([name]) => !dropped.has(name) && !isCrossOriginField(name)),
    body,
    storedAt: receivedAt,
    generatedAt: lifetime.generatedAt,
    freshUntil: times.fresh,
    staleUntil: times.stale,
    staleIfErrorUntil: times.error,
    revalidatableUntil: isValidatable ? times.latest : 0,
    fetchMs: receivedAt - requestedAt,
    unchangedCount: asking.unchangedCount,
    route: asking.route,
    purgeSeq: asking.purgeSeq,
    tags: [...new Set([...asking.tags, ...tagsIn(fields.get(rules.tagHeader))])].slice(0, MOST_TAGS),
  };
  return { kind: "stored", entry };
}

function refusalOf({ status, fields }: ReceivedResponse, directives: Directives, { hasAuthorization }: StoreContext): string | undefined {
  if (status < 200 || status === 206 || status === 304) return "partial";
  if (directives.has("must-understand") && !UNDERSTOOD.has(status)) return "not-understood";
  if (directives.has("no-store")) return "no-store";
  if (appliesToAll(directives, "private")) return "private";
  if (fields.get("set-cookie") !== null) return "set-cookie";
  if (parseHeaderList(fields.get("vary") ?? "").includes("*")) return "vary";
  const isAllowed = ["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name));
  return hasAuthorization && !isAllowed ? "authorization" : undefined;
}

function adapted(lifetime: Lifetime, unchanged: number, adaptive: AdaptivePolicy | undefined): Lifetime {
  if (adaptive === undefined || lifetime.freshMs <= 0) return lifetime;
  return { ...lifetime, freshMs: adaptedLifeMs(lifetime.freshMs, unchanged, adaptive) };
}

function timesOf(
  { generatedAt: bornAt, freshMs, staleWhileRevalidateMs: staleMs, staleIfErrorMs: errorMs }: Lifetime,
  receivedAt: number,
  isValidatable: boolean,
) {
  const fresh = bornAt + freshMs;
  const [stale, error] = [fresh + staleMs, fresh + errorMs];
  const kept = isValidatable ? Math.max(fresh, receivedAt) + VALIDATABLE_MS : 0;
  return { fresh, stale, error, latest: Math.max(fresh, stale, error, kept) };
}

/** By commas or spaces: Cache-Tag and Surrogate-Key are written so. */
function tagsIn(text: string | null): string[] {
  return text === null ? [] : text.split(/[\s,]+/).filter((tag) => tag !== "" && tag.length <= 256);
}
