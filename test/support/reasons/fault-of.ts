// What is wrong with the reason of a response, by what is known of its call.
import type { Call } from "../../../workers/gateway/call.ts";

/** What is read of a call. */
export interface SeenCall extends Pick<Call, "reason" | "endsWithStream" | "attempts" | "cacheLevel"> {
  readonly isOwn: boolean; // a service of the gateway itself has handled it
}

/** @param call undefined for a response without a call: a document of the gateway, or a preflight */
export function faultOf(
  headers: Headers,
  call: SeenCall | undefined,
  isReason: (text: string) => boolean,
  header: string,
): string | undefined {
  const reason = headers.get(header);
  if (reason !== null) {
    if (!isReason(reason)) return `has the reason "${reason}", which is not documented`;
    return call !== undefined && call.reason === undefined ? `has the reason "${reason}", which its call lacks` : undefined;
  }
  if (call === undefined) return "has no reason, and no call";
  if (call.endsWithStream) return undefined; // the stream broke off after its head: its end names the reason
  if (call.reason !== undefined) return `has no reason, and its call has "${call.reason}"`;
  return isOfUpstream(headers, call) ? undefined : "has no reason, and no upstream was called for it";
}

/** Whether an upstream has made the response, now or before. The gateway's own services are upstreams in this respect. */
function isOfUpstream(headers: Headers, { attempts, cacheLevel, isOwn }: SeenCall): boolean {
  if (attempts > 0 || isOwn || (cacheLevel !== "" && cacheLevel !== "miss")) return true;
  return /; ?collapsed(?:;|$)/.test(headers.get("cache-status") ?? ""); // another call has fetched it
}
