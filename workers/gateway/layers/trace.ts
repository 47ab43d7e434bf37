// Names the call: the caller's request id, or a new one, goes to the upstream and back to the caller. Makes browsers take responses as declared.
import { isRequestId } from "../../../core/trace.ts";
import { type CallObserver, endCall } from "../call/end/call-end.ts";
import { serverTiming } from "../call/end/server-timing.ts";
import type { Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";

/**
 * @param challenge of clients of the gateway as a protected resource: each response with 401 has it, also one of an upstream
 * @param observer  of the ends of calls; undefined where none is on
 * @param isTimed   whether responses have `Server-Timing`
 */
export function trace(challenge?: string, observer?: CallObserver, isTimed = false): Layer {
  const named = (call: Call, response: Response): Response => {
    response.headers.set("x-request-id", call.id);
    if (response.status === 401 && challenge !== undefined) addChallenge(response.headers, challenge);
    // Upstreams share the origin of the gateway, which also serves pages: no browser may take a response for one that does not say so.
    response.headers.set("x-content-type-options", "nosniff");
    if (isTimed) response.headers.append("server-timing", serverTiming(call, Date.now()));
    if (observer !== undefined) endCall(observer, call, response);
    return response;
  };
  return (next) => (call) => {
    const given = call.request.headers.get("x-request-id");
    call.id = isRequestId(given) ? given : crypto.randomUUID();
    const response = next(call);
    return response instanceof Promise ? response.then((sent) => named(call, sent)) : named(call, response);
  };
}

function addChallenge(headers: Headers, challenge: string): void {
  const sent = headers.get("www-authenticate");
  if (sent === null || sent === "Bearer") headers.set("www-authenticate", challenge);
  else if (!sent.includes("resource_metadata=")) headers.append("www-authenticate", challenge);
}
