// The memory of a store: numbered slots in doubly linked lists, held in typed arrays, so that neither a lookup nor a move allocates.
// Slot numbers below `lists` are the heads of the lists. A list runs from its newest slot to its oldest one and back to its head.

const INITIAL_SLOTS = 64; // doubled when more are needed

export class SlotLists<V> {
  readonly #byKey = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #values: (V | undefined)[] = [];
  #older: Uint32Array<ArrayBuffer>; // next slot towards the oldest
  #newer: Uint32Array<ArrayBuffer>; // next slot towards the newest
  #keepUntil: Float64Array<ArrayBuffer>; // epoch ms
  #bytes: Float64Array<ArrayBuffer>;
  #free = 0; // first of the free slots, which `#older` links; 0 for none
  #used: number; // slots taken so far, list heads and free ones included
  readonly #lists: number;

  constructor(lists: number) {
    this.#lists = lists;
    this.#used = lists;
    this.#older = new Uint32Array(INITIAL_SLOTS);
    this.#newer = new Uint32Array(INITIAL_SLOTS);
    this.#keepUntil = new Float64Array(INITIAL_SLOTS);
    this.#bytes = new Float64Array(INITIAL_SLOTS);
    for (let list = 0; list < lists; list++) this.#empty(list);
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** @returns 0 where the key has no slot */
  find(key: string): number {
    return this.#byKey.get(key) ?? 0;
  }

  key(slot: number): string {
    return this.#keys[slot]!;
  }

  value(slot: number): V {
    return this.#values[slot]!;
  }

  bytes(slot: number): number {
    return this.#bytes[slot]!;
  }

  isExpired(slot: number, now: number): boolean {
    return this.#keepUntil[slot]! <= now;
  }

  /** The oldest slot of a list; the list's own number where it is empty. */
  oldest(list: number): number {
    return this.#newer[list]!;
  }

  /** The next newer slot; the list's own number after the newest one. */
  newer(slot: number): number {
    return this.#newer[slot]!;
  }

  add(list: number, key: string): number {
    const slot = this.#take();
    this.#byKey.set(key, slot);
    this.#keys[slot] = key;
    this.#link(list, slot);
    return slot;
  }

  fill(slot: number, value: V, bytes: number, keepUntil: number): void {
    this.#values[slot] = value;
    this.#bytes[slot] = bytes;
    this.#keepUntil[slot] = keepUntil;
  }

  /** Makes a slot the newest of a list: the one that it is in, or another one. */
  move(list: number, slot: number): void {
    if (this.#older[list] === slot) return;
    this.#unlink(slot);
    this.#link(list, slot);
  }

  remove(slot: number): void {
    this.#unlink(slot);
    this.#byKey.delete(this.#keys[slot]!);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#older[slot] = this.#free;
    this.#free = slot;
  }

  clear(): void {
    this.#byKey.clear();
    this.#keys.length = 0;
    this.#values.length = 0;
    this.#free = 0;
    this.#used = this.#lists;
    for (let list = 0; list < this.#lists; list++) this.#empty(list);
  }

  #empty(list: number): void {
    this.#older[list] = list;
    this.#newer[list] = list;
  }

  #link(list: number, slot: number): void {
    const formerNewest = this.#older[list]!;
    this.#older[slot] = formerNewest;
    this.#newer[slot] = list;
    this.#newer[formerNewest] = slot;
    this.#older[list] = slot;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    this.#older[newer] = older;
    this.#newer[older] = newer;
  }

  #take(): number {
    if (this.#free !== 0) {
      const slot = this.#free;
      this.#free = this.#older[slot]!;
      return slot;
    }
    if (this.#used === this.#older.length) this.#grow(this.#used * 2);
    const slot = this.#used;
    this.#used += 1;
    return slot;
  }

  #grow(length: number): void {
    const [older, newer, keepUntil, bytes] = [this.#older, this.#newer, this.#keepUntil, this.#bytes];
    this.#older = new Uint32Array(length);
    this.#newer = new Uint32Array(length);
    this.#keepUntil = new Float64Array(length);
    this.#bytes = new Float64Array(length);
    this.#older.set(older);
    this.#newer.set(newer);
    this.#keepUntil.set(keepUntil);
    this.#bytes.set(bytes);
  }
}

const MAX_CHECKED = 4; // slots at the old end of a list that are checked for expiry

/** The slot that a list evicts next: an expired one among its oldest, otherwise the oldest. The list's own number where it is empty. */
export function evictionCandidate<V>(slots: SlotLists<V>, list: number, now: number): number {
  let slot = slots.oldest(list);
  for (let checked = 0; checked < MAX_CHECKED && slot !== list; checked++) {
    if (slots.isExpired(slot, now)) return slot;
    slot = slots.newer(slot);
  }
  return slots.oldest(list);
}
