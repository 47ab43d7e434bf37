// The keys of limits with most calls, in bounded memory: the space-saving algorithm.
import type { HotKeyCount } from "./hot-key-count.ts";

interface Entry {
  rule: string;
  hash: string;
  allowed: number; // calls since the key is listed: never too many
  refused: number;
  weight: number; // calls, with those that the key may have had before it was listed: never too few
  position: number; // in the heap
}

/**
 * A key with more than 1 / max of all calls is always listed. Its counts lack what it had before it was listed, at most 1 / max of all calls.
 * A call costs one lookup and some steps in a heap, and allocates nothing once all entries are in use: a key that takes the place of the
 * lightest one takes its entry.
 *
 * @see Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005
 */
export class HotKeys {
  readonly #max: number;
  readonly #entries = new Map<string, Entry>(); // keyed by their hashes
  #heap: Entry[] = []; // no entry is lighter than the one at half its position: the lightest is the first

  /** @param max keys that are listed; one takes 200 bytes and its rule's name */
  constructor(max: number) {
    this.#max = max;
  }

  record({ rule, hash, allowed, refused }: HotKeyCount): void {
    this.add(rule, hash, allowed, refused);
  }

  /** @param hash of the key, with its rule: keys of two rules have two hashes. Where keys are listed themselves, the key */
  add(rule: string, hash: string, allowed: number, refused: number): void {
    const entry = this.#entries.get(hash) ?? this.#list(rule, hash);
    entry.allowed += allowed;
    entry.refused += refused;
    entry.weight += allowed + refused;
    this.#sink(entry);
  }

  /** @returns at most `most` keys, those with most refusals first, then those with most calls */
  read(most = this.#max): readonly HotKeyCount[] {
    return [...this.#entries.values()]
      .toSorted((one, other) => other.refused - one.refused || other.allowed - one.allowed)
      .slice(0, most)
      .map(({ rule, hash, allowed, refused }) => ({ rule, hash, allowed, refused }));
  }

  /** Reads all keys and forgets them. */
  take(): readonly HotKeyCount[] {
    const taken = this.read();
    this.#entries.clear();
    this.#heap = [];
    return taken;
  }

  /** @returns an entry for a key that has none: a new one, or that of the lightest key, whose weight it keeps */
  #list(rule: string, hash: string): Entry {
    const heap = this.#heap;
    let entry = heap.length < this.#max ? undefined : heap[0];
    if (entry === undefined) {
      entry = { rule, hash, allowed: 0, refused: 0, weight: 0, position: heap.length };
      heap.push(entry);
      this.#rise(entry); // it is the lightest now
    } else {
      this.#entries.delete(entry.hash);
      entry.rule = rule;
      entry.hash = hash;
      entry.allowed = 0;
      entry.refused = 0;
    }
    this.#entries.set(hash, entry);
    return entry;
  }

  #rise(entry: Entry): void {
    const heap = this.#heap;
    let { position } = entry;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = heap[above]!;
      if (parent.weight <= entry.weight) break;
      heap[position] = parent;
      parent.position = position;
      position = above;
    }
    heap[position] = entry;
    entry.position = position;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let { position } = entry;
    for (;;) {
      let below = 2 * position + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && heap[below + 1]!.weight < heap[below]!.weight) below += 1;
      const child = heap[below]!;
      if (child.weight >= entry.weight) break;
      heap[position] = child;
      child.position = position;
      position = below;
    }
    heap[position] = entry;
    entry.position = position;
  }
}
