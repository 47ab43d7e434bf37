// Histograms of isolates merged: exact, in any order and grouping.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../../core/metrics/histogram.ts";
import { seeded } from "../../support/cache-traces.ts";

const values = fc.array(fc.oneof(fc.nat(5_000), fc.integer({ min: 0, max: 2 ** 45 })), { maxLength: 60 });

function histogramOf(recorded: readonly number[]): Histogram {
  const histogram = new Histogram(1_000);
  for (const value of recorded) histogram.record(value);
  return histogram;
}

describe("Histogram", () => {
  it("merges 64 shards to what one histogram of all values has, in any grouping (seed 64)", () => {
    const random = seeded(64);
    const all: number[] = [];
    let shards = Array.from({ length: 64 }, () => {
      const own = Array.from({ length: 500 }, () => Math.floor(10 ** (6 * random())));
      all.push(...own);
      return histogramOf(own);
    });
    const oneByOne = new Histogram(1_000);
    for (const shard of shards) oneByOne.add(shard.read());
    while (shards.length > 1) {
      const position = Math.floor(random() * (shards.length - 1));
      const merged = new Histogram(1_000);
      merged.add(shards[position + 1]!.read());
      merged.add(shards[position]!.read());
      shards = [...shards.slice(0, position), merged, ...shards.slice(position + 2)];
    }
    const whole = histogramOf(all).read();
    expect(oneByOne.read()).toEqual(whole);
    expect(shards[0]!.read()).toEqual(whole);
  });

  it("adds in any order: (a + b) + c = a + (b + c) = all at once", () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const left = histogramOf(a);
        left.add(histogramOf(b).read());
        left.add(histogramOf(c).read());
        const right = histogramOf(b);
        right.add(histogramOf(c).read());
        const other = histogramOf(a);
        other.add(right.read());
        expect(left.read()).toEqual(other.read());
        expect(left.read()).toEqual(histogramOf([...c, ...b, ...a]).read());
      }),
    );
  });

  it("takes everything, and begins again with nothing", () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const histogram = histogramOf(first);
        expect(histogram.take()).toEqual(histogramOf(first).read());
        for (const value of second) histogram.record(value);
        expect(histogram.take()).toEqual(histogramOf(second).read());
        expect(histogram.read()).toEqual({ zeros: 0, sum: 0, offset: 0, counts: [] });
      }),
    );
  });

  it("counts a value below 0, of a clock that was set back, as 0", () => {
    expect(histogramOf([-5, 0]).read()).toEqual({ zeros: 2, sum: 0, offset: 0, counts: [] });
  });

  it("records nothing without memory for a page, and gives pages back that had no values since", () => {
    const budget = { left: 1 };
    const histogram = new Histogram(1, budget);
    expect(histogram.record(3)).toBe(true);
    expect(histogram.record(1_000)).toBe(false);
    expect(histogram.record(4)).toBe(true);
    expect(histogram.take().sum).toBe(7);
    expect(budget.left).toBe(0);
    histogram.take();
    expect(budget.left).toBe(1);
    expect(histogram.record(1_000)).toBe(true);
  });

  it("has its lookup table in common with the other histograms of its unit", () => {
    const held = [new Histogram(1_000)];
    const before = process.memoryUsage().arrayBuffers;
    for (let more = 0; more < 500; more++) held.push(new Histogram(1_000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000); // tables of their own would take 4 MB
    expect(held).toHaveLength(501);
  });
});
