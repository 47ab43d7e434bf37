// Checks the form of a binary message: whether all decoders read it as the same message. protobuf-es reads a known field by its type,
// whatever its wire type is, and does not end a message at its end; other decoders skip such a field, or refuse the message.
import { MAX_DEPTH } from "./excess.ts";
import { DENSE_FIELDS, type FieldShape, type MessageShape } from "./message-shape.ts";
import { END_GROUP, FIXED32, FIXED64, LENGTH_DELIMITED, START_GROUP, VARINT } from "./wire-types.ts";

const MAX_VARINT_BYTES = 10;
const MAX_TAG = 0xffffffff;
const FAILED = -1;

const WIRE_TYPES = {
  varint: VARINT,
  fixed32: FIXED32,
  fixed64: FIXED64,
  bytes: LENGTH_DELIMITED,
  message: LENGTH_DELIMITED,
  map_entry: LENGTH_DELIMITED,
  group: START_GROUP,
} as const;

/**
 * Whether each record of a message, and of the messages in it, has the wire type of its field and ends where its message ends or before.
 * Strings are not checked for UTF-8.
 *
 * @see https://protobuf.dev/programming-guides/encoding
 */
export function isWellFormedProto(bytes: Uint8Array, shape: MessageShape): boolean {
  return new Form(bytes).message(0, bytes.byteLength, shape, 0) === bytes.byteLength;
}

/** Methods take the index where they start and the end of the message around it, and return the index where they end, or `FAILED`. */
class Form {
  readonly #bytes: Uint8Array;
  #depth = 0; // messages and groups that are open
  #value = 0; // value of the last varint; not exact above 2^53

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @param group number of the field that a group belongs to, which has an end tag; 0 for a message, which has an end */
  message(start: number, end: number, shape: MessageShape | undefined, group: number): number {
    if (this.#depth === MAX_DEPTH) return FAILED;
    this.#depth += 1;
    const bytes = this.#bytes;
    let at = start;
    while (at < end) {
      let tag = bytes[at]!;
      if (tag < 0x80) at += 1;
      else {
        at = this.#varint(at, end);
        if (at === FAILED || this.#value > MAX_TAG) return FAILED;
        tag = this.#value;
      }
      const number = tag >>> 3;
      const wireType = tag & 7;
      if (number === 0) return FAILED;
      if (wireType === END_GROUP) {
        this.#depth -= 1;
        return number === group ? at : FAILED;
      }
      const field = number < DENSE_FIELDS ? shape?.fields[number] : shape?.others.get(number);
      at = this.#record(at, end, number, wireType, field);
      if (at === FAILED) return FAILED;
    }
    this.#depth -= 1;
    return group === 0 ? at : FAILED;
  }

  #record(at: number, end: number, number: number, wireType: number, field: FieldShape | undefined): number {
    const isPacked = field?.isPackable === true && wireType === LENGTH_DELIMITED;
    if (field !== undefined && !isPacked && WIRE_TYPES[field.encoding] !== wireType) return FAILED;
    switch (wireType) {
      case VARINT:
        return at < end && this.#bytes[at]! < 0x80 ? at + 1 : this.#varint(at, end);
      case FIXED64:
        return at + 8 <= end ? at + 8 : FAILED;
      case FIXED32:
        return at + 4 <= end ? at + 4 : FAILED;
      case START_GROUP:
        return this.message(at, end, field?.message, number);
      case LENGTH_DELIMITED: {
        const byte = at < end ? this.#bytes[at]! : 0x80;
        const from = byte < 0x80 ? at + 1 : this.#varint(at, end);
        const to = from + (byte < 0x80 ? byte : this.#value);
        if (from === FAILED || to > end) return FAILED;
        if (isPacked) return this.#packed(from, to, field);
        return field?.message === undefined ? to : this.message(from, to, field.message, 0);
      }
      default:
        return FAILED;
    }
  }

  #packed(start: number, end: number, { encoding }: FieldShape): number {
    if (encoding !== "varint") return (end - start) % (encoding === "fixed32" ? 4 : 8) === 0 ? end : FAILED;
    let at = start;
    while (at < end && at !== FAILED) at = this.#varint(at, end);
    return at;
  }

  /** Reads at most 64 bits. */
  #varint(start: number, end: number): number {
    const bytes = this.#bytes;
    let byte = start < end ? bytes[start]! : 0x80;
    this.#value = byte & 0x7f;
    if (byte < 0x80) return start + 1;
    let scale = 128;
    for (let at = start + 1; at < end && at < start + MAX_VARINT_BYTES; at++) {
      byte = bytes[at]!;
      this.#value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return at - start === MAX_VARINT_BYTES - 1 && byte > 1 ? FAILED : at + 1;
    }
    return FAILED;
  }
}
