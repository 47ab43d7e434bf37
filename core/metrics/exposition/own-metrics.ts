// Metrics about the metrics: what is missing in them.
import type { MetricDefinition } from "../definitions.ts";
import type { MetricSnapshot } from "./snapshot.ts";

const ISOLATES = ownMetric("tidegate_isolates", "gauge", "{isolate}", "Isolates that have reported metrics in the last 15 seconds.");
const LOST = ownMetric("tidegate_lost_reports", "counter", "{report}", "Reports of isolates that were lost: their counts are missing.");
const LEFT_OUT = ownMetric("tidegate_series_left_out", "gauge", "{series}", "Series for which this response had no room.");
export const OWN_METRICS: readonly MetricDefinition[] = [ISOLATES, LOST, LEFT_OUT];

/** @param isolates that have reported lately */
export function ownMetrics(isolates: number, lostReports: number): readonly MetricSnapshot[] {
  return [single(ISOLATES, isolates), single(LOST, lostReports)];
}

/** Written last, whatever the bound. */
export function leftOutMetric(count: number): MetricSnapshot {
  return single(LEFT_OUT, count);
}

function ownMetric(name: string, kind: "counter" | "gauge", unit: string, help: string): MetricDefinition {
  return { name, kind, unit, help, labels: [] };
}

function single(definition: MetricDefinition, value: number): MetricSnapshot {
  return { definition, series: [{ labels: [], value }] };
}
