// Sums of counters and histograms by series, in bounded memory. Sums are of whole numbers, so their order makes no difference.
// No table of metrics is needed: series of a metric that this code does not know are added up as they come.
import type { HistogramDelta } from "../metrics/buckets.ts";
import type { SeriesDelta } from "../metrics/report.ts";

export interface SumsBounds {
  readonly maxSeries: number;
  readonly maxBytes: number; // about, of the memory that they take
}

/** Stands for each label of a series that did not fit. */
export const OTHER = "other";
/** Counts values that went to such a series instead of their own. */
export const OVERFLOW_METRIC = "tidegate_metrics_overflow";
/** Series `other` that are made beyond the bound: one for each metric and number of labels. */
const MAX_OTHERS = 200;
const ENTRY_BYTES = 250; // memory of an entry without its texts and buckets
const BUCKET_BYTES = 8;

interface Sums {
  readonly metric: string;
  readonly labels: readonly string[];
  value: number;
  histogram: { zeros: number; sum: number; offset: number; counts: number[] } | undefined;
}

export class SeriesSums {
  readonly #bounds: SumsBounds;
  readonly #series = new Map<string, Sums>(); // keyed by metric and labels
  #bytes = 0;
  #others = 0; // series that were made beyond the bound

  constructor(bounds: SumsBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds to the series, or to the one with the labels `other` where there is no memory for it. */
  add({ metric, labels, value, histogram }: SeriesDelta): void {
    const sums = this.#sumsOf(metric, labels);
    if (sums === undefined) return;
    if (value !== undefined) sums.value += value;
    if (histogram !== undefined) this.#addHistogram(sums, histogram);
  }

  /** All series, the oldest first. Each is a copy of its own. */
  *read(): Generator<SeriesDelta> {
    for (const sums of this.#series.values()) yield deltaOf(sums);
  }

  /** Returns all series, and forgets them. */
  take(): readonly SeriesDelta[] {
    const taken = [...this.#series.values()];
    this.#series.clear();
    this.#bytes = 0;
    this.#others = 0;
    return taken.map(deltaOf);
  }

  #sumsOf(metric: string, labels: readonly string[]): Sums | undefined {
    const key = `${metric}\n${labels.join("\n")}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size < this.#bounds.maxSeries && this.#bytes < this.#bounds.maxBytes) return this.#create(key, metric, labels);
    if (metric !== OVERFLOW_METRIC) this.add({ metric: OVERFLOW_METRIC, labels: [], value: 1 });
    const others = labels.map(() => OTHER);
    const otherKey = `${metric}\n${others.join("\n")}`;
    const other = this.#series.get(otherKey);
    if (other !== undefined || this.#others >= MAX_OTHERS) return other;
    this.#others += 1;
    return this.#create(otherKey, metric, others);
  }

  #create(key: string, metric: string, labels: readonly string[]): Sums {
    const sums: Sums = { metric, labels, value: 0, histogram: undefined };
    this.#series.set(key, sums);
    this.#bytes += memoryOf(key, sums);
    return sums;
  }

  #addHistogram(sums: Sums, { zeros, sum, offset, counts }: HistogramDelta): void {
    const own = sums.histogram;
    if (own === undefined) {
      sums.histogram = { zeros, sum, offset, counts: [...counts] };
      this.#bytes += BUCKET_BYTES * counts.length;
      return;
    }
    const before = own.counts.length;
    own.zeros += zeros;
    own.sum += sum;
    if (counts.length === 0) return;
    if (before === 0) own.offset = offset;
    if (offset < own.offset) {
      own.counts = [...new Array<number>(own.offset - offset).fill(0), ...own.counts];
      own.offset = offset;
    }
    const start = offset - own.offset;
    while (own.counts.length < start + counts.length) own.counts.push(0);
    for (const [position, count] of counts.entries()) own.counts[start + position]! += count;
    this.#bytes += BUCKET_BYTES * (own.counts.length - before);
  }
}

function deltaOf({ metric, labels, value, histogram }: Sums): SeriesDelta {
  return histogram === undefined
    ? { metric, labels, value }
    : { metric, labels, histogram: { ...histogram, counts: [...histogram.counts] } };
}

function memoryOf(key: string, { histogram }: Sums): number {
  return ENTRY_BYTES + 2 * key.length + (histogram === undefined ? 0 : BUCKET_BYTES * histogram.counts.length);
}
