// A bounded queue of calls that wait for a place. A queue that does not empty helps nobody: then those who have waited are dropped, and
// the newest is served first, whose caller is the likeliest still to be there.
import type { Rank } from "./criticality.ts";

export interface QueuedCall {
  readonly since: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly rank: Rank;
}

const STANDING_MS = 100; // a queue that has not been empty for so long is no burst
const WAIT_WHILE_STANDING_MS = 20;

/** @see Nichols, Jacobson 2012, Controlling Queue Delay; Maurer 2015, Fail at Scale */
export class WaitQueue<T extends QueuedCall> {
  readonly #max: number;
  #waiting: T[] = []; // the oldest one first
  #emptyAt = Number.NaN;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** @returns who can't wait here: the newcomer of a full queue, or one that matters less than the newcomer */
  offer(one: T, now: number): T | undefined {
    if (this.#waiting.length === 0) this.#emptyAt = now;
    if (this.#waiting.length < this.#max) {
      this.#waiting.push(one);
      return undefined;
    }
    const least = this.#waiting.reduce((low, other) => (other.rank < low.rank ? other : low), one);
    if (least === one) return one;
    this.remove(least);
    this.#waiting.push(one);
    return least;
  }

  /** A place is free. @returns who gets it, the most critical of them, and who has waited in vain */
  next(now: number): { readonly next: T | undefined; readonly dropped: readonly T[] } {
    if (this.#waiting.length === 0) return NOBODY;
    const isStanding = now - this.#emptyAt > STANDING_MS;
    const isDue = ({ since, deadlineAt }: T): boolean => deadlineAt > now && (!isStanding || now - since <= WAIT_WHILE_STANDING_MS);
    const dropped = this.#waiting.filter((one) => !isDue(one));
    const due = dropped.length === 0 ? this.#waiting : this.#waiting.filter(isDue);
    let next: T | undefined;
    for (const one of due) if (next === undefined || one.rank > next.rank || (isStanding && one.rank === next.rank)) next = one;
    this.#waiting = due.filter((one) => one !== next);
    return { next, dropped };
  }

  /** One that waits no longer. */
  remove(one: T): void {
    const place = this.#waiting.indexOf(one);
    if (place >= 0) this.#waiting.splice(place, 1);
  }
}

const NOBODY = { next: undefined, dropped: [] } as const;
