// What all three kinds of buckets have in common: exact ones, leased ones and those of a single isolate.

import type { RateLimitRule } from "../../../core/config/rate-limit.ts";
import type { BucketDecision, BucketLimit } from "../../../core/rate-limit/token-bucket.ts";

/** Buckets or leases that an isolate keeps, of each kind. One takes up to 700 bytes. */
export const MAX_BUCKETS = 4_000;

/** The tokens that one call takes from the bucket of one caller under one rule. */
export interface Charge {
  readonly rule: RateLimitRule;
  readonly key: string; // rule and caller
  readonly limit: BucketLimit; // the limit of the rule, or of the caller's plan
  readonly cost: number; // tokens, in [1, limit.capacity]
}

/** One decision per charge; undefined if the bucket's Durable Object was unreachable, or if another charge was refused before it. */
export type BucketDecisions = readonly (BucketDecision | undefined)[];

export interface RateLimiter {
  /**
   * Takes all charges or, if one is refused, none. Decides synchronously unless it has to call a Durable Object. Never fails.
   *
   * @param deadlineAt epoch ms; the wait for a Durable Object ends here or after the rule's `waitMs`, whichever is first
   */
  take(charges: readonly Charge[], deadlineAt: number): BucketDecisions | Promise<BucketDecisions>;
  /** Returns tokens of a call that another limiter refused, or that cost less than it paid. */
  returnTokens(charges: readonly Charge[]): void;
  /** Takes what a call cost beyond what it paid. The bucket may go into debt, which later calls repay. */
  overdraw(charges: readonly Charge[]): void;
}

export function isAnyRefused(decisions: BucketDecisions): boolean {
  return decisions.some((decision) => decision?.kind === "refused");
}

/** Once a map has `max` entries, evicts the oldest 5 %: callers choose the keys, so the map must be bounded. */
export function evictOldest(map: Map<string, unknown>, max: number): void {
  if (map.size < max) return;
  let left = Math.ceil(max / 20);
  for (const key of map.keys()) {
    if (left-- === 0) return;
    map.delete(key);
  }
}
