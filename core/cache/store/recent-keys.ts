// Remembers which keys were seen recently, and when, in 30 bits per key. The oldest are forgotten first.
// Two keys are confused once in a billion: then a key counts as seen that was not.
import { hash32 } from "../../hash.ts";

const INITIAL_CAPACITY = 64;

export class RecentKeys {
  readonly #capacity: number;
  #marks: Uint32Array<ArrayBuffer>; // ring buffer of hashed keys; grows up to the capacity
  #times: Float64Array<ArrayBuffer>; // epoch ms
  readonly #positions = new Map<number, number>(); // latest position in the ring by mark
  #next = 0; // position that is written next

  /** @param capacity keys remembered, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
    const length = Math.min(INITIAL_CAPACITY, capacity);
    this.#marks = new Uint32Array(length);
    this.#times = new Float64Array(length);
  }

  get size(): number {
    return this.#positions.size;
  }

  /** @param most keys to remember from now on, at least 1: for users that need fewer than the capacity at the moment */
  remember(key: string, now: number, most = this.#capacity): void {
    const mark = markOf(key);
    const position = this.#takePosition(Math.min(most, this.#capacity));
    this.#marks[position] = mark;
    this.#times[position] = now;
    this.#positions.set(mark, position);
  }

  /** @returns epoch ms at which the key was last seen; -Infinity where it is not remembered */
  seenAt(key: string): number {
    const position = this.#positions.get(markOf(key));
    return position === undefined ? Number.NEGATIVE_INFINITY : this.#times[position]!;
  }

  /** @returns whether the key was remembered */
  forget(key: string): boolean {
    return this.#positions.delete(markOf(key));
  }

  clear(): void {
    this.#positions.clear();
    this.#next = 0;
  }

  #takePosition(most: number): number {
    if (this.#next >= most) this.#next = 0;
    else if (this.#next === this.#marks.length) this.#grow(Math.min(this.#capacity, this.#next * 2));
    const position = this.#next;
    this.#next += 1;
    const overwritten = this.#marks[position]!;
    if (this.#positions.get(overwritten) === position) this.#positions.delete(overwritten); // unless the key has a later position
    return position;
  }

  #grow(length: number): void {
    const [marks, times] = [this.#marks, this.#times];
    this.#marks = new Uint32Array(length);
    this.#times = new Float64Array(length);
    this.#marks.set(marks);
    this.#times.set(times);
  }
}

/** The hash of a key in 30 bits: V8 stores such a number without an object. */
function markOf(key: string): number {
  return hash32(key) >>> 2;
}
