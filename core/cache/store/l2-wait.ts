// How long a call waits for the shared level: a share of the time that the fetch would take which a hit saves.

/** The settings `cache.l2WaitPercent`, `cache.l2WaitMinMs` and `cache.l2WaitMs`. */
export interface L2WaitRules {
  readonly percent: number; // share of the usual time of the upstream
  readonly minMs: number;
  readonly maxMs: number; // holds before minMs
}

const FIRST_USUAL_MS = 200; // before the route has called its upstream; half of it is about a read that a location does not hold
const ALPHA = 0.1; // EWMA weight of one fetch: about the last 20 count

/** The wait of one route, in one isolate. */
export class L2Wait {
  readonly #rules: L2WaitRules;
  #usualMs = 0; // time of a fetch from the upstream; 0 before the first one

  constructor(rules: L2WaitRules) {
    this.#rules = rules;
  }

  /** @param tookMs time from the request to the end of the response, >= 0 */
  recordFetch(tookMs: number): void {
    const ms = Math.max(1, tookMs);
    this.#usualMs = this.#usualMs === 0 ? ms : this.#usualMs + ALPHA * (ms - this.#usualMs);
  }

  /** ms, in [min(minMs, maxMs), maxMs] */
  get ms(): number {
    const { percent, minMs, maxMs } = this.#rules;
    return Math.min(maxMs, Math.max(minMs, ((this.#usualMs || FIRST_USUAL_MS) * percent) / 100));
  }
}
