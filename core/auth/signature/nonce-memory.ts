// Nonces that have been seen, until the signatures that carried them count no more.

/**
 * Bounded: when it is full, the nonces that end first are forgotten, and one of them could be used again in what is left of its window.
 *
 * Nonces are in the order in which they came. Their ends are close to that order, since each signature counts for the same time.
 */
export class NonceMemory {
  readonly #max: number;
  readonly #ends = new Map<string, number>(); // epoch ms by nonce

  /** @param max nonces, > 0 */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#ends.size;
  }

  /**
   * @param nonce  with the key that it belongs to
   * @param endsAt epoch ms from which its signature counts no more
   * @returns whether the nonce is used for the first time
   */
  use(nonce: string, endsAt: number, now: number): boolean {
    this.#forget(now);
    const known = this.#ends.get(nonce);
    if (known !== undefined && known > now) return false;
    this.#ends.delete(nonce);
    if (this.#ends.size >= this.#max) for (const oldest of this.#ends.keys()) if (this.#ends.delete(oldest)) break;
    this.#ends.set(nonce, endsAt);
    return true;
  }

  #forget(now: number): void {
    for (const [nonce, endsAt] of this.#ends) {
      if (endsAt > now) return;
      this.#ends.delete(nonce);
    }
  }
}
