// Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0.
import type { MetricDefinition } from "../definitions.ts";
import { boundsOf, cumulativeCounts } from "./classic-buckets.ts";
import { familyOf } from "./family.ts";
import { leftOutMetric } from "./own-metrics.ts";
import type { Exposition, HistogramSnapshot, MetricSnapshot, MetricsSnapshot } from "./snapshot.ts";
import { NO_VALUES } from "./snapshot-of.ts";

export type TextFormat = "prometheus" | "openmetrics";

const MS = 1_000; // in a second

/**
 * @param maxLength characters; series that do not fit are left out whole, and counted
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function writeText({ metrics, startedAt }: MetricsSnapshot, format: TextFormat, maxLength: number): Exposition<string> {
  const parts: string[] = [];
  let length = 0;
  let leftOut = 0;
  for (const { definition, series } of metrics) {
    if (series.length === 0) continue;
    const write = seriesWriter(definition, format, startedAt / MS);
    let isFirst = true;
    for (const one of series) {
      const text = (isFirst ? headOf(definition, format) : "") + write(one);
      if (length + text.length > maxLength) {
        leftOut += 1;
        continue;
      }
      isFirst = false;
      length += text.length;
      parts.push(text);
    }
  }
  const { definition, series } = leftOutMetric(leftOut);
  parts.push(headOf(definition, format), ...series.map(seriesWriter(definition, format, startedAt / MS)));
  if (format === "openmetrics") parts.push("# EOF\n");
  return { body: parts.join(""), leftOut };
}

/** In OpenMetrics the family of a counter has its name without `_total`. */
function headOf(definition: MetricDefinition, format: TextFormat): string {
  const { name, unit } = familyOf(definition);
  const family = format === "prometheus" && definition.kind === "counter" ? `${name}_total` : name;
  const help = escaped(definition.help, format === "openmetrics");
  const unitLine = format === "openmetrics" && unit !== "" ? `# UNIT ${family} ${unit}\n` : "";
  return `# HELP ${family} ${help}\n# TYPE ${family} ${definition.kind}\n${unitLine}`;
}

type SeriesWriter = (series: MetricSnapshot["series"][number]) => string;

function seriesWriter(definition: MetricDefinition, format: TextFormat, startedAt: number): SeriesWriter {
  const { name } = familyOf(definition);
  const { kind, labels: names } = definition;
  if (kind !== "histogram") {
    const sample = kind === "counter" ? `${name}_total` : name;
    return ({ labels, value }) => `${sample}${inBraces(pairs(names, labels))} ${numberText(value)}\n`;
  }
  const bounds = boundsOf(definition.unit);
  const shown = bounds.map((bound) => boundText(bound, format));
  // Only histograms have the time of their beginning: each of these lines is a series of its own in Prometheus.
  const created = format === "openmetrics" ? `${startedAt}` : undefined;
  return ({ labels, histogram = NO_VALUES }) => histogramText(name, pairs(names, labels), histogram, bounds, shown, created);
}

function histogramText(
  name: string,
  labels: string,
  histogram: HistogramSnapshot,
  bounds: readonly number[],
  shown: readonly string[],
  created: string | undefined,
): string {
  const prefix = labels === "" ? "" : `${labels},`;
  let text = "";
  for (const [position, count] of cumulativeCounts(histogram, bounds).entries())
    text += `${name}_bucket{${prefix}le="${shown[position]}"} ${count}\n`;
  const { count, sum } = histogram;
  const own = inBraces(labels);
  text += `${name}_bucket{${prefix}le="+Inf"} ${count}\n${name}_sum${own} ${numberText(sum)}\n${name}_count${own} ${count}\n`;
  return created === undefined ? text : `${text}${name}_created${own} ${created}\n`;
}

/** A label without a value is as one that is not there. */
function pairs(names: readonly string[], values: readonly string[]): string {
  let text = "";
  for (const [position, name] of names.entries()) {
    const value = values[position] ?? "";
    if (value !== "") text += `${text === "" ? "" : ","}${name}="${escaped(value, true)}"`;
  }
  return text;
}

function inBraces(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escaped(text: string, escapesQuotes: boolean): string {
  const escapedLines = text.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return escapesQuotes ? escapedLines.replaceAll('"', '\\"') : escapedLines;
}

/** OpenMetrics writes bounds as floating-point numbers: `1.0`. */
function boundText(bound: number, format: TextFormat): string {
  return format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
