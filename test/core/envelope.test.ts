// Lengths of messages that pass by in a stream, whichever way it is cut.
import fc from "fast-check";
import { expect, it } from "vitest";
import { envelopeMeter } from "../../core/envelope.ts";

function envelope(length: number, claimed = length): Uint8Array {
  const bytes = new Uint8Array(5 + length);
  new DataView(bytes.buffer).setUint32(1, claimed);
  return bytes;
}

it("sees the one message that is too large, at the byte that tells its length, however the stream is cut", () => {
  const sizes = fc.array(fc.nat(300), { maxLength: 12 });
  fc.assert(
    fc.property(sizes, fc.nat(200), fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (lengths, maxBytes, cuts) => {
      const stream = Uint8Array.from(lengths.flatMap((length) => [...envelope(length)]));
      const meter = envelopeMeter(maxBytes);
      let seen: number | undefined;
      for (let at = 0; at < stream.length && seen === undefined; ) {
        const step = cuts.next().value ?? 1;
        seen = meter.see(stream.subarray(at, at + step));
        at += step;
      }
      expect(seen).toBe(lengths.find((length) => length > maxBytes));
    }),
  );
});

it("reads a length of four full bytes", () => {
  expect(envelopeMeter(1).see(envelope(0, 0xffffffff))).toBe(0xffffffff);
});
