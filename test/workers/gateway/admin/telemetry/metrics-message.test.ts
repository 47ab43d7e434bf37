// Metrics as a message: units, histograms, and metrics and labels of other versions.
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { METRICS } from "../../../../../core/metrics/definitions.ts";
import type { MetricsReading } from "../../../../../core/telemetry/telemetry-state.ts";
import { GetMetricsResponseSchema, MetricKind } from "../../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { metricsMessage } from "../../../../../workers/gateway/admin/telemetry/metrics-message.ts";

const NOTHING: MetricsReading = { time: 2_000, startedAt: 1_000, series: [], gauges: [], isolates: 0, lostReports: 0 };
const message = (reading: Partial<MetricsReading>) => create(GetMetricsResponseSchema, metricsMessage({ ...NOTHING, ...reading }));

it("has every definition, also without series", () => {
  const { metrics, startTime } = message({});
  expect(metrics.map(({ name }) => name)).toEqual(METRICS.map(({ name }) => name));
  expect(startTime?.seconds).toBe(1n);
});

it("has histograms in the unit of their metric", () => {
  const histogram = { zeros: 1, sum: 1_500, offset: -3, counts: [2, 0, 1] };
  const { metrics } = message({ series: [{ metric: "tidegate_call_duration", labels: ["r", "ok"], histogram }] });
  const metric = metrics.find(({ name }) => name === "tidegate_call_duration");
  expect([metric?.kind, metric?.unit]).toEqual([MetricKind.HISTOGRAM, "s"]);
  expect(metric?.series[0]?.histogram).toMatchObject({ scale: 6, sum: 1.5, zeroCount: 1n, count: 4n, offset: -3, counts: [2n, 0n, 1n] });
});

it("leaves out metrics of another version, and fits labels to the definition", () => {
  const { metrics } = message({
    series: [
      { metric: "tidegate_of_a_later_version", labels: [], value: 1 },
      { metric: "tidegate_call_retries", labels: ["users", "label of a later version"], value: 2 },
      { metric: "tidegate_cache_lookups", labels: ["r"], value: 3 },
    ],
  });
  expect(metrics.some(({ name }) => name === "tidegate_of_a_later_version")).toBe(false);
  const labelsOf = (name: string) => metrics.find((metric) => metric.name === name)?.series[0]?.labelValues;
  expect([labelsOf("tidegate_call_retries"), labelsOf("tidegate_cache_lookups")]).toEqual([["users"], ["r", ""]]);
});
