// Counts the elements of a binary message before it is decoded. A megabyte can hold half a million empty messages, which cost a second
// of CPU time and 100 MB of heap when they are decoded.
import { LIGHT_BYTES, MAX_DEPTH } from "./excess.ts";
import { DENSE_FIELDS, type FieldShape, type MessageShape } from "./message-shape.ts";
import { END_GROUP, FIXED32, FIXED64, LENGTH_DELIMITED, START_GROUP, VARINT } from "./wire-types.ts";

const LIGHT_CONTENT = LIGHT_BYTES - 2; // a record without its tag, and a message without its length

/**
 * Whether a message has more than `maxElements` elements: fields on the wire, including those of nested messages and of unknown groups;
 * each value of a packed field; and map entries, of which key and value do not count. Nested messages and unknown fields of a few bytes count more
 * than once (`LIGHT_BYTES`). Strings and bytes are skipped by their length.
 *
 * It reads records as protobuf-es does: a known field by its type, whatever its wire type is, and without an end at the end of its
 * message. Bytes that are no message never throw: the count ends there, as the decoder does.
 *
 * @param maxElements at least 0
 */
export function hasMoreProtoElements(bytes: Uint8Array, shape: MessageShape, maxElements: number): boolean {
  // Each element takes at least a byte, except in light messages: these take two, and count ten times.
  return bytes.byteLength > maxElements / 5 && new Scan(bytes, maxElements).isAbove(shape);
}

/** Methods take the index where they start, and return the one where they end; `#length` ends the scan. */
class Scan {
  readonly #bytes: Uint8Array;
  readonly #length: number;
  #left: number; // elements
  #depth = 0; // messages around the current one
  #end = 0; // index after the varint that was read last

  constructor(bytes: Uint8Array, maxElements: number) {
    this.#bytes = bytes;
    this.#length = bytes.byteLength;
    this.#left = maxElements;
  }

  isAbove(shape: MessageShape): boolean {
    this.#message(0, this.#length, shape, false);
    return this.#left < 0;
  }

  /** Positions are local, and short varints are read in place: that takes a third of the time. @param end unused for a group: it has an end tag */
  #message(start: number, end: number, { fields, others }: MessageShape, isGroup: boolean): number {
    const bytes = this.#bytes;
    const last = Math.min(isGroup ? this.#length : end, this.#length);
    let at = start;
    while (at < last) {
      let tag = bytes[at++]!;
      if (tag >= 0x80) {
        tag = this.#varint(at - 1);
        at = this.#end;
      }
      if ((tag & 7) === END_GROUP && isGroup) return at;
      if (--this.#left < 0 || tag < 8) return this.#length;
      const number = tag >>> 3;
      const field = number < DENSE_FIELDS ? fields[number] : others.get(number);
      if (field === undefined) {
        const content = at;
        at = this.#unknown(at, tag & 7);
        this.#weigh(at - content);
      } else if (field.isPackable && (tag & 7) === LENGTH_DELIMITED) at = this.#packed(at, field);
      else if (field.encoding === "varint") at = this.#skipVarint(at);
      else if (field.encoding === "bytes") at = this.#skipBytes(at);
      else if (field.encoding === "message" && bytes[at] === 0) {
        this.#left -= LIGHT_CONTENT;
        at += 1;
      } else at = this.#other(at, field);
    }
    return at;
  }

  #other(at: number, { encoding, message }: FieldShape): number {
    switch (encoding) {
      case "fixed32":
        return at + 4;
      case "fixed64":
        return at + 8;
      case "map_entry":
        return this.#mapEntry(at, message!);
      default:
        return this.#nested(at, message!, encoding === "group");
    }
  }

  #nested(start: number, message: MessageShape, isGroup: boolean): number {
    if (this.#depth === MAX_DEPTH) return this.#length;
    this.#depth += 1;
    const length = isGroup ? 0 : this.#varint(start);
    const at = isGroup ? start : this.#end;
    const after = this.#message(at, at + length, message, isGroup);
    this.#weigh(after - at);
    this.#depth -= 1;
    return after;
  }

  /** Counts what is lighter than it is once decoded more than once. */
  #weigh(contentBytes: number): void {
    if (contentBytes < LIGHT_CONTENT) this.#left -= LIGHT_CONTENT - contentBytes;
  }

  /** The key and the value of an entry are part of it. */
  #mapEntry(start: number, message: MessageShape): number {
    const length = this.#varint(start);
    const left = this.#left;
    this.#left += 2;
    const after = this.#message(this.#end, this.#end + length, message, false);
    if (this.#left > left) this.#left = left; // an entry without a key or value
    return after;
  }

  /** The record has been counted as one. The last value may end after the record, as in the decoder. */
  #packed(start: number, { encoding }: FieldShape): number {
    const bytes = this.#bytes;
    const length = this.#varint(start);
    const end = Math.min(this.#end + length, this.#length);
    let values = 0;
    let after = end;
    if (encoding === "varint") {
      for (let at = this.#end; at < end; at++) if (bytes[at]! < 0x80) values += 1;
      if (length > 0 && bytes[end - 1]! >= 0x80) {
        values += 1;
        after = this.#skipVarint(end);
      }
    } else {
      const width = encoding === "fixed32" ? 4 : 8;
      values = Math.ceil((end - this.#end) / width);
      after = this.#end + values * width;
    }
    if (values > 1) this.#left -= values - 1;
    return after;
  }

  #unknown(at: number, wireType: number): number {
    switch (wireType) {
      case VARINT:
        return this.#skipVarint(at);
      case FIXED64:
        return at + 8;
      case LENGTH_DELIMITED:
        return this.#skipBytes(at);
      case START_GROUP:
        return this.#unknownGroup(at);
      case FIXED32:
        return at + 4;
      default:
        return this.#length;
    }
  }

  #unknownGroup(start: number): number {
    let at = start;
    for (let open = 1; open > 0 && at < this.#length; ) {
      const tag = this.#varint(at);
      const wireType = tag & 7;
      at = this.#end;
      if (wireType === END_GROUP) open -= 1;
      else if (--this.#left < 0 || tag < 8 || open >= MAX_DEPTH) return this.#length;
      else if (wireType === START_GROUP) open += 1;
      else at = this.#unknown(at, wireType);
    }
    return at;
  }

  #skipBytes(at: number): number {
    const length = this.#bytes[at]!;
    if (length < 0x80) return at + 1 + length;
    const long = this.#varint(at);
    return this.#end + long;
  }

  #skipVarint(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (bytes[at++]! >= 0x80);
    return at;
  }

  /** Reads 32 bits; a longer varint loses the others, as in the decoder. `#end` is the index after it. */
  #varint(start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let byte = bytes[at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 70; shift += 7) {
      byte = bytes[at++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    this.#end = byte < 0x80 ? at : this.#length;
    return value >>> 0;
  }
}
