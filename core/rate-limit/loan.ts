// The share of a leased bucket that one request gets, out of what the pool has and of what no other isolate may use.
import type { LeaseRequest } from "./lease-messages.ts";
import { type LeasedBucket, type LeasedShare, type LeaseRecord, NOTHING } from "./lease-record.ts";
import { type BucketDemand, chunkSize, leasedCapacity, leasedRate, poolShare } from "./lease-sizing.ts";
import type { LenderTerms } from "./region/lender-terms.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** What a loan depends on beside the bucket and the request. */
export interface LoanTerms {
  readonly demand: BucketDemand;
  readonly reserved: { readonly capacity: number; readonly ratePerMs: number }; // what other isolates may use
  readonly applied: LeasedShare; // the isolate uses it now
  readonly heldBefore: number; // tokens
  readonly lentOn: number; // capacity that the lessee has lent on, tokens
}

export interface Loan {
  readonly tokens: number; // granted
  readonly ratePerMs: number;
  readonly capacity: number;
  readonly held: number; // tokens of the isolate, those just granted included
  readonly left: number; // tokens of the pool afterwards
  readonly chunk: number; // tokens that were wanted at once
  readonly isRefused: boolean; // the calls that wait need more
}

/** The share that is lent, out of what the pool has and of what no other isolate may use. */
export function loanOf(bucket: LeasedBucket, limit: BucketLimit, request: LeaseRequest, loan: LoanTerms, terms: LenderTerms): Loan {
  const { demand, reserved, applied, heldBefore, lentOn } = loan;
  const poolBefore = Math.max(0, bucket.tokens);
  const room = Math.max(0, limit.capacity - reserved.capacity); // the isolate and the pool share it
  const ratePerMs = Math.max(0, Math.min(leasedRate(demand, request, applied.ratePerMs), demand.ratePerMs - reserved.ratePerMs));
  const chunk = chunkSize(demand, request, ratePerMs, heldBefore, poolBefore);
  const available = Math.floor(Math.min(chunk, poolBefore, Math.max(0, room - lentOn - heldBefore)));
  const isRefused = available + heldBefore < request.tokensNeeded;
  const lendsOn = request.lessees !== undefined;
  const { leastNeeded = request.tokensNeeded } = request;
  const isOfUse = lendsOn || available + heldBefore >= leastNeeded; // some call that waits, or some lessee, can use it
  const tokens = isRefused && !isOfUse ? 0 : available;
  const held = heldBefore + tokens;
  const forPool = Math.max(poolBefore - tokens, poolShare(terms, lendsOn) * limit.capacity);
  const capacity = Math.min(room, leasedCapacity(demand, limit, ratePerMs, lentOn + held, room - forPool, lendsOn));
  const left = Math.min(bucket.tokens - tokens, Math.max(0, room - Math.max(capacity, applied.capacity)));
  return { tokens, ratePerMs, capacity, held, left, chunk, isRefused };
}

/**
 * Tokens that a lessee can still have of the share that it uses. Without a rate, what it has spent does not come back.
 *
 * @param held tokens that it had when it sent its request, those that it has lent on included
 */
export function stillHeld({ ratePerMs, capacity }: LeasedShare, held: number, { lessees }: LeaseRequest): number {
  return lessees !== undefined && ratePerMs === 0 ? held : Math.max(capacity, held);
}

/** The time in which the rate that is lent brings some tokens, ms. */
export function ownRateMs({ ratePerMs, capacity, held }: Loan, tokens: number): number {
  return ratePerMs > 0 && capacity >= held + tokens ? Math.ceil(tokens / ratePerMs) : Number.POSITIVE_INFINITY;
}

/** The share that the isolate uses when it sends a request. */
export function appliedShare(record: LeaseRecord | undefined, request: LeaseRequest): LeasedShare {
  if (record === undefined) return NOTHING;
  return request.appliedSequence === record.sequence ? record.current : record.previous;
}
