// Whether a response to one caller may be used for others: stored for later calls, or shared with calls that wait for the same fetch.
import { type LifetimeRules, lifetimeOf, type ReceivedResponse } from "./freshness.ts";
import { appliesToAll, type Directives, directivesOf } from "./headers/directives.ts";
import { parseHeaderList } from "./headers/header-list.ts";

/** Status codes whose meaning this cache knows, for `must-understand`. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  ...[200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 421, 422, 426, 428, 429, 431, 451],
  ...Array.from({ length: 18 }, (_, index) => 400 + index),
  ...Array.from({ length: 6 }, (_, index) => 500 + index),
]);

/**
 * @param hasAuthorization whether the upstream received the caller's Authorization
 * @returns why the response is for its caller alone, as the `detail` of Cache-Status; undefined where nothing forbids to use it for others
 * @see RFC 9111, sections 3 and 3.5
 */
export function prohibitionOf({ status, fields }: ReceivedResponse, directives: Directives, hasAuthorization: boolean): string | undefined {
  if (status < 200 || status === 206 || status === 304) return "partial";
  if (directives.has("must-understand") && !UNDERSTOOD.has(status)) return "not-understood";
  if (directives.has("no-store")) return "no-store";
  if (appliesToAll(directives, "private")) return "private";
  if (fields.get("set-cookie") !== null) return "set-cookie";
  if (parseHeaderList(fields.get("vary") ?? "").includes("*")) return "vary";
  const isAllowed = ["public", "s-maxage", "must-revalidate"].some((name) => directives.has(name));
  return hasAuthorization && !isAllowed ? "authorization" : undefined;
}

export interface ErrorContext {
  readonly hasAuthorization: boolean; // whether the upstream received the caller's Authorization
  readonly isKeyed: boolean; // whether the upstream received only what the key contains, beside the Authorization
}

/**
 * Whether an error that is not stored may be shared with calls that wait for the same fetch. It has to be fresh by its own words. An error
 * that says nothing may be shared where the upstream received only what these calls have in common.
 *
 * @param targets fields with directives for this cache alone; the first one present counts
 * @see RFC 9111, section 4: "a response that is stored or storable"
 */
export function mayShareError(
  response: ReceivedResponse,
  rules: LifetimeRules & { readonly targets: readonly string[] },
  { hasAuthorization, isKeyed }: ErrorContext,
): boolean {
  const { directives, isTargeted } = directivesOf(response.fields, rules.targets);
  if (prohibitionOf(response, directives, hasAuthorization) !== undefined || appliesToAll(directives, "no-cache")) return false;
  const { isExplicit, generatedAt, freshMs } = lifetimeOf(response, directives, isTargeted, rules, 0);
  if (isExplicit) return generatedAt + freshMs > response.receivedAt;
  return directives.has("public") || (isKeyed && !hasAuthorization);
}
