// What the claims of a verified JWT say about its caller.

import type { AuthReason } from "../auth-reason.ts";
import { MAX_ID_BYTES, type Principal, scopesOf } from "../principal.ts";

/** Members of the payload of a JWT. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * @param claims verified, with a number in `exp`
 * @param issuer equal to `iss`
 * @returns the principal `ISSUER#sub`, or why the claims name none
 */
export function principalOf(claims: Claims, issuer: string): Principal | AuthReason {
  const subject = claims["sub"];
  if (typeof subject !== "string" || subject === "") return "jwt_claim_missing";
  return principal("user", `${issuer}#${subject}`, subject, claims, issuer);
}

/**
 * The caller behind Cloudflare Access. A service token has no `sub`, but the name of its client in `common_name`.
 *
 * @see developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/application-token
 */
export function accessPrincipalOf(claims: Claims, issuer: string): Principal | AuthReason {
  const name = claims["common_name"];
  if (claims["sub"] !== "" || typeof name !== "string" || name === "") return principalOf(claims, issuer);
  return principal("service", `service:${issuer}#${name}`, undefined, claims, issuer);
}

function principal(
  kind: "user" | "service",
  id: string,
  subject: string | undefined,
  claims: Claims,
  issuer: string,
): Principal | AuthReason {
  if (id.length > MAX_ID_BYTES || !/^[\x20-\x7e]*$/.test(id)) return "jwt_claim_invalid";
  const named = subject === undefined ? {} : { subject };
  const expiresAt = (claims["exp"] as number) * 1_000; // a number: it has been verified
  return { kind, id, issuer, ...named, scopes: scopesIn(claims), claims, expiresAt };
}

/** `scope` of RFC 8693, a text, or `scp`, which some issuers write as a list. */
function scopesIn({ scope, scp }: Claims): readonly string[] {
  const value = scope ?? scp;
  if (typeof value === "string") return scopesOf(value);
  return Array.isArray(value) ? scopesOf(value.filter((one) => typeof one === "string").join(" ")) : [];
}
