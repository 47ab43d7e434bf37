// Turns every error that a layer below throws into a response in the protocol of the caller.

import { Rejected } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import type { Layer } from "../call/layer.ts";
import { logFactsOf } from "../call.ts";
import { writeRefusal } from "../protocol/protocol.ts";
import { internalRefusal, toRefusal } from "../protocol/refusal.ts";

/** At most this much of an unread body is read and dropped, so that the caller can read the refusal: else workerd resets the connection. */
const DRAIN_BYTES = 1_048_576;
/** The caller of an open stream waits for the response before it ends the stream, so the refusal does not wait for that end. */
const DRAIN_MS = 1_000;

export function rescue(): Layer {
  return (next) => async (call) => {
    try {
      return await next(call);
    } catch (error) {
      // Only faults of the gateway itself are logged: the caller reads what was wrong with its own call.
      if (!(error instanceof Rejected)) logEvent("gateway_failed", { ...logFactsOf(call), error });
      const refusal = error instanceof Rejected ? toRefusal(error.rejection) : internalRefusal();
      const drained = new AbortController();
      const patience = scheduler.wait(DRAIN_MS, { signal: drained.signal }).catch(() => undefined);
      await Promise.race([drain(call.request), patience]);
      drained.abort();
      return writeRefusal(call.protocol, refusal);
    }
  };
}

async function drain(request: Request): Promise<void> {
  if (request.body === null || request.body.locked) return;
  const reader = request.body.getReader();
  try {
    for (let seen = 0; seen < DRAIN_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      seen += value.byteLength;
    }
    await reader.cancel();
  } catch {
    // The caller has hung up, and cannot read the refusal.
  }
}
