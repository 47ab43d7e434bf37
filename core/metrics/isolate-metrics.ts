// The metrics of one isolate: cells that calls increment, and reports of what has changed, each kept until a relay has it.
import { ChangedCells, Counter, HistogramCell } from "./cells.ts";
import { type CounterName, definitionOf, type GaugeName, type HistogramName, type LabelValues, type MetricName } from "./definitions.ts";
import type { PageBudget } from "./histogram.ts";
import { HotKeys } from "./hot-keys.ts";
import type { GaugeValue, MetricsReport } from "./report.ts";

export interface MetricsBounds {
  readonly maxSeries: number; // series of one metric; all others share the series with the labels `other`
  readonly maxLabelChars: number; // the rest of a longer value is cut off
  readonly maxPages: number; // pages of all histograms: an octave of values each, 300 bytes
  readonly maxReportBytes: number; // estimated
  readonly maxReports: number; // reports without acknowledgement; changes after them wait in their cells
  readonly maxHotKeys: number;
}

/** At most some 40 MB, where every metric has all its series; a gateway of 100 routes and endpoints takes 1 MB. */
export const METRICS_BOUNDS: MetricsBounds = {
  maxSeries: 4_000,
  maxLabelChars: 128,
  maxPages: 30_000,
  maxReportBytes: 65_536,
  maxReports: 4, // one exchange takes as many
  maxHotKeys: 50,
};

/** Stands for each label of a series beyond the bound. */
export const OTHER = "other";

/** Takes values that are read when a report is made. */
export interface Collected {
  /** Values of one series are added up, or the largest one counts, as the metric says. A value not in the next report is 0. */
  gauge<Name extends GaugeName>(name: Name, value: number, ...labels: LabelValues<Name>): void;
  /** @param key one counter outside, of any text @param total what it has counted since it began */
  total<Name extends CounterName>(key: string, total: number, name: Name, ...labels: LabelValues<Name>): void;
  /** @param allowed calls since the report before @param refused the same */
  hotKey(rule: string, hash: string, allowed: number, refused: number): void;
}

export type Collector = (collected: Collected) => void;

interface GaugeCell {
  readonly metric: GaugeName;
  readonly labels: readonly string[];
  readonly isMax: boolean;
  value: number;
  reported: number;
}

export class IsolateMetrics {
  readonly #newBoot: () => string;
  readonly #bounds: MetricsBounds;
  readonly #pages: PageBudget;
  readonly #series = new Map<MetricName, Map<string, Counter | HistogramCell | GaugeCell>>();
  readonly #changed = new ChangedCells();
  readonly #overflow: Counter;
  readonly #collectors = new Set<Collector>();
  readonly #totals = new Map<string, number>(); // what outside counters had counted at the last report
  readonly #hotKeys: HotKeys;
  #boot = "";
  #sequence = 0; // number of the last report
  #unacknowledged: readonly MetricsReport[] = [];

  /** @param newBoot makes a random id, at the first report: a Worker has no random numbers while it loads */
  constructor(newBoot: () => string, bounds = METRICS_BOUNDS) {
    this.#newBoot = newBoot;
    this.#bounds = bounds;
    this.#pages = { left: bounds.maxPages };
    this.#hotKeys = new HotKeys(bounds.maxHotKeys);
    this.#overflow = this.counter("tidegate_metrics_overflow");
  }

  /** The cell of a series; the same one each time. It is taken once, not for each call. */
  counter<Name extends CounterName>(name: Name, ...labels: LabelValues<Name>): Counter {
    return this.#counter(name, labels);
  }

