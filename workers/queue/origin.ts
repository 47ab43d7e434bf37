// The call that an event comes from: its request id and its trace go with the event, and connect the logs of producer and consumer.
import type { HandlerContext } from "@connectrpc/connect";
import { isRequestId, parseTraceparent } from "../../core/trace.ts";

/** Plain data: it may be passed to a Durable Object. */
export interface EventOrigin {
  readonly requestId: string; // empty for none
  readonly traceparent: string; // W3C Trace Context; empty for none
}

/** An event that no call has caused. */
export const NO_ORIGIN: EventOrigin = { requestId: "", traceparent: "" };

/** @returns the call that is being served; headers that are malformed are left out */
export function originOf({ requestHeader }: HandlerContext): EventOrigin {
  const requestId = requestHeader.get("x-request-id");
  const traceparent = requestHeader.get("traceparent");
  return {
    requestId: isRequestId(requestId) ? requestId : "",
    traceparent: traceparent !== null && parseTraceparent(traceparent) !== undefined ? traceparent.slice(0, 55) : "",
  };
}
