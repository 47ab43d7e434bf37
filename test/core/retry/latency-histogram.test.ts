// The latencies of a method: quantiles that are exact to a tenth, cached for 20 calls, and old calls that fade.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "../../../core/retry/latency-histogram.ts";

/** Expects a quantile of calls that all took `ms`: it is the end of a bucket, so at most 11 % longer. */
function expectNear(quantileMs: number | undefined, ms: number): void {
  expect(quantileMs).toBeGreaterThanOrEqual(ms);
  expect(quantileMs).toBeLessThanOrEqual(ms * 1.11);
}

function histogramOf(calls: number, ms: number): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (let call = 0; call < calls; call++) histogram.record(ms);
  return histogram;
}

describe("LatencyHistogram", () => {
  it("counts a latency below 1 ms as one of 1 ms", () => {
    for (const ms of [0, 0.25, 1]) expectNear(histogramOf(100, ms).quantileMs(0.9), 1);
  });

  it("knows a quantile exact to a tenth, whatever the latencies are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 100, maxLength: 1_500 }),
        fc.constantFrom(0.5, 0.9, 0.95, 0.98),
        (latencies, quantile) => {
          const histogram = new LatencyHistogram();
          for (const ms of latencies) histogram.record(ms);
          const sorted = latencies.toSorted((a, b) => a - b);
          const above = Math.floor((1 - quantile) * latencies.length + 1e-9);
          const exact = sorted[latencies.length - 1 - above]!;
          const quantileMs = histogram.quantileMs(quantile)!;
          expect(quantileMs).toBeGreaterThanOrEqual(exact);
          expect(quantileMs).toBeLessThanOrEqual(exact * 1.11 + 0.2);
        },
      ),
    );
  });

  it("knows quantiles from the hundredth call on", () => {
    const histogram = histogramOf(99, 10);
    expect(histogram.quantileMs(0.5)).toBeUndefined();
    histogram.record(10);
    expectNear(histogram.quantileMs(0.5), 10);
  });

  it("caches a quantile for 20 calls, and computes another one at once", () => {
    const histogram = histogramOf(100, 10);
    expectNear(histogram.quantileMs(0.5), 10);
    for (let call = 0; call < 19; call++) histogram.record(1_000);
    expectNear(histogram.quantileMs(0.95), 1_000);
    expectNear(histogram.quantileMs(0.5), 10);
    const cached = histogramOf(100, 10);
    expectNear(cached.quantileMs(0.95), 10);
    for (let call = 0; call < 19; call++) cached.record(1_000);
    expectNear(cached.quantileMs(0.95), 10);
    cached.record(1_000);
    expectNear(cached.quantileMs(0.95), 1_000);
    expectNear(cached.quantileMs(0.95), 1_000);
  });

  it("counts less than a millisecond in the first bucket, and more than an hour in the last", () => {
    const medianOf = (ms: number): number | undefined => histogramOf(100, ms).quantileMs(0.5);
    for (const ms of [0, 0.5, 1]) expect(medianOf(ms)).toBeCloseTo(1.05 ** 2, 9);
    expect(medianOf(1e9)).toBe(medianOf(4_000_000));
    expect(medianOf(1e9)).toBeGreaterThan(3_600_000);
    expect(medianOf(1e9)).toBeLessThan(4_000_000);
  });

  it("halves all counts after two thousand calls", () => {
    const histogram = histogramOf(2_000, 10); // 1,000 remain
    for (let call = 0; call < 990; call++) histogram.record(1_000);
    expectNear(histogram.quantileMs(0.5), 10);
    for (let call = 0; call < 20; call++) histogram.record(1_000);
    expectNear(histogram.quantileMs(0.5), 1_000);
  });

  it("halves them with the two thousandth call, not later", () => {
    const histogram = histogramOf(2_000, 10); // 1,000 remain
    for (let call = 0; call < 10; call++) histogram.record(1_000);
    expectNear(histogram.quantileMs(0.9903), 1_000); // 9.8 calls of 1,010 are longer
  });

  it("forgets old latencies", () => {
    const histogram = histogramOf(2_000, 10);
    for (let call = 0; call < 20_000; call++) histogram.record(100);
    expect(histogram.quantileMs(0.5)).toBeGreaterThan(100);
    expect(histogram.quantileMs(0.01)).toBeGreaterThan(100);
  });
});
