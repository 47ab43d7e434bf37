// All metrics at one time, as formats of other systems are written from them.
import type { HistogramDelta } from "../buckets.ts";
import type { MetricDefinition } from "../definitions.ts";

export interface MetricSnapshot {
  readonly definition: MetricDefinition;
  readonly series: readonly SeriesSnapshot[];
}

export interface SeriesSnapshot {
  readonly labels: readonly string[]; // values, in the order of the definition
  readonly value: number; // value of a counter or a gauge
  readonly histogram?: HistogramSnapshot | undefined;
}

/** In the unit of the metric. */
export interface HistogramSnapshot extends HistogramDelta {
  readonly count: number;
}

export interface MetricsSnapshot {
  readonly startedAt: number; // epoch ms: when the counters began
  readonly metrics: readonly MetricSnapshot[];
}

/** What a format has written. */
export interface Exposition<Body extends string | Uint8Array<ArrayBuffer>> {
  readonly body: Body;
  readonly leftOut: number; // series for which there was no room
}
