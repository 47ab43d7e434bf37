// Calls in flight, as permits with a deadline and not a counter: a counter leaks when a caller goes away and its continuation is dropped.

/** One call in flight. A permit that is never released expires at its deadline. */
export interface Permit {
  readonly startedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly inFlightAtStart: number; // calls in flight, including this one
  readonly key: number; // hash of the caller; 0 where callers are not distinguished
}

export class Permits {
  readonly #held = new Set<Permit>();
  readonly #heldByKey = new Map<number, number>(); // held permits for each key but 0
  #nextExpiry = Number.POSITIVE_INFINITY; // epoch ms, never later than the earliest deadline

  /** Calls in flight at `now`. */
  count(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#held.size;
  }

  acquire(now: number, deadlineAt: number, key: number): Permit {
    const permit = { startedAt: now, deadlineAt, inFlightAtStart: this.#held.size + 1, key };
    this.#held.add(permit);
    if (key !== 0) this.#heldByKey.set(key, (this.#heldByKey.get(key) ?? 0) + 1);
    if (deadlineAt < this.#nextExpiry) this.#nextExpiry = deadlineAt;
    return permit;
  }

  /** @returns false where the permit was released before, or has expired */
  release(permit: Permit): boolean {
    if (!this.#held.delete(permit)) return false;
    if (permit.key !== 0) {
      const left = this.#heldByKey.get(permit.key)! - 1;
      if (left === 0) this.#heldByKey.delete(permit.key);
      else this.#heldByKey.set(permit.key, left);
    }
    return true;
  }

  /** Keys with at least one held permit. */
  get keyCount(): number {
    return this.#heldByKey.size;
  }

  /** Calls in flight of one key. */
  heldBy(key: number): number {
    return this.#heldByKey.get(key) ?? 0;
  }

  #expire(now: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const permit of this.#held) {
      if (permit.deadlineAt <= now) this.release(permit);
      else if (permit.deadlineAt < this.#nextExpiry) this.#nextExpiry = permit.deadlineAt;
    }
  }
}
