// Calls in flight, as permits with a deadline and no counter: a counter leaks when a caller goes away and its continuation is dropped.

/** One call on its way. What is never given back lapses at its deadline. */
export interface Permit {
  readonly startedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly inFlightAtStart: number; // calls in flight, itself too
  readonly key: number; // whose call it is, hashed; 0 where nobody has asked
}

export class Permits {
  readonly #held = new Set<Permit>();
  readonly #byKey = new Map<number, number>(); // of the held ones with a key
  #nextLapse = Number.POSITIVE_INFINITY; // never later than the earliest deadline

  /** Calls in flight at `now`. */
  count(now: number): number {
    if (now >= this.#nextLapse) this.#lapse(now);
    return this.#held.size;
  }

  acquire(now: number, deadlineAt: number, key: number): Permit {
    const permit = { startedAt: now, deadlineAt, inFlightAtStart: this.#held.size + 1, key };
    this.#held.add(permit);
    if (key !== 0) this.#byKey.set(key, (this.#byKey.get(key) ?? 0) + 1);
    if (deadlineAt < this.#nextLapse) this.#nextLapse = deadlineAt;
    return permit;
  }

  /** @returns false where it was given back before, or has lapsed */
  release(permit: Permit): boolean {
    if (!this.#held.delete(permit)) return false;
    if (permit.key !== 0) {
      const left = this.#byKey.get(permit.key)! - 1;
      if (left === 0) this.#byKey.delete(permit.key);
      else this.#byKey.set(permit.key, left);
    }
    return true;
  }

  /** Keys that hold any. */
  get keyCount(): number {
    return this.#byKey.size;
  }

  /** Calls in flight of one key. */
  heldBy(key: number): number {
    return this.#byKey.get(key) ?? 0;
  }

  #lapse(now: number): void {
    this.#nextLapse = Number.POSITIVE_INFINITY;
    for (const permit of this.#held) {
      if (permit.deadlineAt <= now) this.release(permit);
      else if (permit.deadlineAt < this.#nextLapse) this.#nextLapse = permit.deadlineAt;
    }
  }
}
