// Metrics as OTLP in JSON: the body of one request to a collector. Sums are cumulative: what one request has lost, the next one has.
import { SCALE } from "../buckets.ts";
import type { MetricDefinition } from "../definitions.ts";
import { leftOutMetric } from "./own-metrics.ts";
import type { Exposition, MetricSnapshot, MetricsSnapshot, SeriesSnapshot } from "./snapshot.ts";
import { NO_VALUES } from "./snapshot-of.ts";

const CUMULATIVE = 2;

/**
 * @param now epoch ms
 * @param maxLength characters; series that do not fit are left out whole, and counted
 * @see OpenTelemetry Protocol, "JSON Protobuf Encoding"; metrics.proto
 */
export function otlpMetrics({ metrics, startedAt }: MetricsSnapshot, now: number, maxLength: number): Exposition<string> {
  const times = `"startTimeUnixNano":"${startedAt}000000","timeUnixNano":"${now}000000"`; // 64-bit numbers are texts in JSON
  const parts: string[] = [];
  let length = 0;
  let leftOut = 0;
  for (const { definition, series } of metrics) {
    const points: string[] = [];
    for (const one of series) {
      const point = pointOf(definition, one, times);
      if (length + point.length > maxLength) {
        leftOut += 1;
        continue;
      }
      length += point.length;
      points.push(point);
    }
    if (points.length > 0) parts.push(metricOf(definition, points));
  }
  parts.push(alone(leftOutMetric(leftOut), times));
  const resource = `{"attributes":[${attribute("service.name", "tidegate")}]}`;
  const body = `{"resourceMetrics":[{"resource":${resource},"scopeMetrics":[{"scope":{"name":"tidegate"},"metrics":[${parts.join(",")}]}]}]}`;
  return { body, leftOut };
}

function alone({ definition, series }: MetricSnapshot, times: string): string {
  return metricOf(
    definition,
    series.map((one) => pointOf(definition, one, times)),
  );
}

function metricOf({ name, unit, help, kind }: MetricDefinition, points: readonly string[]): string {
  const head = `"name":${JSON.stringify(name)},"unit":${JSON.stringify(unit)},"description":${JSON.stringify(help)}`;
  const own = `"dataPoints":[${points.join(",")}]`;
  if (kind === "gauge") return `{${head},"gauge":{${own}}}`;
  if (kind === "counter") return `{${head},"sum":{${own},"aggregationTemporality":${CUMULATIVE},"isMonotonic":true}}`;
  return `{${head},"exponentialHistogram":{${own},"aggregationTemporality":${CUMULATIVE}}}`;
}

function pointOf({ kind, labels: names }: MetricDefinition, { labels, value, histogram }: SeriesSnapshot, times: string): string {
  // A label without a value is as one that is not there.
  const attributes = names.flatMap((name, position) => (labels[position] ? [attribute(name, labels[position])] : []));
  const head = `"attributes":[${attributes.join(",")}],${times}`;
  if (kind !== "histogram") return Number.isSafeInteger(value) ? `{${head},"asInt":"${value}"}` : `{${head},"asDouble":${value}}`;
  const { zeros, sum, count, offset, counts } = histogram ?? NO_VALUES;
  const positive = `{"offset":${offset},"bucketCounts":[${counts.map((values) => `"${values}"`).join(",")}]}`;
  return `{${head},"count":"${count}","sum":${sum},"scale":${SCALE},"zeroCount":"${zeros}","positive":${positive}}`;
}

function attribute(key: string, value: string): string {
  return `{"key":${JSON.stringify(key)},"value":{"stringValue":${JSON.stringify(value.toWellFormed())}}}`;
}
