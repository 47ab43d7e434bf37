// What an isolate reports of its metrics: changes since its report before. Plain data, sent over RPC with the background exchange.
import type { HotKeyCount } from "./hot-key-count.ts";

/** Values of one series since the report before. */
export interface SeriesDelta {
  readonly metric: string; // name of a definition
  readonly labels: readonly string[]; // values, in the order of the definition
  readonly value?: number; // counters: what was added; gauges: the present value
  readonly histogram?: HistogramDelta;
}

/** Base-2 exponential buckets of scale 6. */
export interface HistogramDelta {
  readonly zeros: number; // values that are 0
  readonly sum: number;
  readonly offset: number; // index of the first bucket in `counts`
  readonly counts: readonly number[];
}

/** One report. A relay that gets it a second time ignores it, and counts those that are missing in the sequence. */
export interface MetricsReport {
  readonly boot: string; // random id of the isolate since its start
  readonly sequence: number; // from 1, without gaps
  readonly series: readonly SeriesDelta[];
  readonly hotKeys: readonly HotKeyCount[];
}
