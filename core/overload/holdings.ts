// Amounts of something limited that calls hold (permits, bytes), in total and for each caller, until they are released or expire.
//
// A counter would leak: on Workers, the code after an `await` may never run once the caller has hung up. So each holding has an end.

/** The caller that holds something. Its key is read only once much is held, since it takes a header and a hash. */
export interface Holder {
  readonly shareKey: number; // hash of the caller, never 0
}

export interface Holding {
  readonly holder: Holder | undefined; // undefined where no caller holds it
  readonly expiresAt: number; // epoch ms; Infinity for a holding that lasts until it is released
  amount: number; // changed by `Holdings.resize` alone
  countedKey: number; // written by `Holdings`: the holder's key once it is counted for its holder, else 0
}

export class Holdings<H extends Holding> {
  readonly #held = new Set<H>();
  readonly #byKey = new Map<number, number>(); // amounts of counted holdings
  #total = 0;
  #countedFrom = 0; // total from which holdings are counted for their holders; 0 while they are not
  #nextExpiry = Number.POSITIVE_INFINITY; // epoch ms, never later than the earliest end

  /** The amount held at `now`. */
  total(now: number): number {
    if (now >= this.#nextExpiry) this.#expire(now);
    return this.#total;
  }

  add(holding: H): void {
    this.#held.add(holding);
    this.#total += holding.amount;
    if (holding.expiresAt < this.#nextExpiry) this.#nextExpiry = holding.expiresAt;
    if (this.#countedFrom > 0) this.#count(holding);
  }

  /** @returns false where the holding was released before, or has expired */
  resize(holding: H, amount: number): boolean {
    if (!this.#held.has(holding)) return false;
    const more = amount - holding.amount;
    holding.amount = amount;
    this.#total += more;
    if (holding.countedKey !== 0) this.#addTo(holding.countedKey, more);
    return true;
  }

  /** @returns false where the holding was released before, or has expired */
  release(holding: H): boolean {
    if (!this.#held.delete(holding)) return false;
    this.#total -= holding.amount;
    if (holding.countedKey !== 0) this.#addTo(holding.countedKey, -holding.amount);
    holding.countedKey = 0;
    if (this.#total < this.#countedFrom / 2) this.#stopCounting();
    return true;
  }

  /**
   * What one caller holds. Callers are counted from the first call of this until less than half of `from` is held.
   *
   * @param from amount, in all; while less is held, callers are not counted, and the result is 0
   */
  heldBy(holder: Holder, from: number): number {
    if (this.#countedFrom === 0) {
      if (this.#total < from || this.#total === 0) return 0;
      this.#countedFrom = Math.max(from, 1);
      for (const holding of this.#held) this.#count(holding);
    }
    return this.#byKey.get(holder.shareKey) ?? 0;
  }

  /** Callers that hold something, as far as they are counted. */
  get holderCount(): number {
    return this.#byKey.size;
  }

  #count(holding: H): void {
    if (holding.holder === undefined) return;
    holding.countedKey = holding.holder.shareKey;
    this.#addTo(holding.countedKey, holding.amount);
  }

  #addTo(key: number, amount: number): void {
    const sum = (this.#byKey.get(key) ?? 0) + amount;
    if (sum === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, sum);
  }

  #stopCounting(): void {
    this.#countedFrom = 0;
    this.#byKey.clear();
    for (const holding of this.#held) holding.countedKey = 0;
  }

  #expire(now: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const holding of this.#held) {
      if (holding.expiresAt <= now) this.release(holding);
      else if (holding.expiresAt < this.#nextExpiry) this.#nextExpiry = holding.expiresAt;
    }
  }
}
