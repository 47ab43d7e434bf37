// A budget for what is done beyond the calls themselves: retries, hedged attempts, redirects to another endpoint.
// Calls earn tokens, each extra attempt costs one. Without a budget, extra attempts keep an overload alive after its cause is gone.

export interface BudgetSettings {
  readonly share: number; // tokens that each call earns, in [0, 1]
  readonly perSecond: number; // tokens that each second earns, whatever the traffic
  readonly cap: number; // most tokens that quiet times leave
  readonly initial: number; // tokens before the first call, in [0, cap]
}

/** @see Finagle, RetryBudget; linkerd, retry budgets; failsafe-go, budget */
export class Budget {
  readonly #share: number;
  readonly #perSecond: number;
  readonly #cap: number;
  #tokens: number; // below 0 while spent tokens are still to be earned
  #refilledAt: number | undefined; // epoch ms

  constructor({ share, perSecond, cap, initial }: BudgetSettings) {
    this.#share = share;
    this.#perSecond = perSecond;
    this.#cap = cap;
    this.#tokens = initial;
  }

  /**
   * Counts one call, not its further attempts.
   *
   * @param factor scales what the call earns, in [0, 1]
   */
  earn(factor = 1): void {
    this.#tokens = Math.min(this.#cap, this.#tokens + factor * this.#share);
  }

  /** Tokens; below 0 while spent ones are still to be earned. @param now epoch ms */
  left(now: number): number {
    if (this.#perSecond > 0) this.#refill(now);
    return this.#tokens;
  }

  /** Whether less than one token is left. @param now epoch ms; a time before the last one refills nothing */
  isSpent(now: number): boolean {
    if (this.#perSecond > 0) this.#refill(now);
    return this.#tokens < 1;
  }

  /** Takes one token. @param now epoch ms @returns false where none is left; then nothing is taken */
  take(now: number): boolean {
    if (this.isSpent(now)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes one token even where none is left: for an attempt that was allowed earlier and is made now. Later calls earn the debt back. */
  charge(): void {
    this.#tokens -= 1;
  }

  #refill(now: number): void {
    const elapsedMs = now - (this.#refilledAt ?? now);
    if (elapsedMs < 0) return;
    this.#tokens = Math.min(this.#cap, this.#tokens + (elapsedMs / 1_000) * this.#perSecond);
    this.#refilledAt = now;
  }
}
