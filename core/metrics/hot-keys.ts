// The keys of limits with most calls, in bounded memory: the space-saving algorithm.
import type { HotKeyCount } from "./hot-key-count.ts";

interface Entry {
  readonly rule: string;
  readonly hash: string;
  allowed: number; // calls since the key is listed: never too many
  refused: number;
  weight: number; // calls, with those that the key may have had before it was listed: never too few
}

/**
 * A key with more than 1 / max of all calls is always listed. Its counts lack what it had before it was listed, at most 1 / max of all calls.
 *
 * @see Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005
 */
export class HotKeys {
  readonly #max: number;
  readonly #entries = new Map<string, Entry>();

  /** @param max keys that are listed; one takes 200 bytes and its rule's name */
  constructor(max: number) {
    this.#max = max;
  }

  record({ rule, hash, allowed, refused }: HotKeyCount): void {
    this.add(rule, hash, allowed, refused);
  }

  /** @param hash of the key, with its rule: keys of two rules have two hashes. Where keys are listed themselves, the key */
  add(rule: string, hash: string, allowed: number, refused: number): void {
    let entry = this.#entries.get(hash);
    if (entry === undefined) {
      entry = { rule, hash, allowed: 0, refused: 0, weight: this.#entries.size < this.#max ? 0 : this.#dropLightest() };
      this.#entries.set(hash, entry);
    }
    entry.allowed += allowed;
    entry.refused += refused;
    entry.weight += allowed + refused;
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
    return taken;
  }

  /** @returns its weight */
  #dropLightest(): number {
    let lightest: readonly [string, Entry] | undefined;
    for (const listed of this.#entries) if (lightest === undefined || listed[1].weight < lightest[1].weight) lightest = listed;
    if (lightest === undefined) return 0;
    this.#entries.delete(lightest[0]);
    return lightest[1].weight;
  }
}
