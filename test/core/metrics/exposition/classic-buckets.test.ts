// Fixed buckets from exponential ones.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundsOf, cumulativeCounts } from "../../../../core/metrics/exposition/classic-buckets.ts";
import { histogramOf } from "./samples.ts";

const SECONDS = boundsOf("s");
const BUCKET = 2 ** (1 / 64);

describe("fixed buckets", () => {
  it("have each value up to their bound, and none that is more than a bucket above it", () => {
    const ms = fc.integer({ min: 0, max: 1_000_000 }).map((value) => value / 1_000);
    fc.assert(
      fc.property(fc.array(ms, { maxLength: 200 }), (values) => {
        const counts = cumulativeCounts(histogramOf(values), SECONDS);
        for (const [position, bound] of SECONDS.entries()) {
          expect(counts[position]).toBeGreaterThanOrEqual(values.filter((value) => value <= bound).length);
          expect(counts[position]).toBeLessThanOrEqual(values.filter((value) => value <= bound * BUCKET).length);
        }
      }),
    );
  });

  it("are exact below 0.1 s, where each millisecond has a bucket of its own", () => {
    const values = Array.from({ length: 101 }, (_, ms) => ms / 1_000);
    const below = SECONDS.filter((bound) => bound < 0.1);
    expect(cumulativeCounts(histogramOf(values), below)).toEqual(below.map((bound) => Math.round(bound * 1_000) + 1));
  });

  it("have the zeros where the bound is 0, and nothing where there are no values", () => {
    expect(cumulativeCounts(histogramOf([0, 0, 1_024]), boundsOf("By")).slice(0, 2)).toEqual([2, 3]);
    expect(new Set(cumulativeCounts(histogramOf([]), SECONDS))).toEqual(new Set([0]));
  });
});

it.each(["s", "By", "{call}"])("bounds of %s ascend", (unit) => {
  const bounds = boundsOf(unit);
  expect(bounds).toEqual([...new Set(bounds)].sort((one, other) => one - other));
});
