// The level of calls that a host wants its callers to shed before they send them, so that refusing costs the host next to nothing.
import type { Rank } from "./criticality.ts";

// The constants were chosen with `npm run sim -- resilience`, scenarios overload-105 to overload-300.
const MIN_WINDOW_MS = 100;
const MAX_WINDOW_MS = 1_000; // after it, a window ends with any number of calls
const MIN_CALLS = 10; // in a window of less than MAX_WINDOW_MS
const RAISE_ABOVE = 0.1; // share of the calls that were refused: callers should have shed more
const LOWER_BELOW = 0.03; // share of the calls that were refused: callers may send more
const STEP_UP = 0.2; // levels per share refused
const STEP_DOWN = 0.02; // levels per MIN_WINDOW_MS
const MAX_LEVEL = 2; // critical calls are shed by the host itself, not by callers

/** A level of 1.25 sheds all `sheddable` calls, and a quarter of `sheddable_plus`. @see Zhou et al. 2018, DAGOR */
export class ShedLevel {
  #level = 0;
  #calls = 0; // in this window
  #refused = 0; // calls in this window
  #lowestRefused: Rank = MAX_LEVEL; // in this window
  #windowStartedAt = Number.NaN; // epoch ms

  /** The level at `now`, in [0, 2]. */
  at(now: number): number {
    if (this.#level > 0 && now - this.#windowStartedAt >= MAX_WINDOW_MS) {
      this.#endWindow(this.#windowStartedAt + MIN_WINDOW_MS); // with the calls that came last
      this.#endWindow(now); // the time since then, without calls
    }
    return this.#level;
  }

  /** @param isRefused for its rank, not for its own deadline */
  record(rank: Rank, isRefused: boolean, now: number): void {
    if (!(now >= this.#windowStartedAt)) this.#windowStartedAt = now; // the first call, or the clock has stepped back
    this.#calls += 1;
    if (isRefused) {
      this.#refused += 1;
      if (rank < this.#lowestRefused) this.#lowestRefused = rank;
    }
    const lengthMs = now - this.#windowStartedAt;
    if (lengthMs >= MIN_WINDOW_MS && (this.#calls >= MIN_CALLS || lengthMs >= MAX_WINDOW_MS)) this.#endWindow(now);
  }

  #endWindow(now: number): void {
    const share = this.#refused / Math.max(1, this.#calls);
    if (share > RAISE_ABOVE) {
      this.#level = Math.min(MAX_LEVEL, Math.max(this.#level, this.#lowestRefused) + STEP_UP * share);
    } else if (share < LOWER_BELOW) {
      this.#level = Math.max(0, this.#level - STEP_DOWN * Math.max(1, (now - this.#windowStartedAt) / MIN_WINDOW_MS));
    }
    this.#calls = 0;
    this.#refused = 0;
    this.#lowestRefused = MAX_LEVEL;
    this.#windowStartedAt = now;
  }
}

/** Whether a host's level sheds a call. @param random a number in [0, 1) */
export function isShedAt(level: number, rank: Rank, random: number): boolean {
  return level > rank && random < level - rank;
}
