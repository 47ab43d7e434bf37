// How long a call that comes now would stay: the calls before it, at the pace at which calls have left while there were any.

const SLICE_MS = 100;
const KEPT = 0.9; // of what was seen, after each slice: about a second of busy time counts
const FEWEST = 10; // answers, before there is a pace to speak of
const STANDING_MS = 100;
const LONGEST_STANDING_MS = 2_000;

/**
 * A burst is no queue: only calls count that were there all through the last moments, twice an answer's own time. Where calls wait for
 * others, and not for one another, a burst of them leaves as it came, and predicting from it would refuse calls for nothing.
 */
export class Sojourn {
  #inFlight = 0;
  #at = Number.NaN; // up to when time is counted, epoch ms
  #sliceAt = Number.NaN;
  #busyMs = 0;
  #left = 0; // calls
  #momentMs = STANDING_MS;
  #standingAt = Number.NaN;
  #least = 0; // calls in flight since `#standingAt` ...
  #leastBefore = 0; // ... and in the moments before

  /** @param inFlight calls that are there from `now` on @param baseMs time of an answer that waits for no other */
  setInFlight(inFlight: number, now: number, baseMs: number): void {
    this.#momentMs = Math.min(LONGEST_STANDING_MS, Math.max(STANDING_MS, 2 * baseMs));
    this.#advance(now);
    this.#inFlight = inFlight;
    if (inFlight < this.#least) this.#least = inFlight;
  }

  /** A call has been worked on to its end. */
  completed(): void {
    this.#left += 1;
  }

  /** ms; 0 where too little is known. */
  predictedMs(now: number): number {
    this.#advance(now);
    if (this.#left < FEWEST) return 0;
    return ((Math.min(this.#least, this.#leastBefore) + 1) * this.#busyMs) / this.#left;
  }

  #advance(now: number): void {
    if (!(now >= this.#at)) {
      this.#at = now;
      this.#sliceAt = now;
      this.#standingAt = now;
      return;
    }
    if (this.#inFlight > 0) this.#busyMs += now - this.#at;
    this.#at = now;
    const slices = Math.floor((now - this.#sliceAt) / SLICE_MS);
    if (slices > 0) {
      // Time without calls says nothing of the pace.
      if (this.#inFlight > 0) {
        const kept = KEPT ** slices;
        this.#busyMs *= kept;
        this.#left *= kept;
      }
      this.#sliceAt += slices * SLICE_MS;
    }
    if (now - this.#standingAt >= this.#momentMs) {
      this.#leastBefore = this.#least;
      this.#least = this.#inFlight;
      this.#standingAt = now;
    }
  }
}
