// Envelopes of streaming RPC: one byte of flags, four bytes of length (big endian), then the message.
import { ByteCollector, joinBytes } from "../bytes.ts";
import { Rejected } from "../rejection.ts";

const COMPRESSED = 1; // the flag of a compressed message

const HEADER_BYTES = 5;

export type SingleEnvelope =
  | { readonly kind: "ok"; readonly flags: number; readonly data: Uint8Array }
  | { readonly kind: "invalid"; readonly problem: string };

/**
 * The one envelope of the whole request of a call with one message. Servers disagree on more than one, on bytes after it, and on flags
 * other than that of compression.
 */
export function singleEnvelope(body: Uint8Array): SingleEnvelope {
  if (body.byteLength === 0) return { kind: "invalid", problem: "request has no message" };
  if (body.byteLength < HEADER_BYTES) return { kind: "invalid", problem: "request ends within the header of its message" };
  const flags = body[0]!;
  const length = new DataView(body.buffer, body.byteOffset, HEADER_BYTES).getUint32(1);
  const found = body.byteLength - HEADER_BYTES;
  if ((flags & ~COMPRESSED) !== 0) return { kind: "invalid", problem: `message has unknown flags: ${flags}` };
  if (found < length) return { kind: "invalid", problem: `message of ${length} bytes ends after ${found}` };
  if (found > length) return { kind: "invalid", problem: `request has ${found - length} bytes after its one message` };
  return { kind: "ok", flags, data: body.subarray(HEADER_BYTES) };
}

/** Measures the messages of a stream. */
export interface EnvelopeMeter {
  /** @returns the length of a message that is over the limit; undefined if there is none */
  read(chunk: Uint8Array): number | undefined;
  /** Whether the stream may end here: the next byte begins an envelope. */
  isBetweenMessages(): boolean;
  /** Flags of the envelope that was begun last; 0 before the first. */
  flags(): number;
}

/**
 * Reads the lengths in a stream of envelopes; chunks may cut it anywhere.
 *
 * @param maxBytes largest message, bytes, as sent (compressed or not)
 * @see connectrpc.com/docs/protocol, Streaming
 */
export function envelopeMeter(maxBytes: number): EnvelopeMeter {
  let header = 0; // bytes of the header that were read
  let length = 0; // length of the message, from the header bytes read so far
  let skip = 0; // bytes of the message still to come
  let flags = 0;
  return {
    flags: () => flags,
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
        else flags = chunk[at]!;
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
 * Passes a stream of envelopes on, and holds compressed messages back until they were checked. Chunks may cut the stream anywhere.
 *
 * @see connectrpc.com/docs/protocol, Streaming
 */
export class EnvelopeFilter {
  /** Messages that have begun. */
  messages = 0;
  readonly #maxBytes: number;
  readonly #check: ((message: Uint8Array) => void) | undefined;
  #header = 0; // bytes of the header that were read
  #flags = 0;
  #length = 0; // length of the message, from the header bytes read so far
  #left = 0; // bytes of the message still to come
  #isBegun = true; // a byte of the message has passed
  #withheld: Uint8Array | undefined; // the last byte of its header, before
  #held: ByteCollector | undefined; // a compressed message that is held back

  /**
   * @param maxBytes largest message, bytes, as sent (compressed or not)
   * @param check    throws if a compressed message is not acceptable; undefined passes all messages at once
   */
  constructor(maxBytes: number, check: ((message: Uint8Array) => void) | undefined) {
    this.#maxBytes = maxBytes;
    this.#check = check;
  }

  /** Whether the stream may end here: the next byte begins an envelope. */
  isBetweenMessages(): boolean {
    return this.#header === 0 && this.#left === 0;
  }

  /** Memory of a message that is held back, with one more chunk of it. */
  heldBytesWith(chunkBytes: number): number {
    return this.#held?.bytesWith(chunkBytes) ?? chunkBytes;
  }

  /** Ends the stream. @throws Rejected if it ends within a message */
  end(): void {
    if (!this.isBetweenMessages()) throw new Rejected({ kind: "invalid_request", message: "the request ends within a message" });
  }

  /**
   * The last byte of a header passes with the first byte of its message: connect-es 2.2.0 takes a stream that breaks off between them for
   * a whole one.
   *
   * @returns the bytes that pass now; none while a message is held back
   * @throws Rejected if a message is too large, and whatever `check` throws
   */
  pass(chunk: Uint8Array): Uint8Array {
    const some = this.#pass(chunk);
    const passed = this.#withheld === undefined ? some : joinBytes([this.#withheld, some]);
    this.#withheld = undefined;
    if (this.#left === 0 || this.#isBegun) return passed;
    this.#withheld = passed.slice(-1);
    return passed.subarray(0, -1);
  }

  #pass(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0; // start of the bytes that are not in `parts` yet
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#left === 0) {
        at += 1;
        this.#readHeader(chunk[at - 1]!);
        if (this.#held === undefined) continue;
        parts.push(chunk.subarray(from, at));
        from = at;
        continue;
      }
      const end = Math.min(at + this.#left, chunk.byteLength);
      this.#left -= end - at;
      this.#isBegun = this.#held === undefined;
      if (this.#held !== undefined) {
        this.#held.add(chunk.subarray(at, end));
        from = end;
        if (this.#left === 0) parts.push(this.#release(this.#held));
      }
      at = end;
    }
    if (from === 0) return chunk;
    if (from < chunk.byteLength) parts.push(chunk.subarray(from));
    return parts.length === 1 ? parts[0]! : joinBytes(parts);
  }

  #readHeader(byte: number): void {
    if (this.#header === 0) this.#flags = byte;
    else this.#length = this.#length * 256 + byte;
    this.#header += 1;
    if (this.#header < 5) return;
    this.messages += 1;
    if (this.#length > this.#maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes: this.#maxBytes });
    this.#left = this.#length;
    this.#isBegun = false;
    this.#header = 0;
    this.#length = 0;
    if (this.#check !== undefined && (this.#flags & COMPRESSED) !== 0 && this.#left > 0) this.#held = new ByteCollector();
  }

  #release(held: ByteCollector): Uint8Array {
    const message = held.take();
    this.#held = undefined;
    this.#check!(message); // without a check, nothing is held back
    return message;
  }
}
