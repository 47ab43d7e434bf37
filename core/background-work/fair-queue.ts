// A bounded queue that is fair between keys: each key in turn, and within a key the oldest first.

export interface KeyedEntry {
  readonly key: string;
}

export class FairQueue<E extends KeyedEntry> {
  readonly #max: number;
  readonly #byKey = new Map<string, Set<E>>(); // in the order of turns; no empty sets
  #size = 0;

  /** @param max entries of all keys */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adds an entry. In a full queue it takes the place of the newest entry of the key that has most, if that key has more than its own would
   * have: one caller cannot keep all others out. Of several such keys it is the one whose turn comes first.
   *
   * @returns the entry that was left out: another one, the new one where the queue is full, or none
   */
  add(entry: E): E | undefined {
    let leftOut: E | undefined;
    if (this.#size >= this.#max) {
      const longest = this.#longest();
      if (longest === undefined || longest.size <= (this.#byKey.get(entry.key)?.size ?? 0) + 1) return entry;
      leftOut = [...longest].at(-1)!;
      this.delete(leftOut);
    }
    const entries = this.#byKey.get(entry.key);
    if (entries === undefined) this.#byKey.set(entry.key, new Set([entry]));
    else entries.add(entry);
    this.#size += 1;
    return leftOut;
  }

  /** @returns the next entry; its key has its next turn after all others */
  take(): E | undefined {
    for (const [key, entries] of this.#byKey) {
      const [entry] = entries;
      this.delete(entry!);
      if (entries.size > 0) {
        this.#byKey.delete(key);
        this.#byKey.set(key, entries);
      }
      return entry;
    }
    return undefined;
  }

  /** @returns false where it is not in the queue */
  delete(entry: E): boolean {
    const entries = this.#byKey.get(entry.key);
    if (entries?.delete(entry) !== true) return false;
    if (entries.size === 0) this.#byKey.delete(entry.key);
    this.#size -= 1;
    return true;
  }

  #longest(): Set<E> | undefined {
    let longest: Set<E> | undefined;
    for (const entries of this.#byKey.values()) if (entries.size > (longest?.size ?? 0)) longest = entries;
    return longest;
  }
}
