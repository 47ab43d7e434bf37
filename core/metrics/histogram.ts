// A histogram of whole numbers: counts in exponential buckets, in pages of one octave that exist where values are.
import { type HistogramDelta, indexOf, MAX_INDEX, MIN_INDEX, SCALE } from "./buckets.ts";

const PAGE = 2 ** SCALE; // buckets
const PAGES = (MAX_INDEX + 1 - MIN_INDEX) / PAGE;
/** Indexes of values below are looked up: a logarithm takes longer. */
const LOOKED_UP = 4_096;

/** Memory for pages, 300 bytes each, of several histograms together. */
export interface PageBudget {
  left: number;
}

/** Tables of `indexOf`, by the recorded values of one unit. */
const tables = new Map<number, Int16Array>();

function tableOf(perUnit: number): Int16Array {
  let table = tables.get(perUnit);
  if (table === undefined) {
    table = Int16Array.from({ length: LOOKED_UP }, (_, value) => (value === 0 ? 0 : indexOf(value / perUnit)));
    tables.set(perUnit, table);
  }
  return table;
}

export class Histogram {
  readonly #perUnit: number;
  readonly #table: Int16Array;
  readonly #budget: PageBudget | undefined;
  readonly #pages: (number[] | undefined)[] = new Array(PAGES).fill(undefined);
  #zeros = 0;
  #sum = 0;

  /**
   * @param perUnit recorded values in one unit of the metric: 1,000 for milliseconds of a metric in seconds. Buckets are those of the unit
   * @param budget  bounds the pages; without it there are at most 63, of 300 bytes each
   */
  constructor(perUnit = 1, budget?: PageBudget) {
    this.#perUnit = perUnit;
    this.#table = tableOf(perUnit);
    this.#budget = budget;
  }

  /**
   * @param value a whole number; one below 0, as of a clock that was set back, counts as 0
   * @returns false where there is no memory for its page: then nothing is recorded
   */
  record(value: number): boolean {
    if (value <= 0) {
      this.#zeros += 1;
      return true;
    }
    const index = value < LOOKED_UP ? this.#table[value]! : indexOf(value / this.#perUnit);
    const page = this.#pages[(index - MIN_INDEX) >> SCALE] ?? this.#newPage((index - MIN_INDEX) >> SCALE);
    if (page === undefined) return false;
    page[index & (PAGE - 1)]! += 1;
    this.#sum += value;
    return true;
  }

  /** Adds all values of another histogram. Exact: counts and sums are whole numbers. */
  add({ zeros, sum, offset, counts }: HistogramDelta): void {
    this.#zeros += zeros;
    this.#sum += sum;
    for (const [position, count] of counts.entries()) {
      if (count === 0) continue;
      const index = Math.min(MAX_INDEX, Math.max(MIN_INDEX, offset + position));
      const page = this.#pages[(index - MIN_INDEX) >> SCALE] ?? this.#newPage((index - MIN_INDEX) >> SCALE);
      if (page !== undefined) page[index & (PAGE - 1)]! += count;
    }
  }

  read(): HistogramDelta {
    let first = -1; // position of the first bucket with values
    let last = -1;
    for (let number = 0; number < PAGES; number++) {
      const page = this.#pages[number];
      if (page === undefined) continue;
      for (let bucket = 0; bucket < PAGE; bucket++) {
        if (page[bucket] === 0) continue;
        last = number * PAGE + bucket;
        if (first < 0) first = last;
      }
    }
    if (first < 0) return { zeros: this.#zeros, sum: this.#sum, offset: 0, counts: [] };
    const counts = new Array<number>(last - first + 1).fill(0);
    for (let position = first; position <= last; position++)
      counts[position - first] = this.#pages[position >> SCALE]?.[position & (PAGE - 1)] ?? 0;
    return { zeros: this.#zeros, sum: this.#sum, offset: MIN_INDEX + first, counts };
  }

  /** Reads all values and forgets them. A page without values goes back to the budget. */
  take(): HistogramDelta {
    const taken = this.read();
    this.#zeros = 0;
    this.#sum = 0;
    for (const [number, page] of this.#pages.entries()) {
      if (page === undefined) continue;
      if (page.some((count) => count > 0)) page.fill(0);
      else {
        this.#pages[number] = undefined;
        if (this.#budget !== undefined) this.#budget.left += 1;
      }
    }
    return taken;
  }

  #newPage(number: number): number[] | undefined {
    const budget = this.#budget;
    if (budget !== undefined) {
      if (budget.left <= 0) return undefined;
      budget.left -= 1;
    }
    const page = new Array<number>(PAGE).fill(0);
    this.#pages[number] = page;
    return page;
  }
}
