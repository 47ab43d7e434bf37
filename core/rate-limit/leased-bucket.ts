// The Durable Object's side of a leased bucket. For a while each isolate has a rate and a capacity of its own, and the pool has the rest.
// All rates together never exceed the limit's rate, nor all capacities its capacity: so no time window admits more than one bucket would.
import { assert } from "../assert.ts";
import type { LeaseGrant, LeaseRequest } from "./lease-messages.ts";
import { pauseAfterMs } from "./lease-pause.ts";
import { type LeasedBucket, type LeaseRecord, NOTHING } from "./lease-record.ts";
import { bucketDemand } from "./lease-sizing.ts";
import { appliedShare, loanOf, ownRateMs, stillHeld } from "./loan.ts";
import { msUntilPoolHas } from "./pool-forecast.ts";
import { isRoot, type LenderTerms, ROOT_TERMS } from "./region/lender-terms.ts";
import { isScarce, isStale, latestAfter, returnUnspent, withoutLatest } from "./sole/unspent-tokens.ts";
import { recognizeShare, UNKNOWN_ISOLATES } from "./storage/restored-bucket.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** Added to every expiry, ms: clocks run at slightly different rates, and the clock of a Worker stands still between two I/O events. */
export const CLOCK_GUARD_MS = 250;

export function fullLeasedBucket(limit: BucketLimit, now: number): LeasedBucket {
  return { tokens: limit.capacity, updatedAt: now, leases: {}, periodFactor: 1 };
}

/** When the latest lease of a bucket ends, epoch ms. */
export function reservedUntil({ leases, updatedAt }: LeasedBucket): number {
  let until = updatedAt;
  for (const { current, previous } of Object.values(leases)) until = Math.max(until, current.expiresAt, previous.expiresAt);
  return until;
}

/** When the record of a lease can be deleted, epoch ms: nothing of it can be spent, and its isolate counts as inactive. */
export function leaseEndsAt({ current, previous, activeUntil }: LeaseRecord): number {
  return Math.max(current.expiresAt, previous.expiresAt, activeUntil);
}

/** When a bucket without further requests is full and lends nothing, epoch ms: deleting it then changes nothing. */
export function bucketEndsAt(bucket: LeasedBucket, limit: BucketLimit): number {
  const missing = limit.capacity - Math.min(0, bucket.tokens);
  return reservedUntil(bucket) + Math.ceil((missing * limit.intervalMs) / limit.rate) + 1; // 1 ms for rounding errors of the sums
}

/** Rate and capacity that the pool cannot use, because isolates may spend them. */
export function reservedByLeases(leases: LeasedBucket["leases"]): { readonly capacity: number; readonly ratePerMs: number } {
  let [capacity, ratePerMs] = [0, 0];
  for (const { current, previous } of Object.values(leases)) {
    capacity += Math.max(current.capacity, previous.capacity);
    ratePerMs += Math.max(current.ratePerMs, previous.ratePerMs);
  }
  return { capacity, ratePerMs };
}

/**
 * Decides one request. Debt is charged first: calls have spent it already, so the pool goes below zero, by at most the capacity, and
 * lends nothing until it is above zero again. A renewal never shortens the share that the isolate may be using: the grant may be lost on its way, so both shares
 * are reserved until the isolate reports which one it applied. When a share expires, the tokens left in it expire with it, so that isolates
 * that have ended keep nothing from the others.
 *
 * @param known  undefined for a bucket without a request so far, which is full
 * @param now    epoch ms; a clock that steps back refills nothing
 * @param random in [0, 1): spreads the isolates that come back after a pause
 * @returns the bucket afterwards, and the grant; no grant if a later request of the same isolate has been decided already
 */
