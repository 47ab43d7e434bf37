// Remembers keys that were seen not long ago, and nothing but them: as 30 bits each, the oldest forgotten first.
// Two keys may look alike once in a billion: then one counts as seen that was not.
import { hash32 } from "../../hash.ts";

export class RecentKeys {
  readonly #capacity: number;
  #marks: Uint32Array<ArrayBuffer>; // a ring; grows up to the capacity
  #times: Float64Array<ArrayBuffer>; // epoch ms
  readonly #places = new Map<number, number>(); // mark -> its latest place in the ring
  #next = 0;

  /** @param capacity keys remembered, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
    const first = Math.min(64, capacity);
    this.#marks = new Uint32Array(first);
    this.#times = new Float64Array(first);
  }

  get size(): number {
    return this.#places.size;
  }

  /** @param most keys to be remembered by now, at least 1: less than the capacity where the memory would not be worth it */
  remember(key: string, now: number, most = this.#capacity): void {
    const mark = markOf(key);
    const place = this.#place(Math.min(most, this.#capacity));
    this.#marks[place] = mark;
    this.#times[place] = now;
    this.#places.set(mark, place);
  }

  /** @returns epoch ms of the last time, -Infinity where it is not remembered */
  seenAt(key: string): number {
    const place = this.#places.get(markOf(key));
    return place === undefined ? Number.NEGATIVE_INFINITY : this.#times[place]!;
  }

  /** @returns whether it was remembered */
  forget(key: string): boolean {
    return this.#places.delete(markOf(key));
  }

  clear(): void {
    this.#places.clear();
    this.#next = 0;
  }

  #place(most: number): number {
    if (this.#next >= most) this.#next = 0;
    else if (this.#next === this.#marks.length) this.#grow(Math.min(this.#capacity, this.#next * 2));
    const place = this.#next;
    this.#next += 1;
    const old = this.#marks[place]!;
    if (this.#places.get(old) === place) this.#places.delete(old); // else it has been seen again since
    return place;
  }

  #grow(length: number): void {
    const [marks, times] = [this.#marks, this.#times];
    this.#marks = new Uint32Array(length);
    this.#times = new Float64Array(length);
    this.#marks.set(marks);
    this.#times.set(times);
  }
}

/** In 30 bits, which V8 keeps without an object. */
function markOf(key: string): number {
  return hash32(key) >>> 2;
}
