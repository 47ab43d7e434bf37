// The `Server-Timing` header of a response: where the time of its call went, in whole ms. A browser shows it beside the request.
import type { Call } from "../../call.ts";
import { upstreamMsAt } from "./call-progress.ts";

/**
 * `up`: at least one attempt was at an upstream. `q`: until the first attempt was sent. `gw`: all other time, the wait included. `cache`: what
 * responded in place of an upstream.
 *
 * @param now epoch ms
 * @see w3.org/TR/server-timing
 */
export function serverTiming(call: Call, now: number): string {
  const upstreamMs = upstreamMsAt(call, now);
  const own = `gw;dur=${now - call.receivedAt - upstreamMs}`;
  const hit =
    call.cacheLevel === "l1" || call.cacheLevel === "l2" ? ", cache;desc=hit" : call.cacheLevel === "stale" ? ", cache;desc=stale" : "";
  return call.attempts === 0 ? own + hit : `${own}, up;dur=${upstreamMs}, q;dur=${call.sentMs}${hit}`;
}
