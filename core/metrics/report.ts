// What an isolate reports of its metrics: changes since its report before. Plain data, sent over RPC with the background exchange.
import type { HistogramDelta } from "./buckets.ts";
import type { HotKeyCount } from "./hot-key-count.ts";

/** What was added to one series of a counter or a histogram since the report before. */
export interface SeriesDelta {
  readonly metric: string; // name of a definition
  readonly labels: readonly string[]; // values, in the order of the definition
  readonly value?: number; // what was added to a counter
  readonly histogram?: HistogramDelta;
}

/** The present value of one series of a gauge. One that an isolate no longer reports is 0. */
export interface GaugeValue {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly value: number;
  readonly merge?: "max"; // how values of isolates become one: they are added up where it is not given
}

/** One report. A relay that gets it a second time ignores it, and counts those that are missing in the sequence. */
export interface MetricsReport {
  readonly boot: string; // random id of the isolate since its start
  readonly sequence: number; // from 1, without gaps
  readonly series: readonly SeriesDelta[];
  readonly gauges: readonly GaugeValue[]; // all that are not 0, and those that have become 0
  readonly hotKeys: readonly HotKeyCount[];
}
