// Numbers, texts and messages, read back by another reader.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, it } from "vitest";
import { WireWriter } from "../../../../core/metrics/exposition/wire-writer.ts";

const MOST = 2 ** 52;

it("writes whole numbers of any size", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: -MOST, max: MOST }), fc.integer({ min: 1, max: 1_000 }), (uint, sint, field) => {
      const writer = new WireWriter();
      writer.uint(field, uint);
      writer.sint(field, sint);
      const reader = new BinaryReader(writer.read());
      expect(reader.tag()).toEqual([field, 0]);
      expect(Number(reader.uint64())).toBe(uint);
      reader.tag();
      expect(Number(reader.sint64())).toBe(sint);
      expect(reader.pos).toBe(reader.len);
    }),
  );
});

it("writes texts, doubles, and messages in messages, and grows", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 300 }), { maxLength: 20 }), fc.double(), (texts, double) => {
      const writer = new WireWriter();
      writer.message(1, (outer) => outer.message(2, (inner) => texts.map((text) => inner.string(3, text))));
      writer.double(4, double);
      const reader = new BinaryReader(writer.read());
      reader.tag();
      const outer = new BinaryReader(reader.bytes());
      outer.tag();
      const inner = new BinaryReader(outer.bytes());
      for (const text of texts) {
        inner.tag();
        expect(inner.string()).toBe(text.toWellFormed());
      }
      expect(inner.pos).toBe(inner.len);
      reader.tag();
      expect(reader.double()).toBe(double);
    }),
  );
});

it.each(["\u007f", "\u0080", "\u07ff", "\u0800", "\uffff", "\u{10000}", "\u{10ffff}"])("writes %j as UTF-8 of its length", (text) => {
  const writer = new WireWriter();
  writer.string(1, text);
  const reader = new BinaryReader(writer.read());
  reader.tag();
  expect([...reader.bytes()]).toEqual([...new TextEncoder().encode(text)]);
});
