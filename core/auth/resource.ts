// The gateway as an OAuth 2.1 protected resource: its metadata, where that is, and what a refused client reads of it.
import type { AuthFailure, Challenge } from "./refusal.ts";

/** What the configuration says of the resource. */
export interface ProtectedResource {
  readonly url: string; // its identifier, never taken from a request; tokens name it as audience (RFC 8707)
  readonly issuers: readonly string[];
  readonly scopes: readonly string[]; // sorted, each once
}

export const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** The URL of the metadata: the well-known path comes before the path of the resource. @see RFC 9728, section 3.1 */
export function metadataUrlOf(resource: string): string {
  const [, origin = "", path = ""] = /^(https?:\/\/[^/]+)(.*)$/.exec(resource) ?? [];
  return `${origin}${METADATA_PATH}${path.replace(/\/$/, "")}`;
}

/**
 * Whether the metadata is at a path: at the well-known one, and at those with the path of the resource, or of something below it, inserted
 * behind it.
 *
 * @param path canonical
 */
export function isMetadataPath(path: string, resource: string): boolean {
  if (path === METADATA_PATH) return true;
  const own = metadataUrlOf(resource).replace(/^https?:\/\/[^/]+/, "");
  return path === own || path.startsWith(`${own}/`);
}

/** @see RFC 9728, section 2 */
export function metadataOf({ url, issuers, scopes }: ProtectedResource): object {
  return {
    resource: url,
    authorization_servers: issuers,
    bearer_methods_supported: ["header"],
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
  };
}

/** Failures of calls that brought no token to be wrong. */
const WITHOUT_TOKEN: ReadonlySet<string> = new Set(["credential_missing", "credential_scheme", "too_many_failures"]);

/**
 * What `WWW-Authenticate` says to clients of the resource.
 *
 * @see RFC 6750, section 3; RFC 9728, section 5.1
 */
export function resourceChallenge(resource: string): Challenge {
  const metadata = `resource_metadata="${metadataUrlOf(resource)}"`;
  return ({ kind, reason, scopes = [] }: AuthFailure) => {
    if (kind === "unauthenticated") return WITHOUT_TOKEN.has(reason) ? `Bearer ${metadata}` : `Bearer error="invalid_token", ${metadata}`;
    if (scopes.length === 0) return undefined; // another refusal than that of a scope
    return `Bearer error="insufficient_scope", scope="${scopes.join(" ")}", ${metadata}`;
  };
}
