// Turns every error that a layer below throws into a response in the protocol of the caller.

import { SMALL_BYTES } from "../../../core/overload/byte-budget.ts";
import { Rejected } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import { bodyTimer } from "../bodies/body-timer.ts";
import { chunkReader } from "../bodies/chunk-reader.ts";
import type { Layer } from "../call/layer.ts";
import { MEMORY } from "../call/memory.ts";
import { refused } from "../call/outcome.ts";
import { logFactsOf } from "../call.ts";

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
      if (!isOutOfMemory(error)) await drainFor(call.request, DRAIN_MS);
      return refused(call, error instanceof Rejected ? error.rejection : undefined);
    } finally {
      call.held?.release();
    }
  };
}

/** What is read and dropped is memory, too, until it is collected. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Rejected && error.rejection.kind === "overloaded" && error.rejection.point === MEMORY;
}

async function drainFor(request: Request, ms: number): Promise<void> {
  const { body } = request;
  if (body === null || body.locked) return;
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length <= SMALL_BYTES && !request.bodyUsed) return drainSmall(request, ms);
  const drained = new AbortController();
  const patience = scheduler.wait(ms, { signal: drained.signal }).catch(() => undefined);
  await Promise.race([drain(body), patience]);
  drained.abort();
}

/** A small body of a known length is there already, nearly always: the runtime reads it at once, and all such bodies share one timer. */
function drainSmall(request: Request, ms: number): Promise<void> {
  const now = Date.now();
  return new Promise((resolve) => {
    const wait = { expiresAt: now + ms, expire: resolve };
    const end = (): void => {
      bodyTimer.remove(wait);
      resolve();
    };
    bodyTimer.add(wait, now);
    request.arrayBuffer().then(end, end); // it fails where the caller has hung up, and cannot read the refusal
  });
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = chunkReader(body, true);
  try {
    for (let seen = 0; seen < DRAIN_BYTES; ) {
      const chunk = await reader.read();
      if (chunk === undefined) return;
      seen += chunk.byteLength;
    }
    await reader.cancel(undefined);
  } catch {
    // The caller has hung up, and cannot read the refusal.
  }
}
