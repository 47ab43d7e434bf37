// Names the call: the caller's request id, or a new one, goes to the upstream and back to the caller.
import { isRequestId } from "../../../core/trace.ts";
import type { Layer } from "../call/layer.ts";

export function trace(): Layer {
  return (next) => async (call) => {
    const given = call.request.headers.get("x-request-id");
    call.id = isRequestId(given) ? given : crypto.randomUUID();
    const response = await next(call);
    response.headers.set("x-request-id", call.id);
    return response;
  };
}