export function grantLease(
  known: LeasedBucket | undefined,
  limit: BucketLimit,
  request: LeaseRequest,
  now: number,
  random: number,
  terms: LenderTerms = ROOT_TERMS,
): [LeasedBucket, LeaseGrant | undefined] {
  assertNotNegative(request);
  const [earned, expiredPerMs] = refill(known ?? fullLeasedBucket(limit, now), limit, now);
  const refilled = recognizeShare(earned, request);
  const previous = refilled.leases[request.isolate];
  if ((previous !== undefined && request.sequence <= previous.sequence) || isStale(refilled, request)) return [refilled, undefined];
  const settled = isRoot(terms) ? returnUnspent(refilled, limit, request) : refilled; // the limit of another lender changes
  const record = settled.leases[request.isolate];
  const [bucket, tokensForgiven] = chargeDebt(settled, limit, record, request);

  const { [request.isolate]: _, ...others } = bucket.leases;
  const reserved = reservedByLeases(others);
  const applied = appliedShare(record, request);
  const lentOn = Math.min(request.capacityLent ?? 0, applied.capacity);
  const heldBefore = Math.min(request.tokensHeld, applied.capacity - lentOn); // an isolate cannot hold more than was lent
  const demands = Object.entries(others).flatMap(([name, { demandPerMs }]) => (name === UNKNOWN_ISOLATES ? [] : demandPerMs));
  const demand = bucketDemand(limit, demands, request, bucket, expiredPerMs + terms.expiredRatePerMs, terms);
  const loan = loanOf(bucket, limit, request, { demand, reserved, applied, heldBefore, lentOn }, terms);
  const { tokens, ratePerMs, capacity, left, held, isRefused, chunk } = loan;
  const poolTokens = Math.max(0, left);

  const { periodMs, lifetimeMs, periodFactor } = demand;
  const expiresAt = now + lifetimeMs + CLOCK_GUARD_MS;
  const lease: LeaseRecord = {
    sequence: request.sequence,
    demandPerMs: request.demandPerMs,
    activeUntil: expiresAt,
    current: { ratePerMs, capacity, expiresAt },
    previous: applied.expiresAt > now ? { ...applied, capacity: stillHeld(applied, lentOn + heldBefore, request) } : NOTHING,
    ...((request.tokensOwed ?? 0) > 0 ? { tokensOwed: request.tokensOwed! } : {}),
  };
  const leases = { ...others, [request.isolate]: lease };
  const latest = latestAfter(bucket, heldBefore, settled.tokens - bucket.tokens, reserved, demand.ahead !== undefined);
  const after: LeasedBucket = { ...withoutLatest(bucket), tokens: left, leases, periodFactor, ...(latest ? { latest } : {}) };

  const { leastNeeded = request.tokensNeeded } = request;
  const missing = leastNeeded > held ? leastNeeded - held : leastNeeded; // tokens of the next call
  const retryAfterMs = msUntil(isRefused ? missing : 1, after, limit, terms);
  const pauseMs = pauseAfterMs(demand, limit, request, isRefused ? undefined : { chunk, held, poolTokens }, retryAfterMs, random);
  const activeUntil = Math.max(expiresAt, now + pauseMs + CLOCK_GUARD_MS);
  const canWait = isScarce(after, request, retryAfterMs);
  const isUnknown = held < 1 && poolTokens < 1 && UNKNOWN_ISOLATES in leases; // after a crash: which leases live
  const grant: LeaseGrant = {
    ...recovery(isUnknown, isUnknown || (isRefused && canWait), Math.min(retryAfterMs, ownRateMs(loan, missing))),
    ...{ sequence: request.sequence, tokens, ratePerMs, capacity, poolTokens, lessees: demand.isolates },
    ...{ lifetimeMs, renewAfterMs: periodMs, pauseMs: canWait ? 0 : pauseMs, retryAfterMs },
    ...(latest ? { tokensKept: heldBefore } : {}),
    ...(demand.keepsStock === true ? { isAhead: true } : {}),
    ...(tokensForgiven > 0 ? { tokensForgiven } : {}),
  };
  return [{ ...after, leases: { ...leases, [request.isolate]: { ...lease, activeUntil } } }, grant];
}

function recovery(isUnknown: boolean, recovers: boolean, ms: number): Pick<LeaseGrant, "isUnreachable" | "recoversAfterMs"> {
  return { ...(isUnknown ? { isUnreachable: true } : {}), ...(recovers ? { recoversAfterMs: ms } : {}) };
}

