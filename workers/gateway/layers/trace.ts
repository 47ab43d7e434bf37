// Names the call: one request id and one trace, told to the upstream and to the caller.
import { isRequestId, nextTraceparent, parseTraceparent } from "../../../core/trace.ts";
import { type Layer, withHeaders } from "../call.ts";

export function trace(): Layer {
  return (next) => async (call) => {
    const given = call.request.headers.get("x-request-id");
    const requestId = isRequestId(given) ? given : crypto.randomUUID();
    const { outgoing } = call;
    const named = withHeaders(outgoing, () => {
      const { headers } = outgoing;
      headers.set("x-request-id", requestId);
      const parent = parseTraceparent(headers.get("traceparent"));
      headers.set("traceparent", nextTraceparent(parent, crypto.getRandomValues(new Uint8Array(24))));
      // Vendor data of a trace that we do not continue would be laid to the wrong one.
      if (parent === undefined) headers.delete("tracestate");
      return headers;
    });

    const response = await next({ ...call, outgoing: named });
    response.headers.set("x-request-id", requestId);
    return response;
  };
}
