// Byte arrays: joined, and collected from chunks.
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { ByteCollector, joinBytes } from "../../core/bytes.ts";

it("copies all parts in their order, also empty ones", () => {
  const parts = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3), Uint8Array.of(9, 4, 5, 9).subarray(1, 3)];
  expect(joinBytes(parts)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  expect(joinBytes(parts, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  expect(joinBytes([])).toEqual(new Uint8Array());
});

it("shares no memory with its parts", () => {
  const part = Uint8Array.of(1);
  const whole = joinBytes([part]);
  part[0] = 2;
  expect(whole[0]).toBe(1);
});

it("collects chunks in their order, in at most twice their bytes, and is empty when they were taken", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 40 }), fc.nat({ max: 100 }), (chunks, expected) => {
      const collector = new ByteCollector(expected);
      for (let round = 0; round < 2; round++) {
        let size = 0;
        for (const chunk of chunks) {
          size += chunk.byteLength;
          expect(collector.bytesWith(chunk.byteLength)).toBeLessThanOrEqual(Math.max(2 * size, expected));
          collector.add(chunk);
          expect(collector.size).toBe(size);
        }
        expect(collector.take()).toEqual(joinBytes(chunks));
        expect(collector.size).toBe(0);
      }
    }),
  );
});

it("copies no byte twice where their number is known", () => {
  const copy = vi.spyOn(Uint8Array.prototype, "set");
  try {
    const collector = new ByteCollector(6);
    for (const chunk of [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)]) collector.add(chunk);
    expect(copy.mock.calls.map(([bytes]) => bytes.length)).toEqual([2, 1, 3]);
    expect(collector.take()).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  } finally {
    copy.mockRestore();
  }
});
