// What a call that changes something leaves of what was kept: nothing under its own path, and under those that its answer names.
import { canonicalPath } from "../../../../core/path.ts";
import type { Call } from "../../call.ts";
import type { RouteCache } from "../caches.ts";
import { resourceOf } from "../lookup/query.ts";

/**
 * @param resource that was called
 * @see RFC 9111, section 4.4
 */
export function invalidateResource(
  { store: shelf, policy }: RouteCache,
  { request }: Call,
  resource: string,
  { status, headers }: Response,
): void {
  const now = Date.now();
  if (status < 200 || status >= 400) return;
  shelf.invalidate(resource, now);
  for (const name of ["location", "content-location"]) {
    const named = headers.get(name);
    const url = named === null || !URL.canParse(named, request.url) ? undefined : new URL(named, request.url);
    if (url === undefined || url.host !== new URL(request.url).host) continue; // nobody speaks for another origin
    const at = canonicalPath(url.href);
    if (at.kind === "ok") shelf.invalidate(resourceOf(at.path, at.query, policy.query), now);
  }
}
