// The results of a stage of a pipeline: how much of it may run, what waits for the next stage, and in which order that gets it.

export interface WindowSettings {
  readonly concurrency: number; // items that are processed at the same time
  readonly buffer: number; // results beyond these that may wait for the next stage
  readonly isOrdered: boolean; // results leave in the order of their items
}

export class ResultWindow<R> {
  readonly #settings: WindowSettings;
  readonly #finished = new Map<number, R>(); // results by the number of their item, in the order of their ends
  #started = 0;
  #taken = 0;
  #running = 0;

  constructor(settings: WindowSettings) {
    this.#settings = settings;
  }

  /** Whether one more item may be processed: a next stage that takes nothing stops this one after `concurrency + buffer` items. */
  get canStart(): boolean {
    const { concurrency, buffer } = this.#settings;
    return this.#running < concurrency && this.#running + this.#finished.size < concurrency + buffer;
  }

  /** Items whose results were not taken. */
  get size(): number {
    return this.#running + this.#finished.size;
  }

  /** @returns the number of the item */
  start(): number {
    this.#running += 1;
    this.#started += 1;
    return this.#started - 1;
  }

  finish(item: number, result: R): void {
    this.#running -= 1;
    this.#finished.set(item, result);
  }

  /** @returns the next result, or undefined where none is ready */
  take(): { readonly result: R } | undefined {
    const item = this.#settings.isOrdered ? this.#taken : this.#finished.keys().next().value;
    if (item === undefined || !this.#finished.has(item)) return undefined;
    const result = this.#finished.get(item)!;
    this.#finished.delete(item);
    this.#taken += 1;
    return { result };
  }
}
