// The limit of open streams of a host: one isolate holds a bounded number of them, and refuses less critical ones first.
import { ConcurrencyLimiter } from "../../../core/overload/concurrency-limiter.ts";
import type { Rank } from "../../../core/overload/criticality.ts";

/** The limit of a gateway's isolate (docs/parameters.md). */
export const MAX_STREAMS = 5_000;
const NEVER_ENDING_MS = 86_400_000; // a stream without a deadline, whose end is never seen, is not counted for longer
/** Callers are not distinguished: a host sees those of its gateway. */
const ANYONE = { shareKey: 1 };

/** A stream counts from its start to the end of its response: read to its end, broken off, or no longer read. */
export class StreamLimit {
  readonly #limiter: ConcurrencyLimiter;

  /** @param max at least 1 */
  constructor(max: number) {
    this.#limiter = new ConcurrencyLimiter({ max, floor: undefined, callerShare: 1 });
  }

  open(now: number): number {
    return this.#limiter.inFlight(now);
  }

  /** @returns undefined where the stream may be opened; "level" where the limit for its rank is reached, but not that of more critical ones */
  refusal(rank: Rank, now: number): "full" | "level" | undefined {
    const refusal = this.#limiter.refusal(rank, ANYONE, now);
    return refusal === "share" ? "full" : refusal;
  }

  /** @param leftMs time until the deadline of the call; Infinity for none @returns ends it; may be called again */
  begin(now: number, leftMs: number): () => void {
    const permit = this.#limiter.begin(now, now + Math.min(leftMs, NEVER_ENDING_MS), ANYONE);
    return () => this.#limiter.end(permit, Date.now(), false);
  }
}
