// The parts of every simulation: a world with its own clock and random numbers, and rows of figures with their goals.

/** One line of the table: the figures of one variant under one scenario. */
export interface Row {
  readonly variant: string;
  readonly figures: Readonly<Record<string, number>>; // figures per column; a figure without meaning is left out
  readonly goals?: readonly Goal[];
  readonly series?: readonly number[]; // values for plots: a share in [0, 1] of each second
}

/** A promise of an issue or of a document, and what was measured. */
export interface Goal {
  readonly name: string;
  readonly measured: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Scenario<Rows = readonly Row[]> {
  readonly name: string;
  readonly about: string; // one line for --list
  run(seed: number): Rows;
}

/** What test/simulation/NAME/index.ts exports as `simulation`. */
export interface Simulation<Rows = readonly Row[]> {
  readonly about: string;
  readonly scenarios: readonly Scenario<Rows>[];
  /** The page of the documentation that is made of the rows of all scenarios, with seed 1: `--write`. */
  readonly document?: { readonly path: string; text(results: ReadonlyMap<string, readonly Row[]>): string };
}

export function isMet({ measured, atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Goal): boolean {
  return measured <= atMost && measured >= atLeast;
}

/** The same numbers for the same seed, everywhere: mulberry32. @returns a number in [0, 1) with each call */
export function randomStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A world of events in the order of their time; those of one instant in the order in which they were planned. */
export class World {
  now = 0; // ms
  readonly #times: number[] = []; // a binary heap, in three arrays that move together
  readonly #order: number[] = [];
  readonly #events: (() => void)[] = [];
  #planned = 0;

  /** @param time ms on the world's clock; what lies in the past happens now */
  at(time: number, event: () => void): void {
    let hole = this.#times.length;
    const due = Math.max(time, this.now);
    const order = this.#planned++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#times[parent]! <= due) break; // the newest of its instant comes last
      this.#put(hole, this.#times[parent]!, this.#order[parent]!, this.#events[parent]!);
      hole = parent;
    }
    this.#put(hole, due, order, event);
  }

  after(ms: number, event: () => void): void {
    this.at(this.now + ms, event);
  }

  /** Lets everything happen that is due up to `end`, and leaves the clock there. */
  run(end: number): void {
    while (this.#times.length > 0 && this.#times[0]! <= end) {
      this.now = this.#times[0]!;
      this.#take()();
    }
    this.now = end;
  }

  /** Lets the next thing happen that is due up to `end`. @returns whether there was one */
  step(end: number): boolean {
    if (this.#times.length === 0 || this.#times[0]! > end) return false;
    this.now = this.#times[0]!;
    this.#take()();
    return true;
  }

  #take(): () => void {
    const first = this.#events[0]!;
    const due = this.#times.pop()!;
    const order = this.#order.pop()!;
    const event = this.#events.pop()!;
    const size = this.#times.length;
    if (size === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, this.#times[child]!, this.#order[child]!)) child++;
      if (!this.#isBefore(child, due, order)) break;
      this.#put(hole, this.#times[child]!, this.#order[child]!, this.#events[child]!);
      hole = child;
    }
    this.#put(hole, due, order, event);
    return first;
  }

  #isBefore(index: number, time: number, order: number): boolean {
    return this.#times[index]! < time || (this.#times[index]! === time && this.#order[index]! < order);
  }

  #put(index: number, time: number, order: number, event: () => void): void {
    this.#times[index] = time;
    this.#order[index] = order;
    this.#events[index] = event;
  }
}
