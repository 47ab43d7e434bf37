// Envelopes of streaming RPC: one byte of flags, four of length (big endian), then the message.
import { joinBytes } from "../bytes.ts";
import { Rejected } from "../rejection.ts";

const COMPRESSED = 1; // the flag of a compressed message

/** What a stream may carry; `undefined` while all is well. */
export interface EnvelopeMeter {
  /** @returns the length that is over the limit, or undefined */
  read(chunk: Uint8Array): number | undefined;
  /** Whether what has passed by is whole: the next byte begins an envelope. */
  isBetweenMessages(): boolean;
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
    isBetweenMessages: () => header === 0 && skip === 0,
    read(chunk) {
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

/**
 * Lets a stream of envelopes pass, whichever way it is cut into chunks, and holds compressed messages back until they have been checked.
 *
 * @see connectrpc.com/docs/protocol, Streaming
 */
export class EnvelopeFilter {
  readonly #maxBytes: number;
  readonly #check: ((message: Uint8Array) => void) | undefined;
  #header = 0; // bytes of the header seen
  #flags = 0;
  #length = 0; // of the message, as far as the header has been read
  #left = 0; // bytes of the message still to come
  #held: Uint8Array[] | undefined; // parts of a compressed message

  /**
   * @param maxBytes largest message, bytes, as it stands on the wire
   * @param check    throws what is wrong with a compressed message; undefined lets all of them pass
   */
  constructor(maxBytes: number, check: ((message: Uint8Array) => void) | undefined) {
    this.#maxBytes = maxBytes;
    this.#check = check;
  }

  /** Whether what has been seen ends with a whole message. */
  isBetweenMessages(): boolean {
    return this.#header === 0 && this.#left === 0;
  }

  /** @throws Rejected where the stream ends within a message */
  end(): void {
    if (!this.isBetweenMessages()) throw new Rejected({ kind: "invalid_request", message: "the request ends within a message" });
  }

  /**
   * @returns what passes now; empty while a message is held back
   * @throws Rejected for a message that is too large, and what `check` throws
   */
  pass(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0; // of the bytes that have not been put into `parts`
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#left === 0) {
        at += 1;
        if (!this.#readHeader(chunk[at - 1]!) || this.#held === undefined) continue;
        parts.push(chunk.subarray(from, at));
        from = at;
        continue;
      }
      const end = Math.min(at + this.#left, chunk.byteLength);
      this.#left -= end - at;
      if (this.#held !== undefined) {
        this.#held.push(chunk.subarray(at, end));
        from = end;
        if (this.#left === 0) parts.push(this.#release());
      }
      at = end;
    }
    if (parts.length === 0 && from === 0) return chunk;
    if (from < chunk.byteLength) parts.push(chunk.subarray(from));
    return parts.length === 1 ? parts[0]! : joinBytes(parts);
  }

  /** @returns whether the header is whole */
  #readHeader(byte: number): boolean {
    if (this.#header === 0) this.#flags = byte;
    else this.#length = this.#length * 256 + byte;
    this.#header += 1;
    if (this.#header < 5) return false;
    if (this.#length > this.#maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes: this.#maxBytes });
    this.#left = this.#length;
    this.#header = 0;
    this.#length = 0;
    if (this.#check !== undefined && (this.#flags & COMPRESSED) !== 0 && this.#left > 0) this.#held = [];
    return true;
  }

  #release(): Uint8Array {
    const held = this.#held ?? [];
    const message = held.length === 1 ? held[0]! : joinBytes(held);
    this.#held = undefined;
    this.#check?.(message);
    return message;
  }
}
