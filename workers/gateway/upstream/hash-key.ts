// The key by which a call is hashed to an endpoint or a version: address, principal, header, cookie, query or message field.

import type { HashSource } from "../../../core/config/hash-on.ts";
import type { HashKey } from "../../call/pool/pool-hooks.ts";
import type { Call } from "../call.ts";

/** @returns the first source that the call has; its address where it has none of them */
export function hashKeyOf(call: Call, sources: readonly HashSource[]): HashKey {
  for (const source of sources) {
    const text = textFrom(call, source);
    if (text !== undefined && text !== null && text !== "") return { text };
    if (typeof source === "object" && "cookie" in source && source.ttlSeconds !== undefined) {
      return newCookie(source.cookie, source.ttlSeconds);
    }
  }
  return { text: call.caller.network };
}

/** @returns the value of a cookie of the request, undefined where it has none of that name */
export function cookieOf(headers: Headers, name: string): string | undefined {
  const cookies = headers.get("cookie")?.split(/;\s*/) ?? [];
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

function textFrom({ request: { headers }, outgoing, principal, hashText }: Call, source: HashSource): string | null | undefined {
  if (source === "ip") return undefined; // it comes last in any case
  if (source === "principal") return principal?.id;
  if ("header" in source) return headers.get(source.header);
  if ("query" in source) return new URLSearchParams(outgoing.query).get(source.query);
  if ("field" in source) return hashText;
  return cookieOf(headers, source.cookie);
}

/** A random cookie: it only shows that later calls come from the same client. */
function newCookie(name: string, ttlSeconds: number): HashKey {
  const text = crypto.randomUUID();
  const age = ttlSeconds === 0 ? "" : ` Max-Age=${ttlSeconds};`;
  return { text, cookie: `${name}=${text};${age} Path=/; HttpOnly; Secure; SameSite=Lax` };
}
