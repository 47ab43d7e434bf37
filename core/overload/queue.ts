// A bounded queue of calls that wait for capacity. A queue that does not become empty helps no caller: then calls that have waited are
// dropped, and the newest is served first, because its caller is the likeliest still to be there.
import type { Rank } from "./criticality.ts";

export interface QueuedCall {
  readonly since: number; // epoch ms
  readonly deadlineAt: number; // epoch ms
  readonly rank: Rank;
}

const STANDING_AFTER_MS = 100; // a queue that has not been empty for this long is a standing queue, and no burst; CoDel's interval
const STANDING_MAX_WAIT_MS = 20; // longest wait in a standing queue

/** @see Nichols, Jacobson 2012, Controlling Queue Delay; Maurer 2015, Fail at Scale */
export class WaitQueue<T extends QueuedCall> {
  readonly #max: number;
  #waiting: T[] = []; // the oldest call first
  #emptyAt = Number.NaN; // epoch ms, the last time that the queue was empty

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Adds a call. @returns the call that cannot wait, if any: the new one where the queue is full, or one that is less critical than it */
  offer(call: T, now: number): T | undefined {
    if (this.#waiting.length === 0) this.#emptyAt = now;
    if (this.#waiting.length < this.#max) {
      this.#waiting.push(call);
      return undefined;
    }
    const least = this.#waiting.reduce((lowest, other) => (other.rank < lowest.rank ? other : lowest), call);
    if (least === call) return call;
    this.remove(least);
    this.#waiting.push(call);
    return least;
  }

  /** Gives free capacity to the most critical call. @returns that call, and the calls that have waited too long */
  next(now: number): { readonly next: T | undefined; readonly dropped: readonly T[] } {
    if (this.#waiting.length === 0) return NO_CALL;
    const isStanding = now - this.#emptyAt > STANDING_AFTER_MS;
    const isInTime = ({ since, deadlineAt }: T): boolean => deadlineAt > now && (!isStanding || now - since <= STANDING_MAX_WAIT_MS);
    const dropped = this.#waiting.filter((call) => !isInTime(call));
    const remaining = dropped.length === 0 ? this.#waiting : this.#waiting.filter(isInTime);
    let next: T | undefined;
    for (const call of remaining) if (next === undefined || call.rank > next.rank || (isStanding && call.rank === next.rank)) next = call;
    this.#waiting = remaining.filter((call) => call !== next);
    return { next, dropped };
  }

  /** Takes out a call that waits no longer. */
  remove(call: T): void {
    const index = this.#waiting.indexOf(call);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}

const NO_CALL = { next: undefined, dropped: [] } as const;
