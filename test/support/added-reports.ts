// Reports of one isolate, each added once to the sums that relays and Telemetry use, and read in the units of their metrics.
import type { HistogramDelta } from "../../core/metrics/buckets.ts";
import { METRICS, type MetricDefinition } from "../../core/metrics/definitions.ts";
import type { GaugeValue, MetricsReport } from "../../core/metrics/report.ts";
import { SeriesSums } from "../../core/telemetry/series-sums.ts";
import { TELEMETRY_BOUNDS } from "../../core/telemetry/telemetry-state.ts";

export interface SeriesReading {
  readonly labels: readonly string[];
  readonly value: number; // value of a counter or a gauge; 0 for histograms
  readonly histogram: (HistogramDelta & { readonly count: number }) | undefined;
}

export interface MetricReading {
  readonly definition: MetricDefinition;
  readonly series: readonly SeriesReading[];
}

export class AddedReports {
  readonly #sums = new SeriesSums(TELEMETRY_BOUNDS);
  readonly #gauges = new Map<string, GaugeValue>(); // keyed by metric and labels
  sequence = 0; // sequence of the last report
  lostReports = 0;

  apply({ sequence, series, gauges }: MetricsReport): void {
    if (sequence <= this.sequence) return;
    this.lostReports += sequence - this.sequence - 1;
    this.sequence = sequence;
    for (const delta of series) this.#sums.add(delta);
    for (const gauge of gauges) {
      const key = [gauge.metric, ...gauge.labels].join("\n");
      if (gauge.value === 0) this.#gauges.delete(key);
      else this.#gauges.set(key, gauge);
    }
  }

  read(): readonly MetricReading[] {
    const all = [...this.#sums.read(), ...this.#gauges.values()];
    return METRICS.map((definition: MetricDefinition) => {
      const series = all.filter(({ metric }) => metric === definition.name);
      return { definition, series: series.map((delta) => readingOf(delta, definition.perUnit ?? 1)) };
    });
  }
}

function readingOf(delta: { labels: readonly string[]; value?: number; histogram?: HistogramDelta }, perUnit: number): SeriesReading {
  const { labels, value = 0, histogram } = delta;
  if (histogram === undefined) return { labels, value, histogram: undefined };
  const count = histogram.counts.reduce((sum, one) => sum + one, histogram.zeros);
  return { labels, value, histogram: { ...histogram, sum: histogram.sum / perUnit, count } };
}
