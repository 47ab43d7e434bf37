// Buckets of this isolate alone: nothing is shared, nothing is asked. For limits that protect an isolate, not a service.
import { type Bucket, overdraw, returnTokens, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { type BucketDecisions, type Charge, evictOldest, isAnyRefused, type RateLimiter } from "./rate-limiter.ts";

export class LocalBuckets implements RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #most: number;

  /** @param most buckets that are kept; the one unused for the longest is forgotten first */
  constructor(most: number) {
    this.#most = most;
  }

  take(charges: readonly Charge[]): BucketDecisions {
    const now = Date.now();
    const decided = charges.map(({ key, limit, cost }) => takeTokens(this.#buckets.get(key), limit, cost, now));
    const verdicts = decided.map(([, verdict]) => verdict);
    if (!isAnyRefused(verdicts)) for (const [index, [bucket]] of decided.entries()) this.#keep(charges[index]!.key, bucket);
    return verdicts;
  }

  returnTokens(charges: readonly Charge[]): void {
    for (const { key, limit, cost } of charges) this.#keep(key, returnTokens(this.#buckets.get(key), limit, cost, Date.now()));
  }

  overdraw(charges: readonly Charge[]): void {
    for (const { key, limit, cost } of charges) this.#keep(key, overdraw(this.#buckets.get(key), limit, cost, Date.now()));
  }

  #keep(key: string, bucket: Bucket): void {
    if (!this.#buckets.delete(key)) evictOldest(this.#buckets, this.#most);
    this.#buckets.set(key, bucket);
  }
}
