// Where the upstream is down, sends the call to another one.
import { FALLBACK_HEADER } from "../../../core/headers.ts";
import { type Handler, type Layer, needsWholeBody } from "../call/layer.ts";
import type { Call } from "../call.ts";
import { failureOf, failureOfError, isDown } from "../upstream/failure.ts";

/**
 * @param other  the way to the other upstream
 * @param isSafe whether its calls may be sent again where the upstream may have worked on them, as the proto says
 */
export function fallback(other: Handler, isSafe: boolean): Layer {
  const layer: Layer = (next) => async (call) => {
    const mayRepeat = isSafe || call.outgoing.headers.has("idempotency-key");
    try {
      const response = await next(call);
      const failure = failureOf(response);
      if (failure === undefined || !isDown(failure) || !mayRepeat || isUsed(call)) return response;
      await response.body?.cancel();
    } catch (error) {
      const failure = failureOfError(error);
      if (failure === undefined || !isDown(failure) || call.signal?.aborted === true) throw error;
      if (failure.wasSent && (!mayRepeat || isUsed(call))) throw error;
    }
    const response = await other(call);
    response.headers.set(FALLBACK_HEADER, "upstream");
    response.headers.set("cache-control", "no-store"); // nobody keeps what is not the upstream's own
    return response;
  };
  return isSafe ? needsWholeBody(layer) : layer;
}

/** A body that streams can't be sent twice. */
function isUsed({ outgoing: { body } }: Call): boolean {
  return body instanceof ReadableStream;
}
