// Answers at once what is kept and fresh: there is nothing to wait for and nothing to ask, so the call needs no clock and no copy of itself.

import { cacheStatus } from "../../../core/cache/headers/cache-status.ts";
import { NO_DIRECTIVES } from "../../../core/cache/headers/directives.ts";
import type { RouteCache } from "../cache/caches.ts";
import type { LookupBuilder } from "../cache/lookup/lookup.ts";
import { serveStored } from "../cache/responses/hit-response.ts";
import type { Handler, Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";

const FAR = 10; // times as long as the last fetch took: nearer to its end an answer may be refreshed early
const REFUSED = cacheStatus({ detail: "refused" });

/**
 * Whatever is not so plain goes on, to the cache; what never gets there says so.
 *
 * @param subject undefined where each call has to be looked at first: it is counted, or reported
 */
export function fastHit({ store: shelf, purgeView: view, l2 }: RouteCache, subject: LookupBuilder | undefined): Layer {
  const recalled = (call: Call): Response | Promise<Response> | undefined => {
    const asked = call.outgoing.method === "GET" ? subject?.remembered(call) : undefined;
    if (asked === undefined || asked.directives !== NO_DIRECTIVES) return undefined;
    if (view !== undefined && (view.prepare() !== undefined || !view.mayServe())) return undefined;
    if (call.request.headers.has("connect-timeout-ms")) return undefined; // it may be 0, or no timeout at all
    const now = call.receivedAt;
    const found = shelf.find(asked, now);
    if (found.kind === "none" || found.judgement !== "valid") return undefined;
    if (l2 !== undefined && !found.kept.isOfferedToL2) return undefined; // its first hit
    const { freshUntil, fetchMs } = found.kept.stored;
    return now + FAR * fetchMs < freshUntil ? serveStored(shelf, asked, found, { isHit: true }, now) : undefined;
  };
  return (next) => (call) => {
    const response = recalled(call);
    return response === undefined ? marked(next, call) : Promise.resolve(response);
  };
}

async function marked(next: Handler, call: Call): Promise<Response> {
  const response = await next(call);
  if (!response.headers.has("cache-status")) response.headers.set("cache-status", REFUSED);
  return response;
}
