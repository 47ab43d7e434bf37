type PrincipalKind = "user" | "key" | "agent" | "service" | "certificate";
/** Who makes a call, as proven. */
interface Principal {
  readonly kind: PrincipalKind;
  /**
   * Unique among all kinds and issuers, at most `MAX_ID_BYTES`: what limits, cache scope and logs count by. `ISSUER#sub` of a user,
   * `key:ID`, `agent:THUMBPRINT`, `cert:FINGERPRINT`, `service:NAME`.
   */
  readonly id: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly owner?: string;
  readonly plan?: string;
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly expiresAt: number;
}
export { Principal as t };