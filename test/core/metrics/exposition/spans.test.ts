// Spans and differences of the buckets of a histogram.
import fc from "fast-check";
import { expect, it } from "vitest";
import { spansOf } from "../../../../core/metrics/exposition/spans.ts";

/** Reads them as Prometheus does. */
function countsOf({ spans, deltas }: ReturnType<typeof spansOf>): Map<number, number> {
  const counts = new Map<number, number>();
  let index = 0;
  let count = 0;
  let position = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let left = length; left > 0; left--) {
      count += deltas[position++]!;
      if (count > 0) counts.set(index, count);
      index += 1;
    }
  }
  expect(position).toBe(deltas.length);
  return counts;
}

it("are read back as the same counts, one index higher", () => {
  const counts = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: -1_000, max: 3_000 }), counts, (offset, all) => {
      const want = new Map(all.map((count, position) => [offset + position + 1, count] as const).filter(([, count]) => count > 0));
      expect(countsOf(spansOf({ offset, counts: all }))).toEqual(want);
    }),
  );
});

it("join over gaps of at most two buckets", () => {
  expect(spansOf({ offset: 9, counts: [5, 0, 0, 7] })).toEqual({ spans: [{ offset: 10, length: 4 }], deltas: [5, -5, 0, 7] });
  expect(spansOf({ offset: 9, counts: [5, 0, 0, 0, 7] })).toEqual({
    spans: [
      { offset: 10, length: 1 },
      { offset: 3, length: 1 },
    ],
    deltas: [5, 2],
  });
  expect(spansOf({ offset: 0, counts: [] })).toEqual({ spans: [], deltas: [] });
});
