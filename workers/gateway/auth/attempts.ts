// Calls counted in the isolate: those with a wrong credential by network, and calls of admin services by who makes them.
import { BucketMap } from "../../../core/rate-limit/bucket-map.ts";
import { type BucketLimit, takeTokens } from "../../../core/rate-limit/token-bucket.ts";

const WRONG_CREDENTIALS: BucketLimit = { capacity: 10, rate: 10, intervalMs: 60_000 };
const MAX_KEYS = 1_000; // up to 700 bytes each

export class Attempts {
  readonly #buckets = new BucketMap(MAX_KEYS);
  readonly #limit: BucketLimit;

  /** @param limit of one key; ten attempts a minute where it is not given */
  constructor(limit = WRONG_CREDENTIALS) {
    this.#limit = limit;
  }

  /**
   * Takes nothing.
   *
   * @param key as in `count`
   * @param now epoch ms
   * @returns ms after which an attempt is within the limit; 0 for now
   */
  retryAfterMs(key: string, now: number): number {
    const { bucket } = this.#buckets.entryOf(key, this.#limit, now);
    const [, decision] = takeTokens(bucket, this.#limit, 1, now);
    return decision.kind === "refused" ? decision.retryAfterMs : 0;
  }

  /**
   * @param key who is counted: `Caller.network`, or the id of a principal
   * @param now     epoch ms
   * @returns ms after which it may try again; 0 where this attempt is within the limit
   */
  count(key: string, now: number): number {
    const entry = this.#buckets.entryOf(key, this.#limit, now);
    const [bucket, decision] = takeTokens(entry.bucket, this.#limit, 1, now);
    if (decision.kind === "refused") {
      entry.refusedUntil = Math.max(entry.refusedUntil, now + decision.retryAfterMs);
      this.#buckets.keep(key, entry);
      return decision.retryAfterMs;
    }
    entry.bucket = bucket;
    this.#buckets.keep(key, entry);
    return 0;
  }
}
