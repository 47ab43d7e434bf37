// The headers by which a call that a service makes belongs to the call that it serves: request id, trace, region, priority, attempt, hops.
import type { HandlerContext } from "@connectrpc/connect";
import { ATTEMPT_HEADER, CRITICALITY_HEADER, DEPTH_HEADER, HOPS_HEADER, MIRROR_HEADER, REGION_HEADER } from "../../../core/headers.ts";
import { depthOf } from "../../../core/mesh/depth.ts";

const PASSED_ON = [
  ...["x-request-id", "traceparent", "tracestate", REGION_HEADER],
  CRITICALITY_HEADER, // a less important call does not become an important one
  ATTEMPT_HEADER, // a further attempt is not repeated below the hop that makes it
  MIRROR_HEADER, // what a copy calls is called for a copy
  HOPS_HEADER, // a circle through a gateway ends there
];

/** @param header of the new call; what its author has set stays @param during the served call; undefined for a call of its own */
export function passOn(header: Headers, during: Pick<HandlerContext, "requestHeader"> | undefined): void {
  if (during === undefined) return;
  const { requestHeader } = during;
  for (const name of PASSED_ON) {
    const value = requestHeader.get(name);
    if (value !== null && !header.has(name)) header.set(name, value);
  }
  header.set(DEPTH_HEADER, String(depthOf(requestHeader.get(DEPTH_HEADER)) + 1));
}
