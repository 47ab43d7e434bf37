// Who shares a response, and which header fields of a call the upstream of a cached route receives.
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import { normalizeField } from "../../../../core/cache/headers/vary.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import type { Call } from "../../call.ts";

/** Identifiers of a call, forwarded only in these forms: an upstream may write them into its response, which other callers receive. */
const CALL_IDENTIFIERS = { "x-request-id": /^[0-9a-f-]{36}$/, traceparent: /^[0-9a-f-]{55}$/ };

export type AuthorizationUse = "none" | "forwarded" | "bypass";

/** @returns "" where all callers share responses; undefined where the call does not name its principal or tenant */
export function scopeOf({ request, principal }: Call, { scope }: CachePolicy): string | undefined {
  if (scope === "shared") return "";
  return scope === "principal" ? principal?.id : request.headers.get(scope.header) || undefined;
}

/**
 * Calls with credentials bypass the cache unless the operator sets otherwise. A credential that the gateway has used up itself is no more
 * than the name of the principal: where responses are separated by principals, its calls are as those without one.
 */
export function authorizationOf({ request, outgoing, principal }: Call, { authorization, scope }: CachePolicy): AuthorizationUse {
  if (authorization === "ignore" || !request.headers.has("authorization")) return "none";
  if (scope === "principal" && principal !== undefined && !outgoing.headers.has("authorization")) return "none";
  return authorization === "forward" ? "forwarded" : "bypass";
}

/** The values of the declared header fields, as they are part of the key, and forwarded. */
export function dimensionsOf(headers: HeaderFields, names: readonly string[]): (string | null)[] {
  return names.map((name) => normalizeField(name, headers.get(name)));
}

/** Only fields that are part of the key, and identifiers in a fixed form: no other field can poison the stored response. */
export function keyedHeaders(
  { request: { headers: from }, outgoing }: Call,
  names: readonly string[],
  dimensions: readonly (string | null)[],
  { scope, authorization }: CachePolicy,
): Headers {
  const headers = new Headers();
  for (const [name, form] of Object.entries(CALL_IDENTIFIERS)) {
    const value = outgoing.headers.get(name);
    if (value !== null && form.test(value)) headers.set(name, value);
  }
  const copy = (source: Headers, name: string): void => {
    const value = source.get(name);
    if (value !== null) headers.set(name, value);
  };
  if (authorization === "forward") copy(outgoing.headers, "authorization"); // it may have been removed for the upstream
  if (typeof scope === "object") copy(from, scope.header);
  for (const [index, name] of names.entries()) {
    const value = dimensions[index] ?? null;
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
