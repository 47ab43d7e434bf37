// Metrics of many isolates, added up from their reports. Merging is associative and exact: all sums are of whole numbers.
import type { HistogramDelta } from "./buckets.ts";
import { definitionOf, METRICS, type MetricDefinition } from "./definitions.ts";
import { Histogram } from "./histogram.ts";
import type { HotKeyCount } from "./hot-key-count.ts";
import { HotKeys } from "./hot-keys.ts";
import type { GaugeValue, MetricsReport, SeriesDelta } from "./report.ts";

export interface TotalsBounds {
  readonly maxSeries: number; // series of one metric; others share the one with the labels `other`
  readonly maxBoots: number; // isolates; the one that has been silent for longest is forgotten
  readonly maxHotKeys: number;
}

export const TOTALS_BOUNDS: TotalsBounds = { maxSeries: 20_000, maxBoots: 10_000, maxHotKeys: 256 };

/** Stands for each label of a series beyond the bound. */
const OTHER = "other";

/** What is known of an isolate. */
export interface BootState {
  readonly boot: string;
  readonly sequence: number; // number of its last report
  readonly seenAt: number; // epoch ms
  readonly gauges: readonly GaugeValue[];
}

/** Plain data: fit for storage and for RPC. */
export interface TotalsState {
  readonly series: readonly SeriesDelta[];
  readonly boots: readonly BootState[];
  readonly lostReports: number;
  readonly hotKeys: readonly HotKeyCount[];
}

/** A histogram in the unit of its metric. */
export interface HistogramReading extends HistogramDelta {
  readonly count: number;
}

export interface SeriesReading {
  readonly labels: readonly string[];
  readonly value: number; // value of a counter or a gauge; 0 for histograms
  readonly histogram: HistogramReading | undefined;
}

export interface MetricReading {
  readonly definition: MetricDefinition;
  readonly series: readonly SeriesReading[];
}

interface Boot {
  sequence: number;
  seenAt: number;
  gauges: Map<string, GaugeValue>;
}

interface Sums {
  readonly labels: readonly string[];
  value: number;
  histogram: Histogram | undefined;
}

export class Totals {
  readonly #bounds: TotalsBounds;
  readonly #series = new Map<string, Map<string, Sums>>(); // keyed by metric, then by labels
  readonly #boots = new Map<string, Boot>(); // the one that has been silent for longest first
  readonly #hotKeys: HotKeys;
  #lostReports = 0;

  constructor(bounds = TOTALS_BOUNDS) {
    this.#bounds = bounds;
    this.#hotKeys = new HotKeys(bounds.maxHotKeys);
  }

  static of(state: TotalsState, bounds = TOTALS_BOUNDS): Totals {
    const totals = new Totals(bounds);
    totals.merge(state);
    return totals;
  }

  /** Reports that were sent and never arrived: their counts are missing. */
  get lostReports(): number {
    return this.#lostReports;
  }

  /** @param now epoch ms @returns false for a report that is known already; it changes nothing */
  apply({ boot: id, sequence, series, gauges, hotKeys }: MetricsReport, now: number): boolean {
    const boot = this.#boots.get(id) ?? { sequence: sequence - 1, seenAt: now, gauges: new Map() };
    this.#boots.delete(id);
    this.#boots.set(id, boot);
    boot.seenAt = now;
    if (sequence <= boot.sequence) return false;
    this.#lostReports += sequence - boot.sequence - 1;
    boot.sequence = sequence;
    for (const delta of series) this.#add(delta);
    for (const value of gauges) setGauge(boot.gauges, value);
    for (const count of hotKeys) this.#hotKeys.record(count);
    this.#forgetSilent();
    return true;
  }

  /** Adds what others have added up. Of an isolate that both know, the later report's gauges count. */
  merge(other: Totals | TotalsState): void {
    const { series, boots, lostReports, hotKeys } = other instanceof Totals ? other.state() : other;
    this.#lostReports += lostReports;
    for (const delta of series) this.#add(delta);
    for (const { boot, sequence, seenAt, gauges } of boots) {
      const own = this.#boots.get(boot);
      if (own !== undefined && own.sequence >= sequence) continue;
      this.#boots.delete(boot);
      this.#boots.set(boot, { sequence, seenAt, gauges: new Map(gauges.map((value) => [keyOf(value), value])) });
    }
    for (const count of hotKeys) this.#hotKeys.record(count);
    this.#forgetSilent();
  }

