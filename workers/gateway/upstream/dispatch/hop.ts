// Writes on a request to an upstream that it has been through this gateway.
import { HOPS_HEADER } from "../../../../core/headers.ts";
import { CDN_LOOP_HEADER, nextHop, OWN_ENTRY } from "../../../../core/protocol/hops.ts";
import { Rejected } from "../../../../core/rejection.ts";

/**
 * Entries of other networks stay in `CDN-Loop`, except in requests that the cache makes for several callers: these carry nothing of a
 * single caller that is not in the key.
 *
 * @param received headers of the caller's request
 * @param headers  of the request to the upstream; those of a further attempt have been written already
 * @throws Rejected where the request runs in a circle
 */
export function writeHop(received: Headers, headers: Headers): void {
  if (headers.has(HOPS_HEADER)) return; // a caller's own one has been removed
  const next = nextHop(received.get(HOPS_HEADER), received.get(CDN_LOOP_HEADER));
  if (typeof next !== "number") throw new Rejected({ kind: "loop_detected", problem: next.problem });
  headers.set(HOPS_HEADER, String(next));
  headers.append(CDN_LOOP_HEADER, OWN_ENTRY);
}
