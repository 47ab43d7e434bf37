// Bounds what a caller can send: whole bodies where the message is one, each message where it is a stream of them.
import { envelopeMeter } from "../../../core/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Handler, Layer } from "../call.ts";

export interface BodySettings {
  readonly maxBytes: number; // of one message
  readonly isStream: boolean; // the request is a stream of messages
  readonly isWhole: boolean; // a layer below needs the bytes, not a stream of them
}

const ENVELOPE_BYTES = 5;
const DRAIN_BYTES = 1_048_576;

export function limitBody({ maxBytes, isStream, isWhole }: BodySettings): Layer {
  return (next) => async (call) => {
    const { request } = call;
    const { body } = request;
    if (body === null) return next(call);
    const limit = maxBytes + ENVELOPE_BYTES;
    const length = request.headers.get("content-length");
    if (length !== null && Number(length) <= limit && !(isStream && isWhole)) {
      return next(isWhole ? withBody(call, await readKnown(request, call.signal)) : call); // the runtime holds the body to its length
    }
    if (isStream) return metered(next, call, body, maxBytes);
    if (length !== null && !(Number(length) <= limit)) throw new Rejected({ kind: "body_too_large", maxBytes });
    return next(withBody(call, await readWhole(body, maxBytes, limit, call.signal)));
  };
}

function withBody(call: Call, body: Call["outgoing"]["body"]): Call {
  return { ...call, outgoing: { ...call.outgoing, body } };
}

/** An oversized message ends the whole call: broken off alone, its body could be taken for one that has come to its end. */
async function metered(next: Handler, call: Call, body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Response> {
  const meter = envelopeMeter(maxBytes);
  const stop = new AbortController();
  let tooLarge: Rejected | undefined;
  const reader = body.getReader();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { done, value } = await reader.read();
    if (done) return controller.close();
    if (meter.see(value) === undefined) return controller.enqueue(value);
    tooLarge = new Rejected({ kind: "body_too_large", maxBytes });
    stop.abort(tooLarge);
    controller.error(tooLarge);
    reader.releaseLock(); // what is left is read on for a while, so that the caller gets to read the refusal
  };
  const measured = new ReadableStream<Uint8Array>({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
  const signal = call.signal === null ? stop.signal : AbortSignal.any([call.signal, stop.signal]);
  try {
    return await next({ ...withBody(call, measured), signal });
  } catch (error) {
    throw tooLarge ?? error; // what is thrown at the end of a stream or a signal is a copy of it
  }
}

/** A body of a length that is known, and not too long: read by the runtime, which takes a third of the time. @throws the signal's reason when it comes too slowly */
async function readKnown(request: Request, signal: AbortSignal | null): Promise<Uint8Array<ArrayBuffer>> {
  const reading = request.arrayBuffer();
  if (signal === null) return new Uint8Array(await reading);
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return new Uint8Array(await Promise.race([reading, promise]));
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** @throws Rejected when the body is too large; the signal's reason when it comes too slowly */
async function readWhole(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  limit: number,
  signal: AbortSignal | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const giveUp = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener("abort", giveUp, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    signal?.throwIfAborted();
    if (done) break;
    size += value.byteLength;
    if (size <= limit) chunks.push(value);
    else if (size > limit + DRAIN_BYTES) break; // read on for a while, so that the caller gets to read the refusal
  }
  signal?.removeEventListener("abort", giveUp);
  if (size > limit) throw new Rejected({ kind: "body_too_large", maxBytes });
  return joined(chunks, size);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
