// Roles of the admin services: who may look, who may change what is running, and who may give access.

/** Each role may do what those before it may. */
export const ADMIN_ROLES = ["viewer", "operator", "admin"] as const;
export type AdminRole = (typeof ADMIN_ROLES)[number];

const SCOPE_PREFIX = "admin:";

/** The scope of an API key that gives a role. */
export function scopeOfRole(role: AdminRole): string {
  return `${SCOPE_PREFIX}${role}`;
}

/** @returns the highest role that scopes give; undefined for none */
export function roleOfScopes(scopes: readonly string[]): AdminRole | undefined {
  return ADMIN_ROLES.findLast((role) => scopes.includes(scopeOfRole(role)));
}

export function isAtLeast(role: AdminRole, needed: AdminRole): boolean {
  return ADMIN_ROLES.indexOf(role) >= ADMIN_ROLES.indexOf(needed);
}

/** A principal, as far as a role depends on it. */
interface Admin {
  readonly kind: string;
  readonly id: string;
  readonly issuer?: string | undefined;
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * The role of a proven caller. Scopes count in API keys alone: an issuer of tokens for the services behind the gateway cannot make admins.
 *
 * @param accessIssuer `iss` of Cloudflare Access, whose callers have the roles that are written for their address or id; undefined for none
 * @param roles        by the e-mail address (in lower case) or the id of such a caller
 */
export function adminRoleOf(
  { kind, id, issuer, scopes, claims }: Admin,
  accessIssuer: string | undefined,
  roles: ReadonlyMap<string, AdminRole>,
): AdminRole | undefined {
  if (kind === "key") return roleOfScopes(scopes);
  if (accessIssuer === undefined || issuer !== accessIssuer) return undefined;
  const { email } = claims;
  return roles.get(id) ?? (typeof email === "string" ? roles.get(email.toLowerCase()) : undefined);
}
