// What an upstream may be asked beyond the calls themselves: a share of them, and a few a second for services with little traffic.
// Without it, retries of a fault outlive the fault: goodput stays at nothing after the upstream is well again.

/** @see Finagle, RetryBudget; linkerd, retry budgets */
export class RetryBudget {
  readonly #share: number;
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #at = Number.NEGATIVE_INFINITY; // when `#perSecond` was last counted in, epoch ms

  /**
   * @param share     retries for each call, in [0, 1]
   * @param perSecond retries that are there whatever the traffic
   */
  constructor(share: number, perSecond: number) {
    this.#share = share;
    this.#perSecond = perSecond;
    this.#most = Math.max(10 * perSecond, 100 * share); // what ten quiet seconds leave, or a thousand calls
    this.#tokens = Math.min(this.#most, 3 * perSecond);
  }

  /** A call, not a retry of one. */
  called(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + this.#share);
  }

  /** @param now epoch ms @returns whether there is one left, and takes it */
  take(now: number): boolean {
    if (now > this.#at) {
      const passedMs = this.#at === Number.NEGATIVE_INFINITY ? 0 : now - this.#at;
      this.#tokens = Math.min(this.#most, this.#tokens + (passedMs / 1_000) * this.#perSecond);
      this.#at = now;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
