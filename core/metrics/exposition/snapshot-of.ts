// Groups sums and gauges by their metrics, in the units that other systems read.
import { countOf, type HistogramDelta } from "../buckets.ts";
import { METRICS, type MetricDefinition } from "../definitions.ts";
import type { GaugeValue, SeriesDelta } from "../report.ts";
import { ownMetrics } from "./own-metrics.ts";
import type { HistogramSnapshot, MetricsSnapshot, SeriesSnapshot } from "./snapshot.ts";

/** All that the object of the metrics has, as recorded. */
export interface RecordedMetrics {
  readonly startedAt: number; // epoch ms
  readonly series: readonly SeriesDelta[];
  readonly gauges: readonly GaugeValue[];
  readonly isolates: number;
  readonly lostReports: number;
}

/** Of a series that has no histogram: another version may have counted under its name. */
export const NO_VALUES: HistogramSnapshot = { zeros: 0, sum: 0, count: 0, offset: 0, counts: [] };

/** Metrics that this version does not know are left out: an object of a later version may have some. */
export function snapshotOf({ startedAt, series, gauges, isolates, lostReports }: RecordedMetrics): MetricsSnapshot {
  const byMetric = new Map<string, SeriesSnapshot[]>(METRICS.map(({ name }) => [name, []]));
  const perUnit = new Map<string, number>(METRICS.map(({ name, perUnit: own = 1 }: MetricDefinition) => [name, own]));
  for (const { metric, labels, value = 0, histogram } of series) {
    const own = histogram && histogramIn(histogram, perUnit.get(metric) ?? 1);
    byMetric.get(metric)?.push({ labels, value, histogram: own });
  }
  for (const { metric, labels, value } of gauges) byMetric.get(metric)?.push({ labels, value });
  const metrics = METRICS.map((definition) => ({ definition, series: byMetric.get(definition.name)! }));
  return { startedAt, metrics: [...metrics, ...ownMetrics(isolates, lostReports)] };
}

/** Buckets are those of the unit already; sums are of recorded values, so that they are exact. */
function histogramIn(histogram: HistogramDelta, perUnit: number): HistogramSnapshot {
  return { ...histogram, sum: histogram.sum / perUnit, count: countOf(histogram) };
}
