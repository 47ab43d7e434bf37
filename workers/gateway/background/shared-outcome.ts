// A result that several requests wait for: one of them works for it, and the others share what it finds.
import { Waiters } from "./waiters.ts";

/**
 * No request waits for a promise of another one: each has its own, and its own timer. The work belongs to the request that does it, which
 * has to be held by `waitUntil` until the end. If that request is canceled nevertheless, the others wait until their time is over.
 *
 * The result is plain data: an object that belongs to one request, such as a stream or a stub, must not be used by another.
 */
export class SharedOutcome<T> {
  readonly #waiters = new Waiters();
  #settled: { readonly value: T } | undefined;

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for the result. Never rejects.
   *
   * @param ms longest time to wait
   * @returns undefined where the time is over first
   */
  async wait(ms: number): Promise<T | undefined> {
    if (this.#settled === undefined && ms > 0) await this.#waiters.wait(0, Math.min(ms, MAX_WAIT_MS));
    return this.#settled?.value;
  }

  /** Ends the wait of all requests, each in its own context. The first result counts. */
  settle(value: T): void {
    if (this.#settled !== undefined) return;
    this.#settled = { value };
    this.#waiters.wake();
  }
}

const MAX_WAIT_MS = 2 ** 31 - 1; // longest timer; a longer one would end at once
