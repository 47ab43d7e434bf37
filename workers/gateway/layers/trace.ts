// Names the call: one request id and one trace, told to the upstream and to the caller.
import { isRequestId, nextTraceparent, parseTraceparent } from "../../../core/trace.ts";
import type { Layer } from "../call.ts";

export function trace(): Layer {
  return (next) => async (call) => {
    const { headers } = call.outgoing;
    const given = headers.get("x-request-id");
    const requestId = isRequestId(given) ? given : crypto.randomUUID();
    headers.set("x-request-id", requestId);

    const parent = parseTraceparent(headers.get("traceparent"));
    headers.set("traceparent", nextTraceparent(parent, crypto.getRandomValues(new Uint8Array(24))));
    // Vendor data of a trace that we do not continue would be laid to the wrong one.
    if (parent === undefined) headers.delete("tracestate");

    const response = await next(call);
    response.headers.set("x-request-id", requestId);
    return response;
  };
}