  /** Everything, for storage and for `merge`. */
  state(): TotalsState {
    const series: SeriesDelta[] = [];
    for (const [metric, all] of this.#series)
      for (const { labels, value, histogram } of all.values())
        series.push(histogram === undefined ? { metric, labels, value } : { metric, labels, histogram: histogram.read() });
    const boots = [...this.#boots].map(([boot, { sequence, seenAt, gauges }]) => ({
      boot,
      sequence,
      seenAt,
      gauges: [...gauges.values()],
    }));
    return { series, boots, lostReports: this.#lostReports, hotKeys: this.#hotKeys.read() };
  }

  /** @param now epoch ms @param liveMs isolates whose last report is older have no gauges any more */
  read(now: number, liveMs: number): readonly MetricReading[] {
    const gauges = this.#gauges(now - liveMs);
    return METRICS.map((definition: MetricDefinition): MetricReading => {
      const { name, kind, perUnit = 1 } = definition;
      const sums = kind === "gauge" ? gauges.get(name) : this.#series.get(name);
      const series = [...(sums?.values() ?? [])].map(({ labels, value, histogram }) => ({
        labels,
        value,
        histogram: histogram === undefined ? undefined : reading(histogram.read(), perUnit),
      }));
      return { definition, series };
    });
  }

  /** @returns isolates that have reported since @param since epoch ms */
  isolates(since: number): number {
    let count = 0;
    for (const { seenAt } of this.#boots.values()) if (seenAt >= since) count += 1;
    return count;
  }

  hotKeys(most: number): readonly HotKeyCount[] {
    return this.#hotKeys.read(most);
  }

  #gauges(since: number): ReadonlyMap<string, ReadonlyMap<string, Sums>> {
    const all = new Map<string, Map<string, Sums>>();
    for (const { seenAt, gauges } of this.#boots.values()) {
      if (seenAt < since) continue;
      for (const { metric, labels, value } of gauges.values()) {
        const sums = sumsOf(all, metric, labels, this.#bounds.maxSeries);
        sums.value = definitionOf(metric)?.merge === "max" ? Math.max(sums.value, value) : sums.value + value;
      }
    }
    return all;
  }

  #add({ metric, labels, value, histogram }: SeriesDelta): void {
    const sums = sumsOf(this.#series, metric, labels, this.#bounds.maxSeries);
    sums.value += value ?? 0;
    if (histogram === undefined) return;
    sums.histogram ??= new Histogram();
    sums.histogram.add(histogram);
  }

  #forgetSilent(): void {
    for (const id of this.#boots.keys()) {
      if (this.#boots.size <= this.#bounds.maxBoots) return;
      this.#boots.delete(id);
    }
  }
}

function reading(histogram: HistogramDelta, perUnit: number): HistogramReading {
  const count = histogram.counts.reduce((sum, one) => sum + one, histogram.zeros);
  return { ...histogram, sum: histogram.sum / perUnit, count };
}

function setGauge(gauges: Map<string, GaugeValue>, value: GaugeValue): void {
  if (value.value === 0) gauges.delete(keyOf(value));
  else gauges.set(keyOf(value), value);
}

function keyOf({ metric, labels }: GaugeValue): string {
  return `${metric}\n${labels.join("\n")}`;
}

function sumsOf(all: Map<string, Map<string, Sums>>, metric: string, labels: readonly string[], maxSeries: number): Sums {
  let series = all.get(metric);
  if (series === undefined) {
    series = new Map();
    all.set(metric, series);
  }
  const key = labels.join("\n");
  const sums = series.get(key);
  if (sums !== undefined) return sums;
  if (series.size >= maxSeries && labels.some((label) => label !== OTHER))
    return sumsOf(
      all,
      metric,
      labels.map(() => OTHER),
      maxSeries,
    );
  const made: Sums = { labels, value: 0, histogram: undefined };
  series.set(key, made);
  return made;
}
