// Bounds what a caller can send: whole bodies where the message is one, each message where it is a stream of them.
import { envelopeMeter } from "../../../core/envelope.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Layer } from "../call.ts";

export interface BodySettings {
  readonly maxBytes: number; // of one message
  readonly isStream: boolean; // the request is a stream of messages
  readonly isWhole: boolean; // a layer below needs the bytes, not a stream of them
}

const ENVELOPE_BYTES = 5;

export function limitBody({ maxBytes, isStream, isWhole }: BodySettings): Layer {
  return (next) => async (call) => {
    const { request } = call;
    const { body } = request;
    if (body === null) return next(call);
    const limit = maxBytes + ENVELOPE_BYTES;
    const length = request.headers.get("content-length");
    if (length !== null && Number(length) <= limit && !isWhole) return next(call); // the runtime holds the body to its length
    if (isStream) return next(withBody(call, body.pipeThrough(metered(maxBytes))));
    if (length !== null && !(Number(length) <= limit)) throw new Rejected({ kind: "body_too_large", maxBytes });
    return next(withBody(call, await readWhole(body, maxBytes, limit)));
  };
}

function withBody(call: Call, body: Call["outgoing"]["body"]): Call {
  return { ...call, outgoing: { ...call.outgoing, body } };
}

/** An oversized message breaks the stream: the upstream must never take it for a clean end. */
function metered(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  const meter = envelopeMeter(maxBytes);
  return new TransformStream({
    transform(chunk, controller) {
      if (meter.see(chunk) === undefined) controller.enqueue(chunk);
      else controller.error(new Rejected({ kind: "body_too_large", maxBytes }));
    },
  });
}

async function readWhole(body: ReadableStream<Uint8Array>, maxBytes: number, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw new Rejected({ kind: "body_too_large", maxBytes });
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
