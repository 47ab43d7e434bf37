// Refuses calls that have been through too many services, so that services which call one another in a circle stop.
import { DEPTH_HEADER } from "../../../core/headers.ts";
import { depthOf } from "../../../core/mesh/depth.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { drain } from "../body.ts";
import { tooDeep } from "../refusal.ts";

/** @returns the response to a call that has come too far; undefined for others */
export type DepthLimit = (request: Pick<Request, "headers" | "body">, path: string, now: number) => Promise<Response> | undefined;

const MAX_ROUTE = 200; // characters; a caller writes the path

/** @param max services that a call may have been through before this one */
export function depthLimit(max: number): DepthLimit {
  const count = sampled();
  const refuse = async (request: Pick<Request, "headers" | "body">, path: string, depth: number, now: number): Promise<Response> => {
    const calls = count(now);
    const requestId = request.headers.get("x-request-id");
    if (calls > 0) logEvent("service_loop_refused", { requestId, route: path.slice(1, 1 + MAX_ROUTE), depth, calls });
    if (request.body !== null) await drain(request.body.getReader());
    return tooDeep(request, depth);
  };
  return (request, path, now) => {
    const received = request.headers.get(DEPTH_HEADER);
    if (received === null) return undefined;
    const depth = depthOf(received);
    return depth < max ? undefined : refuse(request, path, depth, now);
  };
}
