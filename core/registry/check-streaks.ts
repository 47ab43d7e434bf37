// Health checks in a row that contradict the list: one check alone changes nothing.

/** How many checks make an endpoint healthy or unhealthy. */
export interface StreakRules {
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

const MAX_STREAKS = 2_000; // endpoints; a service has at most 1,000, and its configuration may list others

export class CheckStreaks {
  readonly #streaks = new Map<string, number>(); // checks in a row with another result than the list says

  /**
   * @param listed what the list says of the endpoint; undefined where it has left
   * @returns whether the list has to change: enough checks in a row contradict it
   */
  record(key: string, listed: boolean | undefined, result: boolean, rules: StreakRules): boolean {
    const contradictions = listed === undefined || listed === result ? 0 : (this.#streaks.get(key) ?? 0) + 1;
    const isTurn = contradictions > 0 && contradictions >= (result ? rules.healthyAfter : rules.unhealthyAfter);
    if (contradictions === 0 || isTurn) this.#streaks.delete(key);
    else {
      this.#streaks.set(key, contradictions);
      // Endpoints that have left are not checked any more: the oldest entries are theirs.
      if (this.#streaks.size > MAX_STREAKS) this.#streaks.delete(this.#streaks.keys().next().value!);
    }
    return isTurn;
  }

  /** Whether the last check of an endpoint has failed. @param listed what the list says of it */
  hasFailed(key: string, listed: boolean): boolean {
    return listed === this.#streaks.has(key);
  }
}
