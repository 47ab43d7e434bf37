// Token buckets of this isolate alone, without any message. For limits that protect an isolate, not a service.
import { type Bucket, overdraw, returnTokens, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { type BucketDecisions, type Charge, evictOldest, isAnyRefused, type RateLimiter } from "./rate-limiter.ts";

export class LocalBuckets implements RateLimiter {
  readonly #buckets = new Map<string, Bucket>(); // the least recently used first
  readonly #max: number;

  /** @param max buckets that are kept; the least recently used ones are forgotten first, which fills them */
  constructor(max: number) {
    this.#max = max;
  }

  take(charges: readonly Charge[]): BucketDecisions {
    const now = Date.now();
    const results = charges.map(({ key, limit, cost }) => takeTokens(this.#buckets.get(key), limit, cost, now));
    const decisions = results.map(([, decision]) => decision);
    if (!isAnyRefused(decisions)) for (const [index, [bucket]] of results.entries()) this.#store(charges[index]!.key, bucket);
    return decisions;
  }

  returnTokens(charges: readonly Charge[]): void {
    for (const { key, limit, cost } of charges) this.#store(key, returnTokens(this.#buckets.get(key), limit, cost, Date.now()));
  }

  overdraw(charges: readonly Charge[]): void {
    for (const { key, limit, cost } of charges) this.#store(key, overdraw(this.#buckets.get(key), limit, cost, Date.now()));
  }

  #store(key: string, bucket: Bucket): void {
    if (!this.#buckets.delete(key)) evictOldest(this.#buckets, this.#max);
    this.#buckets.set(key, bucket);
  }
}
