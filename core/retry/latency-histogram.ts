// How long the calls of one method take, in one isolate: a histogram with logarithmic buckets, in which old calls fade.

const GROWTH = Math.log(1.05); // a bucket is 5 % wide
const BUCKETS = 310; // 1 ms to an hour
const FADES_AT = 2_000; // calls: then all counts are halved
const MEANS_SOMETHING = 100; // calls
const READ_EVERY = 20; // calls

export class LatencyHistogram {
  readonly #counts = new Float32Array(BUCKETS);
  #total = 0;
  #unread = READ_EVERY; // calls since a quantile was read
  #readAs = 0;
  #read = 0;

  /** @param tookMs of a call, or, where it was given up, how long it had taken until then */
  record(tookMs: number): void {
    const bucket = tookMs <= 1 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log(tookMs) / GROWTH));
    this.#counts[bucket]! += 1;
    this.#total += 1;
    this.#unread += 1;
    if (this.#total < FADES_AT) return;
    this.#total = 0;
    for (let index = 0; index < BUCKETS; index++) this.#total += this.#counts[index]! /= 2;
  }

  /**
   * @param quantile in (0, 1)
   * @returns ms that this share of the calls stays below, to 5 %, read anew every 20 calls; undefined before the first 100
   */
  quantileMs(quantile: number): number | undefined {
    if (this.#total < MEANS_SOMETHING) return undefined;
    if (this.#unread < READ_EVERY && quantile === this.#readAs) return this.#read;
    let [bucket, above] = [BUCKETS, 0];
    while (bucket > 1 && above <= (1 - quantile) * this.#total) above += this.#counts[--bucket]!;
    this.#unread = 0;
    this.#readAs = quantile;
    this.#read = Math.exp((bucket + 1) * GROWTH);
    return this.#read;
  }
}
