// Serves the metadata of the gateway as a protected resource (RFC 9728).
import { isMetadataPath, METADATA_PATH, metadataOf, type ProtectedResource } from "../../../../core/auth/resource.ts";
import type { GatewayPolicy } from "../../../../core/config/gateway.ts";
import { canonicalPath } from "../../../../core/path/canonical-path.ts";
import { reasonField } from "../../../../core/reasons.ts";

/** Any page may read it: it says what a refused client reads, too, and nothing of a caller. */
const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "*",
  "access-control-max-age": "7200",
  "cache-control": "public, max-age=300",
  "x-content-type-options": "nosniff",
};

/** @returns the response to a request for the metadata; undefined for other requests, and where no issuer is configured */
export function protectedResource(
  policy: Pick<GatewayPolicy, "auth" | "services" | "httpRoutes">,
): (request: Request, url: string) => Response | undefined {
  const { resource, issuers } = policy.auth;
  if (resource === undefined || issuers.length === 0) return () => undefined;
  const text = JSON.stringify(metadataOf(resourceOf(policy, resource)));
  return (request, url) => {
    if (!url.includes(METADATA_PATH)) return undefined;
    const target = canonicalPath(url);
    if (target.kind === "invalid" || !isMetadataPath(target.path, resource)) return undefined;
    const { method } = request;
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { ...HEADERS, ...reasonField("preflight") } });
    if (method !== "GET" && method !== "HEAD")
      return new Response(null, {
        status: 405,
        headers: { ...HEADERS, allow: "GET, HEAD, OPTIONS", ...reasonField("method_not_allowed") },
      });
    return new Response(method === "HEAD" ? null : text, {
      headers: { ...HEADERS, "content-type": "application/json", ...reasonField("document") },
    });
  };
}

/** Issuers that are no URLs have no metadata of their own, so clients could not use them. */
function resourceOf(
  { auth, services, httpRoutes }: Pick<GatewayPolicy, "auth" | "services" | "httpRoutes">,
  url: string,
): ProtectedResource {
  const methods = [...services.values()].flatMap((service) => [...service.methods.values()]);
  const scopes = [...methods, ...httpRoutes.values()].flatMap((route) => route.scopes);
  const issuers = auth.issuers.map(({ issuer }) => issuer).filter((issuer) => /^https?:\/\//.test(issuer));
  return { url, issuers, scopes: [...new Set(scopes)].sort() };
}
