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
  readonly isCeiling: boolean; // the ceiling of an address, which callers see only where it refuses
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

/** Whether calls pass while their bucket cannot be reached. Such rules do not wait for a bucket that they can charge afterwards. */
export function failsOpen({ fail }: RateLimitRule): boolean {
  return fail === "open";
}

/** How long tokens may be lent before calls need them, ms: half of the time that calls of another isolate would wait for them. */
export function aheadMsOf(rule: RateLimitRule): number {
  return failsOpen(rule) ? 0 : Math.floor(rule.waitMs / 2);
}

/** Whether all callers share the key of a rule, so that every isolate has calls for it. */
export function isShared({ key }: RateLimitRule): boolean {
  return key.kind === "all" || key.kind === "route";
}

/** An overloaded Durable Object has to be left alone. Any other error may come from a stub that broke when the object ended. */
export function isWorthRetrying(error: unknown): boolean {
  return (error as { readonly overloaded?: unknown } | null)?.overloaded !== true;
}

/** Whether the Durable Object is of a version that does not have the method. */
export function isMissingMethod(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes("RPC receiver does not implement");
}
