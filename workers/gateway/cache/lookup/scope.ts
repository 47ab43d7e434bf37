// Whose answer a call may get, and what of its headers an upstream of a cached route gets to see.
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import { normalizeField } from "../../../../core/cache/headers/vary.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import type { Call } from "../../call.ts";

/** What names a call is forwarded as far as its form leaves a caller nothing to say: an upstream may write it into its answer. */
const NAMING = { "x-request-id": /^[0-9a-f-]{36}$/, traceparent: /^[0-9a-f-]{55}$/ };

export type AuthorizationUse = "none" | "forwarded" | "passes";

/** @returns "" for everybody's answers; undefined where the call does not say whose it would be */
export function scopeOf(headers: Headers, { scope }: CachePolicy, principalHeader: string | undefined): string | undefined {
  if (scope === "shared") return "";
  const name = scope === "principal" ? principalHeader : scope.header;
  const value = name === undefined ? null : headers.get(name);
  return value === null || value === "" ? undefined : value;
}

/** Calls that bring credentials pass by the cache unless the operator says otherwise. */
export function authorizationOf(headers: Headers, { authorization }: CachePolicy): AuthorizationUse {
  if (authorization === "ignore" || !headers.has("authorization")) return "none";
  return authorization === "forward" ? "forwarded" : "passes";
}

/** The values of the declared dimensions, as they are part of the key, and forwarded. */
export function dimensionsOf(headers: HeaderFields, names: readonly string[]): (string | null)[] {
  return names.map((name) => normalizeField(name, headers.get(name)));
}

/** Only what is part of the key, and what can't change the answer: nothing else can then poison it. */
export function keyedHeaders(
  { request: { headers: from }, outgoing }: Call,
  names: readonly string[],
  dimensions: readonly (string | null)[],
  { scope, authorization }: CachePolicy,
  principalHeader: string | undefined,
): Headers {
  const headers = new Headers();
  for (const [name, form] of Object.entries(NAMING)) {
    const value = outgoing.headers.get(name);
    if (value !== null && form.test(value)) headers.set(name, value);
  }
  const copied = authorization === "forward" ? ["authorization"] : [];
  if (scope !== "shared") copied.push(scope === "principal" ? (principalHeader ?? "") : scope.header);
  for (const name of copied) {
    const value = name === "" ? null : from.get(name);
    if (value !== null) headers.set(name, value);
  }
  for (const [index, name] of names.entries()) {
    const value = dimensions[index] ?? null;
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
