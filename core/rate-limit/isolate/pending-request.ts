// The request of a lease that is under way: there is one at a time.

const TIMEOUT_MS = 1_000; // the request counts as lost: another one may be sent, and then a late response to the first is dropped
const MAX_TIMEOUT_MS = 8_000; // it doubles while no response arrives: one that always takes longer would never count

export class PendingRequest {
  #sentAt = Number.NEGATIVE_INFINITY; // epoch ms; -Infinity while none is under way
  #timeoutMs = TIMEOUT_MS;
  #lastSentAt = 0;

  isUnderWay(now: number): boolean {
    return now - this.#sentAt < this.#timeoutMs;
  }

  /** How long to wait for the response at most, ms: then the request counts as lost, and a call that waits sends another one. */
  timeLeftMs(now: number): number {
    return this.isUnderWay(now) ? this.#sentAt + this.#timeoutMs - now : this.#timeoutMs;
  }

  /** ms since the latest request was sent. */
  sinceLatestMs(now: number): number {
    return now - this.#lastSentAt;
  }

  start(now: number): void {
    this.#timeoutMs = Number.isFinite(this.#sentAt) ? Math.min(2 * this.#timeoutMs, MAX_TIMEOUT_MS) : TIMEOUT_MS; // slow, or lost
    this.#sentAt = now;
    this.#lastSentAt = now;
  }

  end(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY;
  }
}
