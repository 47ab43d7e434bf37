// Metrics as OTLP in JSON. A collector of the test reads them from the running gateway in test/e2e/otlp-push.test.ts.
import { expect, it } from "vitest";
import { otlpMetrics } from "../../../../core/metrics/exposition/otlp-json.ts";
import type { MetricSnapshot } from "../../../../core/metrics/exposition/snapshot.ts";
import { SAMPLES } from "./samples.ts";

const STARTED_AT = 1_700_000_000_250;
const NOW = 1_700_000_060_000;
const TIMES = { startTimeUnixNano: "1700000000250000000", timeUnixNano: "1700000060000000000" };

function written(metrics: readonly MetricSnapshot[], maxLength = 1_000_000) {
  const { body, leftOut } = otlpMetrics({ metrics, startedAt: STARTED_AT }, NOW, maxLength);
  const { resource, scopeMetrics } = JSON.parse(body).resourceMetrics[0];
  expect(resource).toEqual({ attributes: [{ key: "service.name", value: { stringValue: "tidegate" } }] });
  const all = scopeMetrics[0].metrics;
  expect(all.at(-1)).toMatchObject({ name: "tidegate_series_left_out", gauge: { dataPoints: [{ asInt: String(leftOut) }] } });
  return { metrics: all.slice(0, -1), leftOut, length: body.length };
}
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

it("writes counters as cumulative sums, without labels that have no value", () => {
  const { labels } = SAMPLES.calls.series[1];
  expect(written([SAMPLES.calls]).metrics).toEqual([
    {
      ...{ name: "tidegate_calls", unit: "{call}", description: "Calls that have ended." },
      sum: {
        ...{ aggregationTemporality: 2, isMonotonic: true },
        dataPoints: [
          { attributes: [attribute("route", labels[0]), attribute("code", "ok")], ...TIMES, asInt: "12" },
          {
            attributes: [attribute("route", labels[0]), attribute("code", "unavailable"), attribute("reason", "no_endpoint")],
            ...{ ...TIMES, asInt: "3" },
          },
        ],
      },
    },
  ]);
});

it("writes numbers that are no 64-bit integers as floating-point ones", () => {
  const { metrics } = written([SAMPLES.bytes, SAMPLES.waiting]);
  expect(metrics[0].sum.dataPoints).toMatchObject([{ asDouble: 1e21 }]);
  expect(metrics[1].gauge.dataPoints).toMatchObject([{ asDouble: 0.5 }]);
});

it("writes histograms as exponential ones of scale 6, each value in the bucket with its bounds", () => {
  const [{ exponentialHistogram }] = written([SAMPLES.duration]).metrics;
  const [{ positive, ...point }] = exponentialHistogram.dataPoints;
  expect(exponentialHistogram.aggregationTemporality).toBe(2);
  expect(point).toEqual({ attributes: [attribute("route", "a")], ...TIMES, count: "5", sum: 200.26, scale: 6, zeroCount: "1" });
  const filled = positive.bucketCounts.flatMap((count: string, position: number) => (count === "0" ? [] : [[position, count]]));
  expect(filled.map(([, count]: [number, string]) => count)).toEqual(["2", "1", "1"]);
  const values = [0.005, 0.25, 200];
  for (const [index, [position]] of filled.entries()) {
    // OpenTelemetry: bucket i has the values in (base^i, base^(i + 1)], base = 2^(2^-scale).
    const lower = 2 ** ((positive.offset + position) / 64);
    expect(values[index]! > lower && values[index]! <= lower * 2 ** (1 / 64)).toBe(true);
  }
});

it("leaves out series for which there is no room, and counts them", () => {
  const one = { labels: ["x".repeat(1_000), "ok", ""], value: 1 };
  const { leftOut, length, metrics } = written([{ ...SAMPLES.calls, series: Array(100).fill(one) }, SAMPLES.waiting], 20_000);
  expect(leftOut).toBeGreaterThan(80);
  expect(length).toBeLessThan(21_500);
  expect(metrics[0].sum.dataPoints.length + leftOut).toBe(metrics.length === 2 ? 100 : 101);
});

it("writes texts that are no valid Unicode as JSON that is", () => {
  const { metrics } = written([{ ...SAMPLES.calls, series: [{ labels: ['a"\\\n\ud800', "ok", ""], value: 1 }] }]);
  expect(metrics[0].sum.dataPoints[0].attributes[0]).toEqual(attribute("route", 'a"\\\n\ufffd'));
});
