// Who makes a call, as the gateway has proven it.

export type PrincipalKind = "user" | "key" | "agent" | "service" | "certificate";

/** Who makes a call, as proven. */
export interface Principal {
  readonly kind: PrincipalKind;
  /**
   * Unique among all kinds and issuers, at most `MAX_ID_BYTES`: what limits, cache scope and logs count by. `ISSUER#sub` of a user,
   * `key:ID`, `agent:THUMBPRINT`, `cert:FINGERPRINT`, `service:NAME`.
   */
  readonly id: string;
  readonly issuer?: string; // `iss` of a JWT
  readonly subject?: string; // `sub` of a JWT
  readonly owner?: string; // owner of an API key
  readonly plan?: string; // plan of an API key: `tiers.by: "key"`
  readonly scopes: readonly string[]; // sorted, each once
  readonly claims: Readonly<Record<string, unknown>>; // verified ones only; empty where there are none
  readonly expiresAt: number; // epoch ms; Infinity for none
}

export const MAX_ID_BYTES = 256;

/** @param text scopes separated by spaces, as in `scope` of RFC 8693 @returns each once, sorted */
export function scopesOf(text: string): readonly string[] {
  return [...new Set(text.split(" ").filter((scope) => scope !== ""))].sort();
}
