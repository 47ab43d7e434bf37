// When an isolate polls for a new snapshot: once the last one is too old, and after a failure not before a pause has passed.

export interface PollTiming {
  readonly intervalMs: number; // age at which a snapshot is too old
  readonly pauseMs: number; // after a failed poll
  readonly firstPauseMs: number; // the same before the first snapshot has arrived
}

export class PollSchedule {
  readonly #timing: PollTiming;
  #succeededAt = Number.NEGATIVE_INFINITY; // epoch ms
  #failedAt = Number.NEGATIVE_INFINITY; // epoch ms

  constructor(timing: PollTiming) {
    this.#timing = timing;
  }

  /** Whether a snapshot has ever arrived. */
  get hasSucceeded(): boolean {
    return this.#succeededAt !== Number.NEGATIVE_INFINITY;
  }

  /** @returns ms since the last snapshot; Infinity before the first one */
  ageMs(now: number): number {
    return now - this.#succeededAt;
  }

  isDue(now: number): boolean {
    return this.ageMs(now) >= this.#timing.intervalMs && !this.isPaused(now);
  }

  /** Whether the last poll failed too recently for another one. */
  isPaused(now: number): boolean {
    return now - this.#failedAt < (this.hasSucceeded ? this.#timing.pauseMs : this.#timing.firstPauseMs);
  }

  /** A snapshot has arrived. A pause after an earlier failure ends. */
  succeed(now: number): void {
    this.#succeededAt = now;
    this.#failedAt = Number.NEGATIVE_INFINITY;
  }

  fail(now: number): void {
    this.#failedAt = now;
  }
}
