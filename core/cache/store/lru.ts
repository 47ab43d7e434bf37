// Evicts the least recently used entry. The default: without scans it is as good as other policies, and adapts at once to new popular keys.
import { assert } from "../../assert.ts";
import { evictionCandidate, SlotLists } from "./slot-lists.ts";
import type { Store, StoreLimits } from "./store.ts";

const LIST = 0;

export class Lru<V> implements Store<V> {
  #limits: StoreLimits;
  readonly #slots = new SlotLists<V>(1);
  #bytes = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, now: number): V | undefined {
    const slot = this.#slots.find(key);
    if (slot === 0) return undefined;
    if (this.#slots.isExpired(slot, now)) {
      this.#remove(slot);
      return undefined;
    }
    this.#slots.move(LIST, slot);
    return this.#slots.value(slot);
  }

  set(key: string, value: V, bytes: number, keepUntil: number, now: number): void {
    assert(bytes >= 1, `an entry has ${bytes} bytes; write at least 1`);
    if (bytes > this.#limits.maxBytes || keepUntil <= now) {
      this.delete(key);
      return;
    }
    const existing = this.#slots.find(key);
    if (existing === 0) {
      this.#slots.fill(this.#slots.add(LIST, key), value, bytes, keepUntil);
      this.#bytes += bytes;
    } else {
      this.#bytes += bytes - this.#slots.bytes(existing);
      this.#slots.fill(existing, value, bytes, keepUntil);
      this.#slots.move(LIST, existing);
    }
    this.trim(now); // ends before the newest entry is evicted: alone it fits
  }

  resize(limits: StoreLimits): void {
    this.#limits = limits;
  }

  trim(now: number): void {
    while (this.#bytes > this.#limits.maxBytes || this.#slots.size > this.#limits.maxEntries)
      this.#remove(evictionCandidate(this.#slots, LIST, now));
  }

  shrinkTo(maxBytes: number, now: number): void {
    while (this.#bytes > maxBytes && this.#slots.size > 0) this.#remove(evictionCandidate(this.#slots, LIST, now));
  }

  delete(key: string): boolean {
    const slot = this.#slots.find(key);
    if (slot === 0) return false;
    this.#remove(slot);
    return true;
  }

  clear(): void {
    this.#slots.clear();
    this.#bytes = 0;
  }

  #remove(slot: number): void {
    this.#bytes -= this.#slots.bytes(slot);
    this.#slots.remove(slot);
  }
}
