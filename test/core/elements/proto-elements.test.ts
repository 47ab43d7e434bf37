// Elements of binary messages, compared with what the decoder makes of them.
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasMoreProtoElements } from "../../../core/elements/proto-elements.ts";
import { messageShapeOf } from "../../../workers/service/limits/message-shape.ts";
import { EVERY, elementsOf, every, weightedElementsOf } from "./every-message.ts";

const shape = messageShapeOf(EVERY);
const hasMore = (bytes: Uint8Array, count: number): boolean => hasMoreProtoElements(bytes, shape, count);

describe("hasMoreProtoElements", () => {
  it("counts fields, items and entries at any depth exactly as the decoded message has them, and light messages more", () => {
    fc.assert(
      fc.property(every(2), (init) => {
        const bytes = toBinary(EVERY, create(EVERY, init as Record<string, unknown>));
        const count = weightedElementsOf(EVERY, fromBinary(EVERY, bytes));
        expect(hasMore(bytes, count)).toBe(false);
        if (count > 0) expect(hasMore(bytes, count - 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("counts no less than the decoder makes of bytes that no encoder writes", () => {
    // Records with any number and any wire type, whose lengths often end elsewhere: known fields are read by their types.
    const record = fc.tuple(
      fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 100),
      fc.nat(5),
      fc.uint8Array({ maxLength: 12 }),
    );
    const part = fc.oneof(
      record.map(([number, wireType, rest]) => [...new BinaryWriter().tag(number, wireType).finish(), ...rest]),
      record.map(([number, , rest]) => [...new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(rest).finish()]),
      fc.constantFrom([0x80], [0x00], [0xff, 0x01], [0x12, 0x00], [0x63, 0x64], [0x62, 0x02, 0x0a, 0x00]),
    );
    let decoded = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const bytes = Uint8Array.from(parts.flat());
        let message: Message;
        try {
          message = fromBinary(EVERY, bytes);
        } catch {
          return void hasMore(bytes, 0); // it does not throw
        }
        decoded += 1;
        const count = elementsOf(EVERY, message);
        if (count > 0) expect(hasMore(bytes, count - 1)).toBe(true);
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: 600_000 }, // all of them: fewer would not decode enough
    );
    expect(decoded).toBeGreaterThan(1_000);
  });

  const items = (count: number, ...bytes: number[]): Uint8Array =>
    Uint8Array.from({ length: count * bytes.length }, (_, at) => bytes[at % bytes.length]!);
  const within = (head: number[], tail: Uint8Array): Uint8Array => Uint8Array.from([...head, ...tail]);

  it.each([
    ["empty messages, ten times each", items(1_000, 0x1a, 0), 10_000],
    ["messages of 5 bytes, six times each, and their field", items(1_000, 0x1a, 3, 0x0a, 1, 0x41), 1_000 * (1 + 6 + 1)],
    ["messages of 11 bytes, once each, and their field", items(1_000, 0x1a, 9, 0x0a, 7, ...Array(7).fill(0x41)), 2_000],
    ["empty map entries", items(1_000, 0x52, 0), 1_000],
    ["map entries whose keys and values are repeated", items(1_000, 0x5a, 4, 0x10, 1, 0x10, 2), 1_000],
    ["keys of one map entry", within([0x52, 0xd0, 0x0f], items(1_000, 0x0a, 0)), 999],
    ["a packed list", within([0x22, 0xe8, 0x07], items(1_000, 1)), 1_000],
    ["empty packed lists", items(1_000, 0x22, 0), 1_000],
    ["unknown fields of one byte, nine times each", items(1_000, 0x82, 0x01, 0), 9_000],
    ["unknown groups, eight times each where they are empty", items(1_000, 0x83, 0x01, 0x84, 0x01), 8_000],
    ["groups, nine times each where they are empty", items(1_000, 0x63, 0x64), 9_000],
    ["fields within an unknown group", within([0x83, 0x01], items(1_000, 0x08, 1)), 1_001],
    ["messages within one that is longer than the bytes", within([0x12, 0xff, 0xff, 0xff, 0xff, 0x07], items(1_000, 0x1a, 0)), 10_001],
    ["fields of a number above those in the index", items(1_000, 0xa2, 0x06, 0), 10_000],
    ["one long text", within([0x0a, 0xd0, 0x0f], items(2_000, 0x1a)), 1],
  ])("counts %s", (_name, bytes, count) => {
    expect([hasMore(bytes, count), hasMore(bytes, count - 1)]).toEqual([false, true]);
  });

  it("stops at the depth at which the decoder stops", () => {
    const deep = (levels: number): Uint8Array => items(levels, 0x63);
    expect(hasMore(deep(100), 99)).toBe(true);
    expect(hasMore(deep(1_000_000), 1_000)).toBe(false);
    const inUnknown = (levels: number): Uint8Array => within(Array(levels).fill([0x83, 0x01]).flat(), items(1_000, 0x08, 1));
    expect([hasMore(inUnknown(99), 1_098), hasMore(inUnknown(100), 101)]).toEqual([true, false]);
  });
});
