// Sums by series: exact in any order, and bounded in memory.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../../core/metrics/definitions.ts";
import type { SeriesDelta } from "../../../core/metrics/report.ts";
import { OTHER, OVERFLOW_METRIC, SeriesSums } from "../../../core/telemetry/series-sums.ts";

const BOUNDS = { maxSeries: 1_000, maxBytes: 1_000_000 };
const metric = fc.constantFrom("calls", "duration", "of another version");
const labels = fc.array(fc.constantFrom("a", "b"), { maxLength: 2 });
const counter = fc.record({ metric, labels, value: fc.nat(1_000) });
const histogram = fc.record({
  zeros: fc.nat(9),
  sum: fc.nat(1_000),
  offset: fc.integer({ min: -200, max: 200 }),
  counts: fc.array(fc.nat(9), { maxLength: 12 }),
});
const delta: fc.Arbitrary<SeriesDelta> = fc.oneof(
  counter,
  fc.record({ metric: metric.map((name) => `${name} of time`), labels, histogram }),
);

const histogramDelta = (offset: number, counts: readonly number[]): SeriesDelta => ({
  metric: "time",
  labels: [],
  histogram: { zeros: 0, sum: 5, offset, counts },
});

function sumsOf(deltas: Iterable<SeriesDelta>, bounds = BOUNDS): SeriesSums {
  const sums = new SeriesSums(bounds);
  for (const one of deltas) sums.add(one);
  return sums;
}

/** What was added, without regard to the order of series and the buckets that are empty. */
function content(sums: SeriesSums): object {
  const entries = [...sums.read()].map(({ metric: name, labels: values, value, histogram: buckets }) => {
    const counts = buckets?.counts.flatMap((count, index) => (count === 0 ? [] : [[buckets.offset + index, count]]));
    return [`${name} ${values.join()}`, [value, buckets?.zeros, buckets?.sum, counts]] as const;
  });
  return Object.fromEntries(entries);
}

describe("SeriesSums", () => {
  it("is the same in any order, and over any number of relays", () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 60 }), fc.nat(60), fc.boolean(), (deltas, cut, turns) => {
        const parts = [sumsOf(deltas.slice(0, cut)), sumsOf(deltas.slice(cut))];
        const merged = sumsOf((turns ? parts.toReversed() : parts).flatMap((part) => part.take()));
        expect(content(merged)).toEqual(content(sumsOf(deltas)));
        expect(parts.map(({ size, bytes }) => [size, bytes])).toEqual([
          [0, 0],
          [0, 0],
        ]);
      }),
    );
  });

  it("counts the memory of buckets, however they came together", () => {
    const bytesOf = (...parts: readonly (readonly [offset: number, length: number])[]) =>
      sumsOf(parts.map(([offset, length]) => histogramDelta(offset, Array<number>(length).fill(1)))).bytes;
    const whole = bytesOf([0, 30]);
    expect(whole - bytesOf([0, 10])).toBe(20 * 8);
    expect(bytesOf([0, 10], [20, 10])).toBe(whole);
    expect(bytesOf([20, 10], [0, 10])).toBe(whole);
    expect(bytesOf([0, 30], [5, 10])).toBe(whole);
  });

  it("counts what did not fit in a metric of the gateway", () => {
    expect(METRICS.map(({ name }) => name)).toContain(OVERFLOW_METRIC);
  });

  it("gives copies away: what is added later does not change them", () => {
    const sums = sumsOf([histogramDelta(3, [1])]);
    const [before] = [...sums.read()];
    sums.add(histogramDelta(3, [1]));
    expect(before?.histogram).toEqual({ zeros: 0, sum: 5, offset: 3, counts: [1] });
  });

  it("loses no count of a million distinct labels in the memory of a thousand: they share one series, and are counted", () => {
    const sums = new SeriesSums(BOUNDS);
    for (let n = 0; n < 1_000_000; n++) sums.add({ metric: "calls", labels: [`route-${n}`], value: 1 });
    const series = [...sums.read()];
    const addedTo = (name: string, label?: string) => series.find(({ metric: of, labels: [one] }) => of === name && one === label)?.value;
    expect(series.length).toBeLessThanOrEqual(BOUNDS.maxSeries + 2);
    expect(sums.bytes).toBeLessThan(BOUNDS.maxBytes);
    expect(addedTo("calls", OTHER)).toBe(1_000_000 - BOUNDS.maxSeries);
    expect(addedTo(OVERFLOW_METRIC)).toBe(1_000_000 - BOUNDS.maxSeries);
    expect(series.filter(({ metric: of }) => of === "calls").reduce((sum, { value = 0 }) => sum + value, 0)).toBe(1_000_000);
  });

  it("is bounded in bytes, too, and for any number of metrics", () => {
    const sums = new SeriesSums({ maxSeries: 1_000_000, maxBytes: 100_000 });
    for (let n = 0; n < 10_000; n++) sums.add({ metric: `metric-${n}`, labels: ["x".repeat(1_000)], value: 1 });
    expect(sums.bytes).toBeLessThan(400_000);
  });
});
