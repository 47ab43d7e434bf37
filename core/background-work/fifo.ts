// A queue, first in, first out: constant time for each operation, and no copy of what waits.

const COMPACT_FROM = 1_024; // taken places at the front of the array, from which on it is cut

export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** @returns the oldest ones, at most `count` */
  take(count: number): T[] {
    const taken = this.#items.slice(this.#head, this.#head + count);
    this.#items.fill(undefined as T, this.#head, this.#head + taken.length); // nothing that was taken is referenced
    this.#head += taken.length;
    if (this.size === 0 || (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length)) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Reads from the front without taking. @param at 0 for the oldest */
  peek(at: number): T | undefined {
    return this.#items[this.#head + at];
  }
}
