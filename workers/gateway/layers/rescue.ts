// Turns whatever was thrown below into an answer in the caller's own protocol. Nothing gets past it.
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Layer } from "../call.ts";
import { writeRefusal } from "../protocol/protocol.ts";
import { toInternal, toRefusal } from "../protocol/refusal.ts";

/** Read and thrown away at most, so that the caller gets to read the refusal: workerd resets a connection with an unread body. */
const DRAIN_BYTES = 1_048_576;
/** A caller of an open stream waits for the answer before it ends the stream: the refusal can't wait for that end. */
const DRAIN_MS = 1_000;

export function rescue(): Layer {
  return (next) => async (call) => {
    try {
      return await next(call);
    } catch (error) {
      if (!(error instanceof Rejected)) logFault(call, error);
      const refusal = error instanceof Rejected ? toRefusal(error.rejection) : toInternal();
      const drained = new AbortController();
      const patience = scheduler.wait(DRAIN_MS, { signal: drained.signal }).catch(() => undefined);
      await Promise.race([drain(call.request), patience]);
      drained.abort();
      return writeRefusal(call.protocol, refusal);
    }
  };
}

/** Our own mistakes only: what a caller got wrong is told to the caller, not to the log. */
function logFault(call: Call, error: unknown): void {
  const { method, path, headers } = call.outgoing;
  const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level: "error", requestId: headers.get("x-request-id"), method, path, fault }));
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
    // The caller has hung up: nobody is left to read the refusal.
  }
}
