// Buckets against their definition, and quantiles against an exact oracle.
import { describe, expect, it } from "vitest";
import {
  countOf,
  estimateOf,
  indexOf,
  MAX_INDEX,
  MAX_RELATIVE_ERROR,
  MIN_INDEX,
  quantileOf,
  upperBound,
} from "../../../core/metrics/buckets.ts";
import { Histogram } from "../../../core/metrics/histogram.ts";
import { seeded } from "../../support/cache-traces.ts";

const SEED = 21;

describe("indexOf", () => {
  it("finds the bucket whose bounds are around the value, at powers of two exactly", () => {
    const random = seeded(SEED);
    for (let round = 0; round < 20_000; round++) {
      const value = 2 ** (60 * random() - 15);
      const index = indexOf(value);
      expect(value).toBeLessThanOrEqual(upperBound(index) * (1 + 1e-12));
      expect(value).toBeGreaterThan(upperBound(index - 1) * (1 - 1e-12));
    }
    for (let power = -15; power < 46; power++) expect(indexOf(2 ** power)).toBe(power * 64 - 1);
  });

  it("counts what is beyond the first and the last bucket in these", () => {
    expect(indexOf(2 ** -20)).toBe(MIN_INDEX);
    expect(indexOf(2 ** 60)).toBe(MAX_INDEX);
  });

  it("states the error of an estimate: 0.54 %", () => {
    expect(MAX_RELATIVE_ERROR).toBeCloseTo(0.0054, 4);
    for (const index of [-640, 0, 1, 700]) {
      const [lower, upper] = [upperBound(index - 1), upperBound(index)];
      const estimate = estimateOf(index);
      expect((upper - estimate) / upper).toBeCloseTo(MAX_RELATIVE_ERROR, 10);
      expect((estimate - lower) / lower).toBeCloseTo(MAX_RELATIVE_ERROR, 10);
    }
  });
});

type Random = () => number;
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Whole milliseconds, as calls are measured. */
const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  constant: () => 42,
  uniform: (random) => 1 + 1_000 * random(),
  "uniform over a range of 1e6": (random) => 1 + 1_000_000 * random(),
  "log-uniform over a range of 1e6": (random) => 10 ** (6 * random()),
  exponential: (random) => -200 * Math.log(1 - random()),
  "log-normal": (random) => Math.exp(3 + normal(random)),
  Pareto: (random) => 5 / (1 - random()) ** (1 / 1.2),
  "bimodal: 2 ms and 5 s": (random) => (random() < 0.9 ? 2 + normal(random) / 4 : 5_000 + 300 * normal(random)),
  "mostly 0": (random) => (random() < 0.7 ? 0 : 30 * random()),
  "steps of powers of two": (random) => 2 ** Math.floor(16 * random()),
};

describe("quantileOf", () => {
  it.each(Object.entries(DISTRIBUTIONS))(`is within the stated error of the exact value: %s (seed ${SEED})`, (_name, draw) => {
    const random = seeded(SEED);
    const values = Array.from({ length: 50_000 }, () => Math.max(0, Math.round(draw(random))));
    const histogram = new Histogram(1_000);
    for (const value of values) histogram.record(value);
    const sorted = values.toSorted((one, other) => one - other);
    const read = histogram.read();
    expect(countOf(read)).toBe(values.length);
    expect(read.sum).toBe(values.reduce((sum, value) => sum + value, 0));
    for (const share of [0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1]! / 1_000;
      const estimate = quantileOf(read, share)!;
      expect(Math.abs(estimate - exact), `share ${share}`).toBeLessThanOrEqual(exact * MAX_RELATIVE_ERROR * (1 + 1e-9));
    }
  });

  it("has no value of nothing", () => {
    expect(quantileOf(new Histogram().read(), 0.5)).toBeUndefined();
  });
});
