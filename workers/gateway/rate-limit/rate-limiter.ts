// What the three ways of limiting have in common: the object's exact bucket, a lease of it, and a bucket of this isolate alone.
import type { RateLimitRule } from "../../../core/config/rate-limit.ts";
import type { BucketDecision, BucketLimit } from "../../../core/rate-limit/token-bucket.ts";

/** Buckets that an isolate holds, or holds a part of: up to 700 bytes each. */
export const MAX_BUCKETS = 4_000;

/** What one call wants from the bucket of one caller under one rule. */
export interface Charge {
  readonly rule: RateLimitRule;
  readonly key: string; // rule and caller
  readonly limit: BucketLimit; // of the rule, or of the caller's plan
  readonly cost: number; // tokens, in [1, limit.capacity]
}

/** For each charge what its bucket says; undefined where it could not be asked. */
export type BucketDecisions = readonly (BucketDecision | undefined)[];

export interface RateLimiter {
  /**
   * Takes all charges or, where one is refused, none. Responds at once where no object has to be called. Never fails.
   *
   * @param deadlineAt epoch ms; the wait for an object ends here, or after the rule's `waitMs`, whichever is first
   */
  take(charges: readonly Charge[], deadlineAt: number): BucketDecisions | Promise<BucketDecisions>;
  /** Returns what was taken for a call that another limiter refused, or that turned out cheaper. */
  returnTokens(charges: readonly Charge[]): void;
  /** Takes what a call turned out to cost beyond what it paid; later calls pay for it. */
  overdraw(charges: readonly Charge[]): void;
}

/** Everything is given back unless all of it was allowed, or could not be asked. */
export function isAnyRefused(verdicts: BucketDecisions): boolean {
  return verdicts.some((verdict) => verdict?.kind === "refused");
}

/** The first `cost` tokens of a map in the order of use make room: a map that callers can fill is bounded. */
export function evictOldest(map: Map<string, unknown>, most: number): void {
  if (map.size < most) return;
  let some = Math.ceil(most / 20);
  for (const key of map.keys()) {
    if (some-- === 0) return;
    map.delete(key);
  }
}
