// Calls that wait while every endpoint of an upstream has as many calls in flight as it may.

import type { Rank } from "../../../core/overload/criticality.ts";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";
import type { Preparation } from "../target.ts";

interface WaitingCall extends QueuedCall {
  readonly resolve: () => void;
}

export class WaitingCalls {
  readonly #queue: WaitQueue<WaitingCall>;
  readonly #queueMs: number;

  /**
   * @param maxQueued calls that may wait; 0 for none
   * @param queueMs   longest time that a call waits
   */
  constructor(maxQueued: number, queueMs: number) {
    this.#queue = new WaitQueue(maxQueued);
    this.#queueMs = queueMs;
  }

  /** Calls that wait now. */
  get size(): number {
    return this.#queue.size;
  }

  /** @param deadlineAt of the call, epoch ms @returns what the call waits for: its turn, that it is dropped from the queue, or the end of its time */
  wait(deadlineAt: number, rank: Rank, now: number): Preparation {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: WaitingCall = { since: now, deadlineAt: Math.min(now + this.#queueMs, deadlineAt), rank, resolve };
    this.#queue.offer(waiting, now)?.resolve();
    const timer = setTimeout(resolve, this.#queueMs);
    const done = promise.then(() => {
      clearTimeout(timer);
      this.#queue.remove(waiting);
    });
    return { done, waitMs: this.#queueMs, cause: "endpoint" };
  }

  /** A call has ended: the next one takes its place, and those that have waited too long go on, to be refused. */
  admitNext(now: number): void {
    if (this.#queue.size === 0) return;
    const { next, dropped } = this.#queue.next(now);
    next?.resolve();
    for (const { resolve } of dropped) resolve();
  }
}
