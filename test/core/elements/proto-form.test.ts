// The form of binary messages: what all decoders read alike, and what they do not.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWellFormedProto } from "../../../core/elements/proto-form.ts";
import { messageShapeOf } from "../../../workers/service/limits/message-shape.ts";
import { EVERY, every } from "./every-message.ts";

const shape = messageShapeOf(EVERY);
const isWellFormed = (...bytes: number[]): boolean => isWellFormedProto(Uint8Array.from(bytes), shape);
const tag = (number: number, wireType: number): number => number * 8 + wireType;
/** A tag of two bytes. */
const farTag = (number: number, wireType: number): number[] => [(tag(number, wireType) & 127) | 128, tag(number, wireType) >> 7];
const repeat = (depth: number, open: number[], close: number[]): number[] => [
  ...Array.from({ length: depth }, () => open).flat(),
  ...Array.from({ length: depth }, () => close).flat(),
];
/** A message within `depth` others, by `child`. */
function nested(depth: number): number[] {
  let bytes: number[] = [];
  for (let level = 0; level < depth; level++) {
    const length = bytes.length;
    bytes = [tag(2, 2), ...(length < 128 ? [length] : [(length & 127) | 128, length >> 7]), ...bytes];
  }
  return bytes;
}

describe("isWellFormedProto", () => {
  it("accepts whatever an encoder writes, and so also in the middle of a buffer", () => {
    fc.assert(
      fc.property(every(2), fc.nat(9), (init, before) => {
        const bytes = toBinary(EVERY, create(EVERY, init as Record<string, unknown>));
        const buffer = new Uint8Array(before + bytes.length + 3).fill(0x80);
        buffer.set(bytes, before);
        expect(isWellFormedProto(buffer.subarray(before, before + bytes.length), shape)).toBe(true);
      }),
    );
  });

  it("accepts nothing that the decoder refuses, however an encoded message is changed", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(every(1), fc.array(change, { minLength: 1, maxLength: 3 }), (init, changes) => {
        let bytes = toBinary(EVERY, create(EVERY, init as Record<string, unknown>));
        for (const { at, byte, cut } of changes) {
          if (bytes.length === 0) return;
          bytes[at % bytes.length] = byte;
          if (cut === 0) bytes = bytes.slice(0, at % bytes.length);
        }
        if (isWellFormedProto(bytes, shape)) expect(() => fromBinary(EVERY, bytes)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it("is as deep as the decoder", () => {
    for (const bytes of [nested(99), repeat(99, farTag(50, 3), farTag(50, 4))])
      expect(() => fromBinary(EVERY, Uint8Array.from(bytes))).not.toThrow();
    for (const bytes of [nested(100), repeat(100, farTag(50, 3), farTag(50, 4))])
      expect(() => fromBinary(EVERY, Uint8Array.from(bytes))).toThrow();
  });

  it.each([
    [
      "unknown fields of every wire type",
      [...farTag(50, 0), 1, ...farTag(99, 2), 1, 7, ...farTag(16, 5), 0, 0, 0, 0, ...farTag(17, 1), 0, 0, 0, 0, 0, 0, 0, 0],
    ],
    ["numbers one by one or packed, whatever the proto says", [tag(4, 0), 1, tag(5, 2), 2, 1, 2, tag(6, 1), 0, 0, 0, 0, 0, 0, 0, 0]],
    ["a varint in more bytes than it needs", [tag(13, 0), 0x81, 0x80, 0x00]],
    ["a varint of ten bytes", [tag(13, 0), 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ["an empty message", []],
    ["a map entry without a key", [tag(10, 2), 0]],
    ["100 messages within one another", nested(99)],
    [
      "100 groups side by side in a message",
      [tag(2, 2), 0xc8, 0x01, ...Array.from({ length: 100 }, () => [tag(12, 3), tag(12, 4)]).flat()],
    ],
    ["unknown groups, 99 deep in a message", repeat(99, farTag(50, 3), farTag(50, 4))],
  ])("accepts %s", (_, bytes) => expect(isWellFormed(...bytes)).toBe(true));

  it.each([
    ["a number as bytes", [tag(13, 2), 1, 1]],
    ["a fixed number as a varint", [tag(14, 0), 1]],
    ["a string as a varint", [tag(1, 0), 1]],
    ["a message as a varint", [tag(2, 0), 0]],
    ["a message as a group", [tag(2, 3), tag(2, 4)]],
    ["a group as a message", [tag(12, 2), 0]],
    ["a string of a repeated field as a number", [tag(9, 5), 0, 0, 0, 0]],
    ["the key of a map as another type", [tag(10, 2), 2, tag(1, 0), 1]],
    ["a string that ends after its message", [tag(2, 2), 2, tag(1, 2), 3, 97, 98, 99]],
    ["a packed number that ends after its field", [tag(4, 2), 1, 0x81, 1]],
    ["packed doubles of seven bytes", [tag(6, 2), 7, 0, 0, 0, 0, 0, 0, 0]],
    ["a length of 2^32 + 1", [tag(1, 2), 0x81, 0x80, 0x80, 0x80, 0x10, 97]],
    ["a varint above 64 bits", [tag(13, 0), 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]],
    ["a varint of eleven bytes", [tag(13, 0), 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0]],
    ["a varint without an end", [tag(13, 0), 0x80]],
    ["a fixed number that is cut", [tag(14, 1), 0, 0]],
    ["field 0", [tag(0, 0), 0]],
    ["wire type 6", [tag(13, 6)]],
    ["wire type 7", [tag(13, 7)]],
    ["a tag above 32 bits", [0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 0]],
    ["the end of no group", [tag(12, 4)]],
    ["the end of another group", [tag(12, 3), tag(13, 4)]],
    ["a group without an end", [tag(12, 3)]],
    ["a group that ends after its message", [tag(2, 2), 1, tag(12, 3), tag(12, 4)]],
    ["101 messages within one another", nested(100)],
    ["unknown groups, 100 deep in a message", repeat(100, farTag(50, 3), farTag(50, 4))],
  ])("refuses %s", (_, bytes) => expect(isWellFormed(...bytes)).toBe(false));
});
