// What a call is told apart by: address, principal, header, cookie or query, as the configuration says.
import { callerOf } from "../../core/ip.ts";
import type { HashOnInput } from "../../core/upstream.ts";
import type { Call } from "./call.ts";

/** A caller without that header, cookie or parameter is told apart by address. */
export function keyTextOf({ request, outgoing }: Call, hashOn: HashOnInput, principalHeader: string | undefined): string {
  return chosen(request, outgoing.query, hashOn, principalHeader) ?? callerOf(request.headers.get("cf-connecting-ip"));
}

export function cookieOf(headers: Headers, name: string): string | undefined {
  const cookies = headers.get("cookie")?.split(/;\s*/) ?? [];
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

function chosen({ headers }: Request, query: string, hashOn: HashOnInput, principalHeader: string | undefined): string | null | undefined {
  if (hashOn === "ip") return undefined;
  if (hashOn === "principal") return principalHeader === undefined ? undefined : headers.get(principalHeader);
  if ("header" in hashOn) return headers.get(hashOn.header);
  if ("query" in hashOn) return new URLSearchParams(query).get(hashOn.query);
  return cookieOf(headers, hashOn.cookie);
}