  /** As `counter`. */
  histogram<Name extends HistogramName>(name: Name, ...labels: LabelValues<Name>): HistogramCell {
    const perUnit = definitionOf(name)?.perUnit ?? 1;
    const create = (own: readonly string[]) => new HistogramCell(name, own, this.#changed, perUnit, this.#pages, this.#overflow);
    return this.#cell(name, labels, create) as HistogramCell; // see `counter`
  }

  /** Nothing counts in the series any more. It makes room for others; what it has counted is still reported. */
  forget<Name extends MetricName>(name: Name, ...labels: LabelValues<Name>): void {
    this.#series.get(name)?.delete(this.#keyed(labels).join("\n"));
  }

  /** @returns removes it again */
  collect(collector: Collector): () => void {
    this.#collectors.add(collector);
    return () => this.#collectors.delete(collector);
  }

  /** Whether something has been counted that is in no acknowledged report. */
  get hasUnsent(): boolean {
    return this.#changed.size > 0 || this.#unacknowledged.length > 0;
  }

  /** Makes a report of what has changed. @returns all reports that are to be sent, the oldest first: those without acknowledgement, too */
  reports(): readonly MetricsReport[] {
    const { maxReports, maxReportBytes } = this.#bounds;
    if (this.#unacknowledged.length >= maxReports) return this.#unacknowledged;
    const gauges = this.#collect();
    const hotKeys = this.#hotKeys.take();
    if (this.#boot === "") this.#boot = this.#newBoot();
    const made: MetricsReport[] = [];
    do {
      const series = this.#changed.take(maxReportBytes);
      this.#sequence += 1;
      const isFirst = made.length === 0;
      made.push({ boot: this.#boot, sequence: this.#sequence, series, gauges: isFirst ? gauges : [], hotKeys: isFirst ? hotKeys : [] });
    } while (this.#changed.size > 0 && this.#unacknowledged.length + made.length < maxReports);
    this.#unacknowledged = [...this.#unacknowledged, ...made];
    return this.#unacknowledged;
  }

  /** @param sequence of the last report that a relay has: it has all before, too, or counts them as lost */
  acknowledged(sequence: number): void {
    this.#unacknowledged = this.#unacknowledged.filter((report) => report.sequence > sequence);
  }

  #counter(name: CounterName, labels: readonly string[]): Counter {
    return this.#cell(name, labels, (own) => new Counter(name, own, this.#changed)) as Counter; // names of counters have no other cells
  }

  #collect(): readonly GaugeValue[] {
    for (const cell of this.#gauges()) cell.value = 0;
    const collected: Collected = {
      gauge: (name, value, ...labels) => {
        const isMax = definitionOf(name)?.merge === "max";
        const create = (own: readonly string[]): GaugeCell => ({ metric: name, labels: own, isMax, value: 0, reported: 0 });
        const cell = this.#cell(name, labels, create) as GaugeCell; // names of gauges have no other cells
        cell.value = isMax ? Math.max(cell.value, value) : cell.value + value;
      },
      total: (key, total, name, ...labels) => {
        const before = this.#totals.get(key) ?? 0;
        if (total === before) return;
        this.#totals.set(key, total);
        this.#counter(name, labels).add(Math.max(0, total - before));
      },
      hotKey: (rule, hash, allowed, refused) => this.#hotKeys.record({ rule, hash, allowed, refused }),
    };
    for (const collector of this.#collectors) collector(collected);
    const values: GaugeValue[] = [];
    for (const cell of this.#gauges()) {
      const { metric, labels, value, reported, isMax } = cell;
      if (value !== 0 || reported !== 0) values.push({ metric, labels, value, ...(isMax && { merge: "max" }) });
      cell.reported = value;
    }
    return values;
  }

  #keyed(labels: readonly string[]): readonly string[] {
    return labels.map((label) => label.slice(0, this.#bounds.maxLabelChars));
  }

  *#gauges(): Generator<GaugeCell> {
    for (const [name, cells] of this.#series)
      if (definitionOf(name)?.kind === "gauge") for (const cell of cells.values()) yield cell as GaugeCell; // see `counter`
  }

  #cell<Cell extends Counter | HistogramCell | GaugeCell>(
    name: MetricName,
    labels: readonly string[],
    create: (labels: readonly string[]) => Cell,
  ): Counter | HistogramCell | GaugeCell {
    let cells = this.#series.get(name);
    if (cells === undefined) {
      cells = new Map();
      this.#series.set(name, cells);
    }
    const own = this.#keyed(labels);
    const key = own.join("\n");
    const cell = cells.get(key);
    if (cell !== undefined) return cell;
    if (cells.size >= this.#bounds.maxSeries && own.some((label) => label !== OTHER)) {
      this.#overflow.add(1);
      return this.#cell(
        name,
        own.map(() => OTHER),
        create,
      );
    }
    const made = create(own);
    cells.set(key, made);
    return made;
  }
}
