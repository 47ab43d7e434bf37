// What is wrong with the reason of a response, by what is known of its call.
import type { Call } from "../../../workers/gateway/call.ts";

/** What is read of a call. */
export type SeenCall = Pick<Call, "attempts" | "cacheLevel" | "reason">;

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
  if (call === undefined) return headers.has("x-request-id") ? undefined : "has no reason, and no call";
  const isStored = ["l1", "l2", "stale"].includes(call.cacheLevel) || /hit|collapsed/.test(headers.get("cache-status") ?? "");
  return call.attempts === 0 && !isStored ? "has no reason, and was not made by an upstream" : undefined;
}
