// Invalidates the resources that an unsafe method has changed: its own, and those that its response names.
import { canonicalPath } from "../../../../core/path/canonical-path.ts";
import type { Call } from "../../call.ts";
import type { RouteCache } from "../caches.ts";
import { resourceOf } from "../lookup/query.ts";

/**
 * @param resource the target of the call
 * @param response of the unsafe method; one that is neither 2xx nor 3xx changes nothing
 * @see RFC 9111, section 4.4
 */
export function invalidateResource({ store, policy }: RouteCache, { request }: Call, resource: string, response: Response): void {
  const now = Date.now();
  if (response.status < 200 || response.status >= 400) return;
  store.invalidate(resource, now);
  for (const name of ["location", "content-location"]) {
    const value = response.headers.get(name);
    const url = value === null || !URL.canParse(value, request.url) ? undefined : new URL(value, request.url);
    if (url === undefined || url.host !== new URL(request.url).host) continue; // a response can't invalidate another origin
    const target = canonicalPath(url.pathname + url.search); // a fragment names a part of the resource
    if (target.kind === "ok") store.invalidate(resourceOf(target.path, target.query, policy.query), now);
  }
}
