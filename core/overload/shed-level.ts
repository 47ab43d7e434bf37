// How much a host would have its callers shed before they ask, so that refusing costs it next to nothing.
import type { Rank } from "./criticality.ts";

const LOOK_MS = 100;
const FEWEST = 10; // calls, before a look means anything; after a second it does in any case
const LONGEST_LOOK_MS = 1_000;
const TOO_MANY = 0.1; // of the calls refused here: callers should have known
const FEW = 0.03; // refused: callers may try more
const UP = 0.2; // for each share refused
const DOWN = 0.02;
const MOST = 2; // critical calls are shed by nobody but the host itself

/** A level of 1.25 sheds all `sheddable` calls, and a quarter of `sheddable_plus`. @see Zhou et al. 2018, DAGOR */
export class ShedLevel {
  #level = 0;
  #calls = 0;
  #refused = 0;
  #least: Rank = MOST; // rank among the refused
  #lookedAt = Number.NaN;

  /** As of the last look, in [0, 2]. */
  at(now: number): number {
    if (this.#level > 0 && now - this.#lookedAt >= LONGEST_LOOK_MS) {
      this.#look(this.#lookedAt + LOOK_MS); // at those who came last ...
      this.#look(now); // ... and at the time since, in which nobody did
    }
    return this.#level;
  }

  /** @param isRefused for its level, not for its own deadline */
  record(rank: Rank, isRefused: boolean, now: number): void {
    if (!(now >= this.#lookedAt)) this.#lookedAt = now;
    this.#calls += 1;
    if (isRefused) {
      this.#refused += 1;
      if (rank < this.#least) this.#least = rank;
    }
    const forMs = now - this.#lookedAt;
    if (forMs >= LOOK_MS && (this.#calls >= FEWEST || forMs >= LONGEST_LOOK_MS)) this.#look(now);
  }

  #look(now: number): void {
    const share = this.#refused / Math.max(1, this.#calls);
    if (share > TOO_MANY) {
      this.#level = Math.min(MOST, Math.max(this.#level, this.#least) + UP * share);
    } else if (share < FEW) {
      this.#level = Math.max(0, this.#level - DOWN * Math.max(1, (now - this.#lookedAt) / LOOK_MS));
    }
    this.#calls = 0;
    this.#refused = 0;
    this.#least = MOST;
    this.#lookedAt = now;
  }
}

/** Whether a call is shed at a level that a host has told. @param roll a number in [0, 1) */
export function isShedAt(level: number, rank: Rank, roll: number): boolean {
  return level > rank && roll < level - rank;
}
