// Series by metric, to be added up and grouped by their labels.
import type { HistogramDelta } from "../../metrics/buckets.ts";
import type { GaugeValue, SeriesDelta } from "../../metrics/report.ts";
import { SeriesSums } from "../series-sums.ts";

interface Series {
  readonly labels: readonly string[];
  readonly value: number;
  readonly histogram: HistogramDelta | undefined;
}

export const NO_VALUES: HistogramDelta = { zeros: 0, sum: 0, offset: 0, counts: [] };
const UNBOUNDED = { maxSeries: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

export class SeriesTable {
  readonly #metrics: ReadonlyMap<string, readonly Series[]>;

  constructor(series: readonly SeriesDelta[], gauges: readonly GaugeValue[]) {
    const metrics = new Map<string, Series[]>();
    const add = (metric: string, one: Series): void => {
      const all = metrics.get(metric);
      if (all === undefined) metrics.set(metric, [one]);
      else all.push(one);
    };
    for (const { metric, labels, value = 0, histogram } of series) add(metric, { labels, value, histogram });
    for (const { metric, labels, value } of gauges) add(metric, { labels, value, histogram: undefined });
    this.#metrics = metrics;
  }

  of(metric: string): readonly Series[] {
    return this.#metrics.get(metric) ?? [];
  }

  /** The sum of all series whose labels begin with these; `undefined` stands for any value. */
  sum(metric: string, ...labels: readonly (string | undefined)[]): number {
    let sum = 0;
    for (const series of this.of(metric)) if (matches(series.labels, labels)) sum += series.value;
    return sum;
  }

  /** Series grouped by the values of some labels. @param positions of the labels */
  groups(metric: string, ...positions: readonly number[]): ReadonlyMap<string, readonly Series[]> {
    return Map.groupBy(this.of(metric), ({ labels }) => groupKey(positions.map((position) => labels[position] ?? "")));
  }
}

/** One text for several values of labels. */
function groupKey(values: readonly string[]): string {
  return values.join("\n");
}

export function valuesOf(key: string): readonly string[] {
  return key.split("\n");
}

export function sumOf(series: readonly Series[], position?: number, value?: string): number {
  return series.reduce((sum, one) => (position === undefined || one.labels[position] === value ? sum + one.value : sum), 0);
}

/** All histograms as one. */
export function mergedOf(series: readonly Series[]): HistogramDelta {
  const sums = new SeriesSums(UNBOUNDED);
  for (const { histogram } of series) if (histogram !== undefined) sums.add({ metric: "", labels: [], histogram });
  return [...sums.read()][0]?.histogram ?? NO_VALUES;
}

function matches(labels: readonly string[], wanted: readonly (string | undefined)[]): boolean {
  return wanted.every((value, position) => value === undefined || labels[position] === value);
}
