// What unsafe methods have changed: entries that were fetched before are no longer good. Of this isolate; a purge tells the others.

/** Judged at each read, as purges are: entries of the shared level may come back later than they were invalidated. */
export class Invalidations {
  readonly #most: number;
  readonly #at = new Map<string, number>(); // by resource, the latest at the end
  #floor = Number.NEGATIVE_INFINITY; // everything fetched up to here counts as changed: what there was no room to remember

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#at.size;
  }

  /** @param now epoch ms at which the answer to the unsafe method was there */
  add(resource: string, now: number): void {
    this.#at.delete(resource);
    this.#at.set(resource, now);
    if (this.#at.size <= this.#most) return;
    const [oldest, at] = this.#at.entries().next().value!;
    this.#at.delete(oldest);
    this.#floor = Math.max(this.#floor, at);
  }

  /** @param fetchedAt epoch ms at which the upstream was asked */
  covers(resource: string, fetchedAt: number): boolean {
    if (fetchedAt <= this.#floor) return true;
    if (this.#at.size === 0) return false;
    const at = this.#at.get(resource);
    return at !== undefined && fetchedAt <= at;
  }
}
