// Serves a fresh stored response at once: without a wait, a fetch or a decision by chance. The call needs no deadline and no copy of
// its headers.
import { cacheStatus } from "../../../core/cache/headers/cache-status.ts";
import { NO_DIRECTIVES } from "../../../core/cache/headers/directives.ts";
import type { RouteCache } from "../cache/caches.ts";
import type { LookupBuilder } from "../cache/lookup/lookup.ts";
import { serveStored } from "../cache/responses/hit-response.ts";
import type { Handler, Layer, Responding } from "../call/layer.ts";
import type { Call } from "../call.ts";

const EARLY_REFRESH_FACTOR = 10; // no response is refreshed earlier than this many fetch times before its end
const REFUSED = cacheStatus({ detail: "refused" });

/**
 * All other calls go on to the cache layer. Responses that never reach it get a Cache-Status here.
 *
 * @param lookups undefined where other layers have to see each call, hits included: to count it, or to report it
 */
export function fastHit({ store, purgeView, l2 }: RouteCache, lookups: LookupBuilder | undefined): Layer {
  const serveFast = (call: Call): Responding | undefined => {
    const lookup = call.outgoing.method === "GET" ? lookups?.remembered(call) : undefined;
    if (lookup === undefined || lookup.directives !== NO_DIRECTIVES) return undefined;
    if (purgeView !== undefined && (purgeView.prepare() !== undefined || !purgeView.mayServe())) return undefined;
    if (call.request.headers.has("connect-timeout-ms")) return undefined; // it may be 0 or invalid, which the deadline layer decides
    const now = call.receivedAt;
    const lookupResult = store.find(lookup, now);
    if (lookupResult.kind === "none" || lookupResult.purged !== "valid") return undefined;
    if (l2 !== undefined && !lookupResult.cached.isOfferedToL2) return undefined; // the cache layer offers it to the shared level
    const { freshUntil, fetchMs } = lookupResult.cached.stored;
    call.trace?.note("fast-hit", { ageMs: now - lookupResult.cached.stored.generatedAt, freshMs: freshUntil - now });
    if (now + EARLY_REFRESH_FACTOR * fetchMs >= freshUntil) return undefined;
    call.cacheLevel = "l1";
    call.responseBytes = lookupResult.cached.stored.body.byteLength;
    return serveStored(store, lookup, lookupResult, { isHit: true }, now);
  };
  return (next) => (call) => {
    const response = serveFast(call);
    return response ?? withStatus(next, call);
  };
}

async function withStatus(next: Handler, call: Call): Promise<Response> {
  const response = await next(call);
  if (!response.headers.has("cache-status")) response.headers.set("cache-status", REFUSED);
  return response;
}
