// The memory of a store: numbered slots in linked lists, kept in typed arrays, so that neither a hit nor a move makes an object.
// Slot numbers below `lists` are the ends of the lists; a list runs from its newest to its oldest.

const FIRST = 64; // slots at the start; doubled as they are needed

export class SlotLists<V> {
  readonly #byKey = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #values: (V | undefined)[] = [];
  #next: Uint32Array<ArrayBuffer>; // towards the oldest
  #before: Uint32Array<ArrayBuffer>;
  #until: Float64Array<ArrayBuffer>; // epoch ms
  #bytes: Float64Array<ArrayBuffer>;
  #free = 0; // the first of the free slots, chained by `next`; 0 for none
  #made: number;
  readonly #lists: number;

  constructor(lists: number) {
    this.#lists = lists;
    this.#made = lists;
    this.#next = new Uint32Array(FIRST);
    this.#before = new Uint32Array(FIRST);
    this.#until = new Float64Array(FIRST);
    this.#bytes = new Float64Array(FIRST);
    for (let list = 0; list < lists; list++) this.#close(list);
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** @returns 0 or a number of a list where there is none: never the number of a slot in use */
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
    return this.#until[slot]! <= now;
  }

  /** The slot of the oldest in a list; the list's own number where it is empty. */
  oldest(list: number): number {
    return this.#before[list]!;
  }

  /** The next newer one; the list's own number after the newest. */
  newer(slot: number): number {
    return this.#before[slot]!;
  }

  add(list: number, key: string): number {
    const slot = this.#take();
    this.#byKey.set(key, slot);
    this.#keys[slot] = key;
    this.#link(list, slot);
    return slot;
  }

  fill(slot: number, value: V, bytes: number, until: number): void {
    this.#values[slot] = value;
    this.#bytes[slot] = bytes;
    this.#until[slot] = until;
  }

  /** Makes a slot the newest of a list, its own or another one. */
  move(list: number, slot: number): void {
    if (this.#next[list] === slot) return;
    this.#unlink(slot);
    this.#link(list, slot);
  }

  remove(slot: number): void {
    this.#unlink(slot);
    this.#byKey.delete(this.#keys[slot]!);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#next[slot] = this.#free;
    this.#free = slot;
  }

  clear(): void {
    this.#byKey.clear();
    this.#keys.length = 0;
    this.#values.length = 0;
    this.#free = 0;
    this.#made = this.#lists;
    for (let list = 0; list < this.#lists; list++) this.#close(list);
  }

  #close(list: number): void {
    this.#next[list] = list;
    this.#before[list] = list;
  }

  #link(list: number, slot: number): void {
    const second = this.#next[list]!;
    this.#next[slot] = second;
    this.#before[slot] = list;
    this.#before[second] = slot;
    this.#next[list] = slot;
  }

  #unlink(slot: number): void {
    const next = this.#next[slot]!;
    const before = this.#before[slot]!;
    this.#next[before] = next;
    this.#before[next] = before;
  }

  #take(): number {
    if (this.#free !== 0) {
      const slot = this.#free;
      this.#free = this.#next[slot]!;
      return slot;
    }
    if (this.#made === this.#next.length) this.#grow(this.#made * 2);
    const slot = this.#made;
    this.#made += 1;
    return slot;
  }

  #grow(length: number): void {
    const [next, before, until, bytes] = [this.#next, this.#before, this.#until, this.#bytes];
    this.#next = new Uint32Array(length);
    this.#before = new Uint32Array(length);
    this.#until = new Float64Array(length);
    this.#bytes = new Float64Array(length);
    this.#next.set(next);
    this.#before.set(before);
    this.#until.set(until);
    this.#bytes.set(bytes);
  }
}

const LOOKED_AT = 4; // slots at the old end

/** What has to go from a list: one of its oldest that has expired, else the oldest. The list's own number where it is empty. */
export function evictionCandidate<V>(slots: SlotLists<V>, list: number, now: number): number {
  let slot = slots.oldest(list);
  for (let looked = 0; looked < LOOKED_AT && slot !== list; looked++) {
    if (slots.isExpired(slot, now)) return slot;
    slot = slots.newer(slot);
  }
  return slots.oldest(list);
}
