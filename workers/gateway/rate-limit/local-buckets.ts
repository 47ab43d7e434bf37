// Token buckets of this isolate alone, without any message. For limits that protect an isolate, not a service.
import { type BucketEntry, BucketMap } from "../../../core/rate-limit/bucket-map.ts";
import { type Bucket, type BucketDecision, overdraw, returnTokens, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { type BucketDecisions, type Charge, isAnyRefused, type RateLimiter } from "./rate-limiter.ts";

export class LocalBuckets implements RateLimiter {
  readonly #buckets: BucketMap;

  /** @param max buckets that are kept; see `BucketMap` for what happens above it */
  constructor(max: number) {
    this.#buckets = new BucketMap(max);
  }

  take(charges: readonly Charge[]): BucketDecisions {
    const now = Date.now();
    if (charges.length === 1) return [this.#takeOne(charges[0]!, now)];
    const entries = charges.map(({ key, limit }) => this.#buckets.entryOf(key, limit, now));
    const results = charges.map(({ limit, cost }, index) => takeTokens(entries[index]!.bucket, limit, cost, now));
    const decisions = results.map(([, decision]) => decision);
    const isRefused = isAnyRefused(decisions);
    for (const [index, [bucket, decision]] of results.entries()) {
      const entry = entries[index]!;
      if (decision.kind === "refused") entry.refusedUntil = Math.max(entry.refusedUntil, now + decision.retryAfterMs);
      if (!isRefused) this.#store(charges[index]!.key, entry, bucket);
    }
    return decisions;
  }

  #takeOne({ key, limit, cost }: Charge, now: number): BucketDecision {
    const entry = this.#buckets.entryOf(key, limit, now);
    const [bucket, decision] = takeTokens(entry.bucket, limit, cost, now);
    if (decision.kind === "refused") entry.refusedUntil = Math.max(entry.refusedUntil, now + decision.retryAfterMs);
    else this.#store(key, entry, bucket);
    return decision;
  }

  returnTokens(charges: readonly Charge[]): void {
    const now = Date.now();
    for (const { key, limit, cost } of charges) {
      // Without a bucket of its own the key has nothing to get back: a full one, or a share of one that others use, too.
      const entry = this.#buckets.ownEntry(key, limit);
      if (entry !== undefined) entry.bucket = returnTokens(entry.bucket, limit, cost, now);
    }
  }

  overdraw(charges: readonly Charge[]): void {
    const now = Date.now();
    for (const { key, limit, cost } of charges) {
      const entry = this.#buckets.entryOf(key, limit, now);
      this.#store(key, entry, overdraw(entry.bucket, limit, cost, now));
    }
  }

  #store(key: string, entry: BucketEntry, bucket: Bucket): void {
    entry.bucket = bucket;
    this.#buckets.keep(key, entry);
  }
}
