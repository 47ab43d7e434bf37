// Calls in flight, as leases with a deadline and no counter: a counter leaks when a caller goes away and its continuation is dropped.

/** One call on its way. What is never given back lapses at its deadline. */
export interface Lease {
  readonly startedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly startedWith: number; // calls in flight, itself too
  readonly key: number; // whose call it is, hashed; 0 where nobody has asked
}

export class Leases {
  readonly #held = new Set<Lease>();
  readonly #byKey = new Map<number, number>(); // of the held ones with a key
  #nextLapse = Number.POSITIVE_INFINITY; // never later than the earliest deadline

  /** Calls in flight at `now`. */
  count(now: number): number {
    if (now >= this.#nextLapse) this.#lapse(now);
    return this.#held.size;
  }

  take(now: number, deadlineAt: number, key: number): Lease {
    const lease = { startedAt: now, deadlineAt, startedWith: this.#held.size + 1, key };
    this.#held.add(lease);
    if (key !== 0) this.#byKey.set(key, (this.#byKey.get(key) ?? 0) + 1);
    if (deadlineAt < this.#nextLapse) this.#nextLapse = deadlineAt;
    return lease;
  }

  /** @returns false where it was given back before, or has lapsed */
  giveBack(lease: Lease): boolean {
    if (!this.#held.delete(lease)) return false;
    if (lease.key !== 0) {
      const left = this.#byKey.get(lease.key)! - 1;
      if (left === 0) this.#byKey.delete(lease.key);
      else this.#byKey.set(lease.key, left);
    }
    return true;
  }

  /** Keys that hold any. */
  get keys(): number {
    return this.#byKey.size;
  }

  /** Calls in flight of one key. */
  heldBy(key: number): number {
    return this.#byKey.get(key) ?? 0;
  }

  #lapse(now: number): void {
    this.#nextLapse = Number.POSITIVE_INFINITY;
    for (const lease of this.#held) {
      if (lease.deadlineAt <= now) this.giveBack(lease);
      else if (lease.deadlineAt < this.#nextLapse) this.#nextLapse = lease.deadlineAt;
    }
  }
}
