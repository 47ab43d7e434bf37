// Evicts entries that were looked up only once: new entries pass through a small queue, and only those looked up again move to the
// main queue.
// Scans, and the many keys that are looked up once, do not evict popular entries.
// @see Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023
import { assert } from "../../assert.ts";
import { RecentKeys } from "./recent-keys.ts";
import { evictionCandidate, SlotLists } from "./slot-lists.ts";
import type { Store, StoreLimits } from "./store.ts";

const SMALL = 0;
const MAIN = 1;
const SMALL_SHARE = 0.1; // share of the limits that the small queue may use
const MIN_GHOSTS = 64; // remembered keys of evicted entries; otherwise as many as there are entries, so few where entries are large
const MAX_USES = 3; // lookups that are counted

export class S3Fifo<V> implements Store<V> {
  #limits: StoreLimits;
  readonly #slots = new SlotLists<V>(2);
  readonly #ghosts: RecentKeys; // keys evicted from the small queue without a lookup; one that is set again goes to the main queue
  #uses = new Uint8Array(64); // lookups per slot since it entered its queue
  #isMain = new Uint8Array(64);
  #bytes = 0;
  #small = 0; // entries in the small queue
  #smallBytes = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
    this.#ghosts = new RecentKeys(Math.max(1, Math.ceil(limits.maxEntries * (1 - SMALL_SHARE))));
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
    this.#use(slot);
    return this.#slots.value(slot);
  }

  set(key: string, value: V, bytes: number, keepUntil: number, now: number): void {
    assert(bytes >= 1, `an entry has ${bytes} bytes; write at least 1`);
    if (bytes > this.#limits.maxBytes || keepUntil <= now) {
      this.delete(key);
      return;
    }
    // Makes room before the entry is added: as the newest of the small queue it could be evicted at once.
    const existing = this.#slots.find(key);
    const use = existing === 0 ? 0 : this.#uses[existing]!;
    const isMain = existing === 0 ? this.#ghosts.forget(key) : this.#isMain[existing] === 1;
    if (existing !== 0) this.#remove(existing);
    while (this.#bytes + bytes > this.#limits.maxBytes || this.#slots.size >= this.#limits.maxEntries) this.#evict(now);
    const slot = this.#slots.add(isMain ? MAIN : SMALL, key);
    this.#slots.fill(slot, value, bytes, keepUntil);
    this.#bytes += bytes;
    this.#mark(slot, isMain, use);
    if (isMain) return;
    this.#small += 1;
    this.#smallBytes += bytes;
  }

  /** As many evicted keys are remembered as under the first limits. */
  resize(limits: StoreLimits): void {
    this.#limits = limits;
  }

  trim(now: number): void {
    while (this.#bytes > this.#limits.maxBytes || this.#slots.size > this.#limits.maxEntries) this.#evict(now);
  }

  shrinkTo(maxBytes: number, now: number): void {
    while (this.#bytes > maxBytes && this.#slots.size > 0) this.#evict(now);
  }

  delete(key: string): boolean {
    const slot = this.#slots.find(key);
    if (slot === 0) return false;
    this.#remove(slot);
    return true;
  }

  clear(): void {
    this.#slots.clear();
    this.#ghosts.clear();
    this.#bytes = 0;
    this.#small = 0;
    this.#smallBytes = 0;
  }

  #use(slot: number): void {
    const uses = this.#uses[slot]!;
    if (uses < MAX_USES) this.#uses[slot] = uses + 1;
  }

  #evict(now: number): void {
    const { maxEntries, maxBytes } = this.#limits;
    const isSmallFull = this.#small > maxEntries * SMALL_SHARE || this.#smallBytes > maxBytes * SMALL_SHARE;
    if (this.#small > 0 && (isSmallFull || this.#small === this.#slots.size)) this.#evictSmall(now);
    else this.#evictMain(now);
  }

  #evictSmall(now: number): void {
    const slot = evictionCandidate(this.#slots, SMALL, now);
    const isExpired = this.#slots.isExpired(slot, now);
    if (!isExpired && this.#uses[slot]! > 0) {
      this.#slots.move(MAIN, slot);
      this.#small -= 1;
      this.#smallBytes -= this.#slots.bytes(slot);
      this.#mark(slot, true, 0);
      return; // nothing is evicted yet: the caller's loop continues
    }
    if (!isExpired) this.#ghosts.remember(this.#slots.key(slot), now, Math.max(MIN_GHOSTS, this.#slots.size));
    this.#remove(slot);
  }

  #evictMain(now: number): void {
    const slot = evictionCandidate(this.#slots, MAIN, now);
    if (this.#uses[slot] === 0 || this.#slots.isExpired(slot, now)) {
      this.#remove(slot);
      return;
    }
    this.#uses[slot] = this.#uses[slot]! - 1;
    this.#slots.move(MAIN, slot);
  }

  #mark(slot: number, isMain: boolean, uses: number): void {
    if (slot >= this.#uses.length) {
      const [oldUses, oldIsMain] = [this.#uses, this.#isMain];
      this.#uses = new Uint8Array(oldUses.length * 2);
      this.#isMain = new Uint8Array(oldUses.length * 2);
      this.#uses.set(oldUses);
      this.#isMain.set(oldIsMain);
    }
    this.#uses[slot] = uses;
    this.#isMain[slot] = isMain ? 1 : 0;
  }

  #remove(slot: number): void {
    const bytes = this.#slots.bytes(slot);
    this.#bytes -= bytes;
    if (this.#isMain[slot] === 0) {
      this.#small -= 1;
      this.#smallBytes -= bytes;
    }
    this.#slots.remove(slot);
  }
}
