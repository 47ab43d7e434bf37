// Calls that wait for the result of a request which another call has sent.

/** One call that may have to wait several times. It counts until it leaves. */
interface Waiter {
  /** Waits until `wake`, or until the time is over. Never rejects. @param ms > 0 */
  sleep(ms: number): Promise<void>;
  leave(): void;
}

interface Entry {
  readonly tokens: number;
  readonly isOneTime: boolean; // does not count any more once it was woken
  wake: (() => void) | undefined; // undefined: was woken, and does not sleep
}

/**
 * Each call waits for a promise that it has made itself, and no longer than its own timer: the call that sent the request may have ended, and
 * a promise of a call that has ended never settles, or rejects (workerd, `handle_cross_request_promise_resolution`). Whatever the outcome
 * is, it is kept elsewhere: a call that wakes up looks for it, and waits again if there is none.
 */
export class Waiters {
  readonly #waiting = new Set<Entry>();

  /** The tokens that the waiting calls need. A call that was cancelled counts until the second `wake`. */
  get tokens(): number {
    let sum = 0;
    for (const { tokens } of this.#waiting) sum += tokens;
    return sum;
  }

  /** The tokens that the most modest of these calls needs; Infinity where none waits. */
  get least(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { tokens } of this.#waiting) least = Math.min(least, tokens);
    return least;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * For a call that looks for what it needs after each `wake`: other calls that are woken at the same time continue later, so all of them
   * have to count until they have looked.
   *
   * @param tokens what the call needs
   */
  join(tokens: number): Waiter {
    const entry: Entry = { tokens, isOneTime: false, wake: undefined };
    this.#waiting.add(entry);
    return {
      sleep: (ms) => this.#sleep(entry, ms),
      leave: () => void this.#waiting.delete(entry),
    };
  }

  /**
   * Waits until `wake`, or until the time is over. Never rejects.
   *
   * @param tokens what the call needs
   * @param ms     > 0
   */
  async wait(tokens: number, ms: number): Promise<void> {
    const entry: Entry = { tokens, isOneTime: true, wake: undefined };
    await this.#sleep(entry, ms);
    this.#waiting.delete(entry);
  }

  /** Wakes all waiting calls, each in its own context. */
  wake(): void {
    for (const entry of [...this.#waiting]) {
      if (entry.isOneTime || entry.wake === undefined) this.#waiting.delete(entry); // undefined: it has not continued since the last time
      entry.wake?.();
      entry.wake = undefined;
    }
  }

  async #sleep(entry: Entry, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    entry.wake = resolve;
    this.#waiting.add(entry);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }
}
