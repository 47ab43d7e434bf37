// Envelopes of streaming RPC: one byte of flags, four of length (big endian), then the message.

/** What a stream may carry; `undefined` while all is well. */
export interface EnvelopeMeter {
  /** @returns the length that is over the limit, or undefined */
  see(chunk: Uint8Array): number | undefined;
  /** Whether what has passed by is whole: the next byte begins an envelope. */
  isBetween(): boolean;
}

/**
 * Reads the lengths that pass by in a stream of envelopes, whichever way it is cut into chunks.
 *
 * @param maxBytes largest message, bytes, as it stands on the wire
 * @see connectrpc.com/docs/protocol, Streaming
 */
export function envelopeMeter(maxBytes: number): EnvelopeMeter {
  let header = 0; // bytes of the header seen
  let length = 0; // of the message, as far as the header has told
  let skip = 0; // bytes of the message still to come
  return {
    isBetween: () => header === 0 && skip === 0,
    see(chunk) {
      for (let at = 0; at < chunk.byteLength; ) {
        if (skip > 0) {
          const step = Math.min(skip, chunk.byteLength - at);
          skip -= step;
          at += step;
          continue;
        }
        if (header > 0) length = length * 256 + chunk[at]!;
        header += 1;
        at += 1;
        if (header < 5) continue;
        if (length > maxBytes) return length;
        skip = length;
        header = 0;
        length = 0;
      }
      return undefined;
    },
  };
}
