// Envelopes of Connect streams and of gRPC-Web: one byte of flags, four bytes of length, then the message.

const HEAD_BYTES = 5;
const MAX_MESSAGE_BYTES = 4_194_304; // 4 MiB; a page shows less of it anyway

/** Flags of an envelope. @see https://connectrpc.com/docs/protocol, https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md */
export const FLAGS = { compressed: 0x01, connectEnd: 0x02, grpcWebTrailers: 0x80 } as const;

export interface TextEnvelope {
  readonly flags: number;
  readonly text: string;
}

/** @returns the messages, each in an envelope without flags */
export function enveloped(messages: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoded = messages.map((message) => new TextEncoder().encode(message));
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + HEAD_BYTES + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const message of encoded) {
    view.setUint32(at + 1, message.length);
    bytes.set(message, at + HEAD_BYTES);
    at += HEAD_BYTES + message.length;
  }
  return bytes;
}

/**
 * Splits the chunks of a body into envelopes.
 *
 * @returns a function that takes a chunk, and returns the envelopes that it completes
 * @throws Error from that function, where a message is larger than 4 MiB
 */
export function envelopeReader(): (chunk: Uint8Array) => TextEnvelope[] {
  let rest = new Uint8Array(0);
  const decoder = new TextDecoder();
  return (chunk) => {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    const view = new DataView(bytes.buffer);
    const complete: TextEnvelope[] = [];
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const size = view.getUint32(at + 1);
      if (size > MAX_MESSAGE_BYTES) throw new Error(`a message has ${size} bytes; this page reads at most ${MAX_MESSAGE_BYTES}`);
      if (bytes.length - at - HEAD_BYTES < size) break;
      const flags = bytes[at] ?? 0;
      at += HEAD_BYTES + size;
      complete.push({ flags, text: decoder.decode(bytes.subarray(at - size, at)) });
    }
    rest = bytes.slice(at);
    return complete;
  };
}
