// Predicts the time that a call would stay in the host if it came now: the calls before it, at the rate at which calls have ended while
// the host was busy.

// The constants were chosen with `npm run sim -- resilience`, scenarios overload-105 to overload-300.
const SLICE_MS = 100;
const SLICE_DECAY = 0.9; // factor for older evidence after each slice: about a second of busy time counts
const MIN_COMPLETED = 10; // calls, before a rate is known
const MIN_PERIOD_MS = 100;
const MAX_PERIOD_MS = 2_000;

/**
 * A burst is no queue: only as many calls count as were in flight throughout the last period, which is twice the base latency. Where calls
 * wait for other services and not for one another, a burst leaves as it came, and a prediction from it would refuse calls for nothing.
 */
export class Sojourn {
  #inFlight = 0;
  #advancedTo = Number.NaN; // epoch ms; time is counted up to here
  #sliceStartedAt = Number.NaN; // epoch ms
  #busyMs = 0; // time with calls in flight, decayed
  #completed = 0; // calls, decayed
  #periodMs = MIN_PERIOD_MS;
  #periodStartedAt = Number.NaN; // epoch ms
  #minInFlight = 0; // in this period
  #minInFlightBefore = 0; // in the period before

  /** @param inFlight calls in flight from `now` on @param baseMs latency without queueing */
  setInFlight(inFlight: number, now: number, baseMs: number): void {
    this.#periodMs = Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, 2 * baseMs));
    this.#advance(now);
    this.#inFlight = inFlight;
    if (inFlight < this.#minInFlight) this.#minInFlight = inFlight;
  }

  /** The host has worked on a call to its end. */
  completed(): void {
    this.#completed += 1;
  }

  /** @returns ms; 0 where too few calls have ended */
  predictedMs(now: number): number {
    this.#advance(now);
    if (this.#completed < MIN_COMPLETED) return 0;
    return ((Math.min(this.#minInFlight, this.#minInFlightBefore) + 1) * this.#busyMs) / this.#completed;
  }

  #advance(now: number): void {
    if (!(now >= this.#advancedTo)) {
      // The first call, or the clock has stepped back.
      this.#advancedTo = now;
      this.#sliceStartedAt = now;
      this.#periodStartedAt = now;
      return;
    }
    if (this.#inFlight > 0) this.#busyMs += now - this.#advancedTo;
    this.#advancedTo = now;
    const slices = Math.floor((now - this.#sliceStartedAt) / SLICE_MS);
    // Evidence does not decay while the host is idle: idle time says nothing about the rate.
    if (slices > 0 && this.#inFlight > 0) {
      const retained = SLICE_DECAY ** slices;
      this.#busyMs *= retained;
      this.#completed *= retained;
    }
    this.#sliceStartedAt += slices * SLICE_MS;
    if (now - this.#periodStartedAt >= this.#periodMs) {
      this.#minInFlightBefore = this.#minInFlight;
      this.#minInFlight = this.#inFlight;
      this.#periodStartedAt = now;
    }
  }
}
