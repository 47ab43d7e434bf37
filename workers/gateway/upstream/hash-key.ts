// What a call is told apart by: address, principal, header, cookie, query or a field of its message, the first of them that it has.
import type { HashSource } from "../../../core/config/hash-on.ts";
import type { Call } from "../call.ts";

export interface HashKey {
  readonly text: string;
  readonly cookie?: string; // that was made for this call, as `Set-Cookie` has it
}

/** A call that has none of it is told apart by address. */
export function hashKeyOf(call: Call, sources: readonly HashSource[]): HashKey {
  for (const source of sources) {
    const text = textFrom(call, source);
    if (text !== undefined && text !== null && text !== "") return { text };
    if (typeof source === "object" && "cookie" in source && source.ttlSeconds !== undefined) return made(source.cookie, source.ttlSeconds);
  }
  return { text: call.caller.network };
}

export function cookieOf(headers: Headers, name: string): string | undefined {
  const cookies = headers.get("cookie")?.split(/;\s*/) ?? [];
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

function textFrom({ request: { headers }, outgoing, caller, hashText }: Call, source: HashSource): string | null | undefined {
  if (source === "ip") return undefined; // the last resort in any case
  if (source === "principal") return caller.principal;
  if ("header" in source) return headers.get(source.header);
  if ("query" in source) return new URLSearchParams(outgoing.query).get(source.query);
  if ("field" in source) return hashText;
  return cookieOf(headers, source.cookie);
}

/** A cookie that says nothing but that its bearer is the same as before. */
function made(name: string, ttlSeconds: number): HashKey {
  const text = crypto.randomUUID();
  const age = ttlSeconds === 0 ? "" : ` Max-Age=${ttlSeconds};`;
  return { text, cookie: `${name}=${text};${age} Path=/; HttpOnly; Secure; SameSite=Lax` };
}
