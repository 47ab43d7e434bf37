// How many fetches of one kind a relay makes: whoever names other places to fetch from gets no more.

const WINDOW_MS = 60_000;

/** At most `max` in any minute. Times are epoch ms. */
export class FetchBudget {
  readonly #max: number;
  #times: number[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  take(now: number): boolean {
    this.#times = this.#times.filter((time) => Math.abs(now - time) < WINDOW_MS);
    if (this.#times.length >= this.#max) return false;
    this.#times.push(now);
    return true;
  }
}
