// When a relay calls one root object: once an interval, and once more for what cannot wait. Responses may be late or missing.

const TIMEOUT_MS = 5_000; // a request without a response for this long counts as lost

export class RootRequests {
  #sequence = 0; // number of the last request
  #answered = 0; // latest request that has a response
  #sentAt = Number.NEGATIVE_INFINITY; // epoch ms of the last request
  #isRunning = false;
  #knownAt = Number.NEGATIVE_INFINITY; // epoch ms at which the request was sent whose response is the latest

  /** Whether a response has ever arrived. */
  get isKnown(): boolean {
    return this.#answered > 0;
  }

  /** @returns ms since the latest known state was requested; Infinity where none is known */
  ageMs(now: number): number {
    return Math.max(0, now - this.#knownAt);
  }

  isRunning(now: number): boolean {
    return this.#isRunning && Math.abs(now - this.#sentAt) < TIMEOUT_MS;
  }

  isDue(now: number, intervalMs: number): boolean {
    return !this.isRunning(now) && Math.abs(now - this.#sentAt) >= intervalMs;
  }

  /** @returns the number of the request */
  start(now: number): number {
    this.#sentAt = now;
    this.#isRunning = true;
    this.#sequence += 1;
    return this.#sequence;
  }

  /** @returns whether the response is newer than all that have arrived */
  succeed(sequence: number, sentAt: number): boolean {
    this.#end(sequence);
    if (sequence <= this.#answered) return false;
    this.#answered = sequence;
    this.#knownAt = sentAt;
    return true;
  }

  fail(sequence: number): void {
    this.#end(sequence);
  }

  #end(sequence: number): void {
    if (sequence === this.#sequence) this.#isRunning = false;
  }
}
