// Keeps what was asked for more than once: newcomers pass through a small queue, and only what is asked for there again gets into the main one.
// A scan, and the half of all keys that nobody asks for twice, can't flush it.
// @see Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023
import { assert } from "../../assert.ts";
import { RecentKeys } from "./recent-keys.ts";
import { evictionCandidate, SlotLists } from "./slot-lists.ts";
import type { Store, StoreLimits } from "./store.ts";

const SMALL = 0;
const MAIN = 1;
const SMALL_SHARE = 0.1; // of the limits
const FEWEST_GHOSTS = 64; // else as many as there are entries: few where they are large
const MOST_USES = 3; // counted

export class S3Fifo<V> implements Store<V> {
  readonly #limits: StoreLimits;
  readonly #slots = new SlotLists<V>(2);
  readonly #ghost: RecentKeys; // keys that left the small queue unused: who comes back goes to the main one
  #uses = new Uint8Array(64); // by slot, since it came to its queue
  #isMain = new Uint8Array(64);
  #bytes = 0;
  #small = 0; // entries of the small queue
  #smallBytes = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
    this.#ghost = new RecentKeys(Math.max(1, Math.ceil(limits.maxEntries * (1 - SMALL_SHARE))));
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
    assert(bytes >= 1, `an entry of ${bytes} bytes`);
    if (bytes > this.#limits.maxBytes || keepUntil <= now) {
      this.delete(key);
      return;
    }
    // First room, then the entry: the newest of a small queue would be the first to go.
    const known = this.#slots.find(key);
    const use = known === 0 ? 0 : this.#uses[known]!;
    const isMain = known === 0 ? this.#ghost.forget(key) : this.#isMain[known] === 1;
    if (known !== 0) this.#remove(known);
    while (this.#bytes + bytes > this.#limits.maxBytes || this.#slots.size >= this.#limits.maxEntries) this.#evict(now);
    const slot = this.#slots.add(isMain ? MAIN : SMALL, key);
    this.#slots.fill(slot, value, bytes, keepUntil);
    this.#bytes += bytes;
    this.#mark(slot, isMain, use);
    if (isMain) return;
    this.#small += 1;
    this.#smallBytes += bytes;
  }

  delete(key: string): boolean {
    const slot = this.#slots.find(key);
    if (slot === 0) return false;
    this.#remove(slot);
    return true;
  }

  clear(): void {
    this.#slots.clear();
    this.#ghost.clear();
    this.#bytes = 0;
    this.#small = 0;
    this.#smallBytes = 0;
  }

  #use(slot: number): void {
    const uses = this.#uses[slot]!;
    if (uses < MOST_USES) this.#uses[slot] = uses + 1;
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
      return; // nothing has gone yet: the caller asks again
    }
    if (!isExpired) this.#ghost.remember(this.#slots.key(slot), now, Math.max(FEWEST_GHOSTS, this.#slots.size));
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
      const [known, main] = [this.#uses, this.#isMain];
      this.#uses = new Uint8Array(known.length * 2);
      this.#isMain = new Uint8Array(known.length * 2);
      this.#uses.set(known);
      this.#isMain.set(main);
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
