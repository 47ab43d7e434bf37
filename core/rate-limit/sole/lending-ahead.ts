// Lending ahead: a small limit with one lessee lends it nearly all, so that calls of a rule that fails closed seldom wait. A second lessee gets
// the reserve at once. As in lease-sizing.ts, no value computed here can break the limit.
import type { LeaseRequest } from "../lease-messages.ts";
import type { LeasedBucket } from "../lease-record.ts";
import { isRoot, type LenderTerms } from "../region/lender-terms.ts";
import { type BucketLimit, fillTimeMs } from "../token-bucket.ts";

const RESERVE_SHARE = 1 / 8; // share of the tokens (at least one token), and of the rate
const MIN_AHEAD_MS = 100; // a shorter lease would end before the next call arrives
export const MAX_AHEAD_MS = 1_000;
const ALONE_AFTER_MS = 10_000; // an isolate is the only one if no other one has sent a request for so long
const SHORT_FILL_MS = 10_000; // a bucket that fills sooner is lent as a whole; what a restart loses of it is back soon

/** What an isolate gets that is the only lessee. */
export interface Ahead {
  readonly ratePerMs: number; // tokens per ms; 0 for a bucket that fills slowly, of which only the demand is lent
  readonly lifetimeMs: number;
  readonly reserve: number; // tokens that stay in the pool
}

/** How long tokens are lent ahead of need, ms; 0 if not at all: another isolate must not wait longer for them than its calls do. */
export function aheadMs({ aheadMs: wanted = 0 }: LeaseRequest, terms: LenderTerms): number {
  return wanted < MIN_AHEAD_MS || !isRoot(terms) ? 0 : Math.min(wanted, MAX_AHEAD_MS);
}

/**
 * @param maxUtilization share of the rate that may be lent
 * @returns undefined if nothing is lent ahead: the rule does not need it, another isolate uses the bucket, or it has only one token
 */
export function aheadOf(
  limit: BucketLimit,
  request: LeaseRequest,
  { latest, updatedAt }: Pick<LeasedBucket, "latest" | "updatedAt">,
  terms: LenderTerms,
  maxUtilization: number,
): Ahead | undefined {
  const lifetimeMs = aheadMs(request, terms);
  if (lifetimeMs === 0 || latest === undefined || updatedAt - latest.aloneSince < ALONE_AFTER_MS || limit.capacity <= 1) return undefined;
  const isShort = fillTimeMs(limit) <= SHORT_FILL_MS;
  const ratePerMs = isShort ? (limit.rate / limit.intervalMs) * Math.min(1 - RESERVE_SHARE, maxUtilization) : 0;
  return { ratePerMs, lifetimeMs, reserve: Math.max(1, Math.ceil(limit.capacity * RESERVE_SHARE)) };
}

/** Tokens to grant at once. @param held tokens that the isolate holds @param poolTokens tokens in the pool */
export function aheadChunk(ahead: Ahead, request: LeaseRequest, held: number, poolTokens: number): number {
  if (ahead.ratePerMs > 0) return Math.max(request.tokensNeeded, poolTokens - ahead.reserve);
  const mean = request.demandPerMs * ahead.lifetimeMs;
  return request.tokensNeeded + Math.max(0, Math.floor(mean + Math.sqrt(mean)) - held);
}

/** Tokens that the isolate may hold. One more than the reserve stays out, so that the pool can gather a whole one to lend. */
export function aheadCapacity({ reserve }: Ahead, { capacity }: BucketLimit, held: number): number {
  return Math.max(held, capacity - reserve - 1);
}
