// How many calls may be sent on to another endpoint: a part of all. Where more are turned away, sending them about serves nobody.

export class BounceBudget {
  readonly #share: number;
  readonly #most: number;
  #left: number;

  /**
   * @param share of the calls, in [0, 1]
   * @param most  left over from quiet times
   */
  constructor(share: number, most: number) {
    this.#share = share;
    this.#most = most;
    this.#left = most;
  }

  /** A call is sent, for the first time. */
  called(): void {
    this.#left = Math.min(this.#most, this.#left + this.#share);
  }

  get isLeft(): boolean {
    return this.#left >= 1;
  }

  spend(): void {
    this.#left = Math.max(0, this.#left - 1);
  }
}
