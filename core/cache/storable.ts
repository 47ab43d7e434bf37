// Whether a response may be stored for other callers, and for how long.
import { isCrossOriginField } from "../cors.ts";
import { REASON_HEADER } from "../headers.ts";
import { type AdaptivePolicy, adaptedLifetimeMs } from "./adaptive-lifetime.ts";
import { type Lifetime, type LifetimeRules, lifetimeOf, type ReceivedResponse } from "./freshness.ts";
import { type Directives, directivesOf, namedFields } from "./headers/directives.ts";
import { prohibitionOf } from "./shareable.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface StoreRules extends LifetimeRules {
  readonly storeErrors: boolean; // whether errors are stored where they state a lifetime
  readonly targets: readonly string[]; // fields with directives for this cache alone (RFC 9213); the first one present counts
  readonly tagHeader: string; // field in which a response names its purge tags
  readonly adaptive: AdaptivePolicy | undefined; // longer lifetimes for responses that do not change
}

/** What storing needs to know beside the response: its request, and its predecessor in the store. */
export interface StoreContext {
  readonly hasAuthorization: boolean; // whether the upstream received the caller's Authorization
  readonly unchangedCount: number; // consecutive revalidations without a change, this one included
  readonly route: string;
  readonly tags: readonly string[]; // tags by the templates of the route
  readonly purgeSeq: number; // latest purge that the isolate knew when the fetch started
}

/** `reason` is the `detail` of Cache-Status. */
export type StoreDecision =
  | { readonly kind: "stored"; readonly stored: StoredResponse }
  | { readonly kind: "refused"; readonly reason: string };

/** Fields that are not stored: out of date when the response is reused, or meant for one caller. Hop-by-hop fields are gone before. */
const FIELDS_NOT_STORED = [
  "age",
  "cache-status",
  "x-request-id",
  "proxy-authentication-info",
  "ratelimit",
  "ratelimit-policy",
  REASON_HEADER,
];
const MAX_TAGS = 64;
const MAX_TAG_CHARACTERS = 256;
/** Errors that describe the resource, not the call that met them. */
const LASTING_ERRORS: ReadonlySet<number> = new Set([404, 405, 410, 414, 501]);
const REVALIDATABLE_MS = 3_600_000; // time for which a stale response with a validator stays stored

/**
 * @param headers header fields of the response, before those that are never stored are taken off
 * @param random  a number in [0, 1)
 * @see RFC 9111, section 3
 */
export function decideStorage(
  response: ReceivedResponse,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array<ArrayBuffer>,
  context: StoreContext,
  rules: StoreRules,
  random: number,
): StoreDecision {
  const { directives, isTargeted } = directivesOf(response.fields, rules.targets);
  const { status, fields, requestedAt, receivedAt } = response;
  const refusal = prohibitionOf(response, directives, context.hasAuthorization);
  if (refusal !== undefined) return { kind: "refused", reason: refusal };
  const lifetime = adapted(lifetimeOf(response, directives, isTargeted, rules, random), context.unchangedCount, rules.adaptive);
  const isStorableError = rules.storeErrors && (lifetime.isExplicit || directives.has("public"));
  if (status >= 400 && !LASTING_ERRORS.has(status) && !isStorableError) return { kind: "refused", reason: "error" };
  const isRevalidatable = fields.get("etag") !== null || fields.get("last-modified") !== null;
  const times = timesOf(lifetime, receivedAt, isRevalidatable);
  if (times.latest <= receivedAt) return { kind: "refused", reason: "not-fresh" };

  const stored: StoredResponse = {
    status,
    headers: storableHeaders(headers, directives, rules),
    body,
    storedAt: receivedAt,
    generatedAt: lifetime.generatedAt,
    freshUntil: times.fresh,
    staleUntil: times.stale,
    staleIfErrorUntil: times.error,
    revalidatableUntil: isRevalidatable ? times.latest : 0,
    fetchMs: receivedAt - requestedAt,
    unchangedCount: context.unchangedCount,
    route: context.route,
    purgeSeq: context.purgeSeq,
    tags: [...new Set([...context.tags, ...tagsIn(fields.get(rules.tagHeader))])].slice(0, MAX_TAGS),
  };
  return { kind: "stored", stored };
}

/** The headers that another caller may receive: CORS fields are for one origin; `no-cache="..."` and `private="..."` name others. */
export function storableHeaders(
  headers: readonly (readonly [string, string])[],
  directives: Directives,
  { tagHeader }: Pick<StoreRules, "tagHeader">,
): readonly (readonly [string, string])[] {
  const excluded = new Set([
    ...FIELDS_NOT_STORED,
    tagHeader,
    ...(namedFields(directives, "no-cache") ?? []),
    ...(namedFields(directives, "private") ?? []),
  ]);
  return headers.filter(([name]) => !excluded.has(name) && !isCrossOriginField(name));
}

function adapted(lifetime: Lifetime, unchangedCount: number, adaptive: AdaptivePolicy | undefined): Lifetime {
  if (adaptive === undefined || lifetime.freshMs <= 0) return lifetime;
  return { ...lifetime, freshMs: adaptedLifetimeMs(lifetime.freshMs, unchangedCount, adaptive) };
}

/** Epoch ms at which each use of the response ends. */
function timesOf(lifetime: Lifetime, receivedAt: number, isRevalidatable: boolean) {
  const fresh = lifetime.generatedAt + lifetime.freshMs;
  const [stale, error] = [fresh + lifetime.staleWhileRevalidateMs, fresh + lifetime.staleIfErrorMs];
  const revalidatable = isRevalidatable ? Math.max(fresh, receivedAt) + REVALIDATABLE_MS : 0;
  return { fresh, stale, error, latest: Math.max(fresh, stale, error, revalidatable) };
}

/** Separated by commas or spaces: Cache-Tag uses the former, Surrogate-Key the latter. */
function tagsIn(text: string | null): string[] {
  return text === null ? [] : text.split(/[\s,]+/).filter((tag) => tag !== "" && tag.length <= MAX_TAG_CHARACTERS);
}
