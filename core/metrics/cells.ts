// Cells of series: what a call increments, without a lookup. A cell that has changed is listed once, until it is reported.
import type { HistogramDelta } from "./buckets.ts";
import { Histogram, type PageBudget } from "./histogram.ts";
import type { SeriesDelta } from "./report.ts";

/** Cells that have changed since the last report, in the order of their first change. */
export class ChangedCells {
  #cells: Cell[] = [];

  get size(): number {
    return this.#cells.length;
  }

  add(cell: Cell): void {
    this.#cells.push(cell);
  }

  /** Takes the changes of the first cells, as many as fit. Those of the others stay. */
  take(maxBytes: number): readonly SeriesDelta[] {
    const taken: SeriesDelta[] = [];
    let bytes = 0;
    while (taken.length < this.#cells.length && bytes < maxBytes) {
      const delta = this.#cells[taken.length]!.take();
      bytes += bytesOf(delta);
      taken.push(delta);
    }
    this.#cells = this.#cells.slice(taken.length);
    return taken;
  }
}

/** A generous estimate. */
function bytesOf({ metric, labels, histogram }: SeriesDelta): number {
  const texts = labels.reduce((sum, label) => sum + 2 * label.length + 8, metric.length);
  return 64 + texts + 8 * (histogram?.counts.length ?? 0);
}

export type Cell = Counter | HistogramCell;

export class Counter {
  readonly #metric: string;
  readonly #labels: readonly string[];
  readonly #changed: ChangedCells;
  #added = 0;

  constructor(metric: string, labels: readonly string[], changed: ChangedCells) {
    this.#metric = metric;
    this.#labels = labels;
    this.#changed = changed;
  }

  /** @param count whole, from 0 */
  add(count: number): void {
    if (count === 0) return;
    if (this.#added === 0) this.#changed.add(this);
    this.#added += count;
  }

  /** For `ChangedCells`. */
  take(): SeriesDelta {
    const value = this.#added;
    this.#added = 0;
    return { metric: this.#metric, labels: this.#labels, value };
  }
}

export class HistogramCell {
  readonly #metric: string;
  readonly #labels: readonly string[];
  readonly #changed: ChangedCells;
  readonly #histogram: Histogram;
  readonly #lost: Counter;
  #isChanged = false;

  /** @param lost counts values for which there is no memory */
  constructor(metric: string, labels: readonly string[], changed: ChangedCells, perUnit: number, pages: PageBudget, lost: Counter) {
    this.#metric = metric;
    this.#labels = labels;
    this.#changed = changed;
    this.#histogram = new Histogram(perUnit, pages);
    this.#lost = lost;
  }

  /** @param value whole; milliseconds where the unit of the metric is seconds */
  record(value: number): void {
    if (!this.#histogram.record(value)) {
      this.#lost.add(1);
      return;
    }
    if (this.#isChanged) return;
    this.#isChanged = true;
    this.#changed.add(this);
  }

  /** Adds the values of another histogram of the same unit. */
  merge(delta: HistogramDelta): void {
    this.#histogram.add(delta);
    if (this.#isChanged) return;
    this.#isChanged = true;
    this.#changed.add(this);
  }

  /** For `ChangedCells`. */
  take(): SeriesDelta {
    this.#isChanged = false;
    return { metric: this.#metric, labels: this.#labels, histogram: this.#histogram.take() };
  }
}
