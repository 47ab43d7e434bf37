// Sends the call to another upstream while its own one is down.
import { FALLBACK_HEADER } from "../../../core/headers.ts";
import { failureOf, failureOfError, isDown } from "../../call/failure.ts";
import { type Handler, type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";
import type { Call } from "../call.ts";

/** @param other sends the call to the other upstream; undefined where the route has none */
export function fallback(other: Handler | undefined, { isSafe }: MethodTraits): Layer | undefined {
  if (other === undefined) return undefined;
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
    response.headers.set("cache-control", "no-store"); // a response of another upstream is not to be stored for this one
    return response;
  };
  return isSafe ? needsWholeBody(layer) : layer;
}

/** A body that is a stream cannot be sent twice. */
function isUsed({ outgoing: { body } }: Call): boolean {
  return body instanceof ReadableStream;
}