function assertNotNegative({ tokensNeeded, tokensHeld, demandPerMs, tokensOwed = 0, capacityLent = 0 }: LeaseRequest): void {
  const least = Math.min(tokensNeeded, tokensHeld, demandPerMs, tokensOwed, capacityLent);
  assert(least >= 0, "a lease request has no negative numbers");
}

/** The time until the pool has some tokens, ms. The rate of a lender that is a lessee itself may rise before that. */
function msUntil(tokens: number, bucket: LeasedBucket, limit: BucketLimit, { minPacingRatePerMs }: LenderTerms): number {
  const ms = msUntilPoolHas(tokens, bucket, limit);
  return minPacingRatePerMs > 0 ? Math.min(ms, Math.ceil(Math.max(0, tokens - bucket.tokens) / minPacingRatePerMs)) : ms;
}

/**
 * Charges what calls have spent before it was granted.
 *
 * @returns the bucket, and the tokens that would take it more than one capacity below zero
 */
function chargeDebt(
  bucket: LeasedBucket,
  limit: BucketLimit,
  record: LeaseRecord | undefined,
  request: LeaseRequest,
): [LeasedBucket, tokensForgiven: number] {
  const charged = newDebt(record, request);
  const tokens = Math.max(-limit.capacity, bucket.tokens - charged);
  return [{ ...bucket, tokens }, charged - (bucket.tokens - tokens)];
}

/** Debt that is not charged yet: if the isolate has not received the latest grant, the part that it settled is charged already. */
export function newDebt(
  record: LeaseRecord | undefined,
  { tokensOwed = 0, settledSequence = Number.POSITIVE_INFINITY }: LeaseRequest,
): number {
  return Math.max(0, tokensOwed - (settledSequence < (record?.sequence ?? 0) ? (record?.tokensOwed ?? 0) : 0));
}

/**
 * Adds to the pool what it earned since the last request: the part of the rate that is not lent, as far as there is room. Removes leases
 * that have expired.
 *
 * @returns the bucket, and the sum of the rates that have expired, tokens per ms
 */
export function refill(bucket: LeasedBucket, limit: BucketLimit, now: number): [LeasedBucket, expiredPerMs: number] {
  let { tokens, updatedAt, leases } = bucket;
  let expiredPerMs = 0;
  while (updatedAt < now) {
    const next = Math.min(now, nextExpiry(leases, updatedAt)); // the lent rate changes at an expiry, so time passes in steps
    const reserved = reservedByLeases(leases);
    const earned = (next - updatedAt) * Math.max(0, limit.rate / limit.intervalMs - reserved.ratePerMs);
    tokens = Math.min(tokens + earned, Math.max(0, limit.capacity - reserved.capacity));
    updatedAt = next;
    for (const { current } of Object.values(leases)) if (current.expiresAt === updatedAt) expiredPerMs += current.ratePerMs;
    leases = withoutExpired(leases, updatedAt);
  }
  return [{ ...bucket, tokens, updatedAt, leases }, expiredPerMs];
}

/** The first expiry of a share after a time, epoch ms; Infinity if no share expires later. */
function nextExpiry(leases: LeasedBucket["leases"], after: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { current, previous } of Object.values(leases)) {
    if (current.expiresAt > after) next = Math.min(next, current.expiresAt);
    if (previous.expiresAt > after) next = Math.min(next, previous.expiresAt);
  }
  return next;
}

function withoutExpired(leases: LeasedBucket["leases"], now: number): LeasedBucket["leases"] {
  const kept: Record<string, LeaseRecord> = {};
  for (const [isolate, lease] of Object.entries(leases)) {
    if (leaseEndsAt(lease) <= now) continue; // a share that is longer than the latest one may be in use still
    const { current, previous } = lease;
    kept[isolate] = {
      ...lease,
      current: current.expiresAt > now ? current : NOTHING,
      previous: previous.expiresAt > now ? previous : NOTHING,
    };
  }
  return kept;
}
