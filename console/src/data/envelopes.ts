// Messages of a Connect stream: each has a prefix of 5 bytes, flags and length, and the last one is JSON with the end of the call.

const PREFIX_BYTES = 5;
const END = 2;
const COMPRESSED = 1;

/** Largest message that the console reads, in bytes. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface StreamEnvelope {
  readonly isEnd: boolean;
  readonly bytes: Uint8Array;
}

/** @returns one message with its prefix, as a request has it */
export function enveloped(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PREFIX_BYTES + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/**
 * Envelopes of a body as they arrive.
 *
 * @throws Error where the body ends inside an envelope, or has one that is compressed or above `MAX_MESSAGE_BYTES`
 */
export async function* envelopes(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEnvelope> {
  const reader = body.getReader();
  let rest: Uint8Array = new Uint8Array();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      rest = rest.length === 0 ? value : joined(rest, value);
      for (let next = envelopeAt(rest); next !== undefined; next = envelopeAt(rest)) {
        rest = rest.subarray(PREFIX_BYTES + next.bytes.length);
        yield next;
      }
    }
    if (rest.length > 0) throw new Error("the stream ended within a message");
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function envelopeAt(bytes: Uint8Array): StreamEnvelope | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (length > MAX_MESSAGE_BYTES)
    throw new Error(`a message of the stream has ${length} bytes; the console reads at most ${MAX_MESSAGE_BYTES}`);
  if ((bytes[0]! & COMPRESSED) !== 0) throw new Error("a message of the stream is compressed");
  if (bytes.length < PREFIX_BYTES + length) return undefined;
  return { isEnd: (bytes[0]! & END) !== 0, bytes: bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length) };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
