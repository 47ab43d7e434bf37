// Answers at once what is kept and fresh: there is nothing to wait for and nothing to ask, so the call needs no clock and no copy of itself.
import { NONE } from "../../../core/cache/directives.ts";
import type { Subject } from "../cache/asked.ts";
import type { RouteCache } from "../cache/caches.ts";
import { serve } from "../cache/hit.ts";
import type { Layer } from "../call.ts";

const FAR = 10; // times as long as the last fetch took: nearer to its end an answer may be refreshed early

/** Whatever is not so plain goes on, to the cache. */
export function recall({ shelf, view, l2 }: RouteCache, subject: Subject): Layer {
  return (next) => (call) => {
    const asked = call.request.method === "GET" ? subject.known(call) : undefined;
    if (asked === undefined || asked.directives !== NONE) return next(call);
    if (view !== undefined && (view.prepare() !== undefined || !view.mayServe())) return next(call);
    const now = call.receivedAt;
    const found = shelf.find(asked, now);
    if (found.kind === "none" || found.judgement !== "valid") return next(call);
    if (l2 !== undefined && !found.kept.isOffered) return next(call); // its first hit
    const { freshUntil, fetchMs } = found.kept.entry;
    if (now + FAR * fetchMs >= freshUntil) return next(call);
    return Promise.resolve(serve(shelf, asked, found, { isHit: true }, now));
  };
}
