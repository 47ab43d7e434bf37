// The latencies of one method in one isolate: a histogram with logarithmic buckets, in which old calls fade.

const BUCKET_WIDTH = Math.log(1.05); // a bucket spans 5 %
const BUCKETS = 310; // 1 ms to an hour
const HALVE_AT = 2_000; // calls; then all counts are halved
const MIN_CALLS = 100; // before quantiles are known
const REFRESH_EVERY = 20; // calls; a quantile is cached in between

export class LatencyHistogram {
  readonly #counts = new Float32Array(BUCKETS);
  #total = 0;
  #callsSinceRefresh = REFRESH_EVERY;
  #cachedQuantile = 0;
  #cachedMs = 0;

  /** @param tookMs latency of a call; for one that was given up, the time until then */
  record(tookMs: number): void {
    const bucket = tookMs <= 1 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log(tookMs) / BUCKET_WIDTH));
    this.#counts[bucket]! += 1;
    this.#total += 1;
    this.#callsSinceRefresh += 1;
    if (this.#total < HALVE_AT) return;
    this.#total = 0;
    for (let index = 0; index < BUCKETS; index++) this.#total += this.#counts[index]! /= 2;
  }

  /**
   * @param quantile in (0, 1)
   * @returns the quantile in ms, exact to 5 % and at most 20 calls old; undefined before the first 100 calls
   */
  quantileMs(quantile: number): number | undefined {
    if (this.#total < MIN_CALLS) return undefined;
    if (this.#callsSinceRefresh < REFRESH_EVERY && quantile === this.#cachedQuantile) return this.#cachedMs;
    let bucket = BUCKETS;
    let above = 0; // calls in the buckets from `bucket` on
    while (bucket > 1 && above <= (1 - quantile) * this.#total) above += this.#counts[--bucket]!;
    this.#callsSinceRefresh = 0;
    this.#cachedQuantile = quantile;
    this.#cachedMs = Math.exp((bucket + 1) * BUCKET_WIDTH);
    return this.#cachedMs;
  }
}
