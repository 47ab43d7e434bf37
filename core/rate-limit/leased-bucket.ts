// The Durable Object's side of a leased bucket. For a while each isolate has a rate and a capacity of its own, and the pool has the rest.
// All rates together never exceed the limit's rate, nor all capacities its capacity: so no time window admits more than one bucket would.
import { assert } from "../assert.ts";
import type { LeaseGrant, LeaseRequest } from "./lease-messages.ts";
import { bucketDemand, chunkSize, leasedCapacity, leasedRate, pauseAfterGrantMs, pauseAfterRefusalMs } from "./lease-sizing.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** Plain data: fit for storage. */
export interface LeasedBucket {
  readonly tokens: number; // in the pool
  readonly updatedAt: number; // epoch ms of the Durable Object's clock
  readonly leases: Readonly<Record<string, LeaseRecord>>; // one per isolate, its name is the key
  readonly periodFactor: number; // in (0, 1]; periods are shortened by it after many rates expired unused
}

/** What one isolate may spend of the bucket. */
interface LeasedShare {
  readonly ratePerMs: number; // tokens per ms
  readonly capacity: number; // tokens; the most that the isolate can hold
  readonly expiresAt: number; // epoch ms; the isolate spends nothing of it afterwards
}

/** What the bucket knows of one isolate. */
export interface LeaseRecord {
  readonly sequence: number; // the latest grant has it
  readonly demandPerMs: number; // tokens per ms, reported with the latest request
  readonly activeUntil: number; // epoch ms; until then the isolate counts in the demand
  readonly current: LeasedShare; // the latest grant
  readonly previous: LeasedShare; // the grant before it, which the isolate still uses if the latest one never arrived
}

/** Added to every expiry, ms: clocks run at slightly different rates, and the clock of a Worker stands still between two I/O events. */
export const CLOCK_GUARD_MS = 250;
const NOTHING: LeasedShare = { ratePerMs: 0, capacity: 0, expiresAt: 0 };

export function fullLeasedBucket(limit: BucketLimit, now: number): LeasedBucket {
  return { tokens: limit.capacity, updatedAt: now, leases: {}, periodFactor: 1 };
}

/** When the record of a lease can be deleted, epoch ms: nothing of it can be spent, and its isolate counts as inactive. */
export function leaseEndsAt({ current, previous, activeUntil }: LeaseRecord): number {
  return Math.max(current.expiresAt, previous.expiresAt, activeUntil);
}

/** When a bucket without further requests is full and lends nothing, epoch ms: deleting it then changes nothing. */
export function bucketEndsAt({ leases, updatedAt }: LeasedBucket, limit: BucketLimit): number {
  let expiredAt = updatedAt;
  for (const { current, previous } of Object.values(leases)) expiredAt = Math.max(expiredAt, current.expiresAt, previous.expiresAt);
  return expiredAt + Math.ceil((limit.capacity * limit.intervalMs) / limit.rate) + 1; // 1 ms for rounding errors of the sums
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
 * Decides one request. A renewal never shortens the share that the isolate may be using: the grant may be lost on its way, so both shares
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
): [LeasedBucket, LeaseGrant | undefined] {
  assert(request.tokensNeeded >= 0 && request.tokensHeld >= 0 && request.demandPerMs >= 0, "a lease request has no negative numbers");
  const [bucket, expiredPerMs] = refill(known ?? fullLeasedBucket(limit, now), limit, now);
  const record = bucket.leases[request.isolate];
  if (record !== undefined && request.sequence <= record.sequence) return [bucket, undefined];

  const { [request.isolate]: _, ...others } = bucket.leases;
  const reserved = reservedByLeases(others);
  const applied = appliedShare(record, request);
  const heldBefore = Math.min(request.tokensHeld, applied.capacity); // an isolate cannot hold more than was lent
  const room = Math.max(0, limit.capacity - reserved.capacity); // the isolate and the pool share it
  const demands = Object.values(others).map(({ demandPerMs }) => demandPerMs);
  const demand = bucketDemand(limit, demands, request, bucket.periodFactor, expiredPerMs);

  const ratePerMs = Math.max(0, Math.min(leasedRate(demand, request, applied.ratePerMs), demand.ratePerMs - reserved.ratePerMs));
  const chunk = chunkSize(demand, request, ratePerMs, heldBefore, bucket.tokens);
  const available = Math.floor(Math.min(chunk, bucket.tokens, Math.max(0, room - heldBefore)));
  const isRefused = available + heldBefore < request.tokensNeeded;
  const tokens = isRefused ? 0 : available;
  const held = heldBefore + tokens;
  const capacity = Math.min(room, leasedCapacity(demand, limit, ratePerMs, held, room - (bucket.tokens - tokens)));
  const poolTokens = Math.max(0, Math.min(bucket.tokens - tokens, room - Math.max(capacity, applied.capacity)));

  const missing = isRefused ? request.tokensNeeded - heldBefore - bucket.tokens : 1 - poolTokens;
  const retryAfterMs = Math.max(0, Math.ceil(missing / demand.ratePerMs)); // until the pool has refilled so far
  const pause = isRefused
    ? pauseAfterRefusalMs(demand, request, random)
    : pauseAfterGrantMs(demand, limit, request, { chunk, held, poolTokens }, random);
  const pauseMs = pause === 0 ? 0 : Math.ceil(Math.max(retryAfterMs, pause));

  const { periodMs, lifetimeMs, periodFactor } = demand;
  const expiresAt = now + lifetimeMs + CLOCK_GUARD_MS;
  const lease: LeaseRecord = {
    sequence: request.sequence,
    demandPerMs: request.demandPerMs,
    activeUntil: Math.max(expiresAt, now + pauseMs + CLOCK_GUARD_MS),
    current: { ratePerMs, capacity, expiresAt },
    previous: applied.expiresAt > now ? { ...applied, capacity: Math.max(applied.capacity, heldBefore) } : NOTHING,
  };
  return [
    { tokens: poolTokens, updatedAt: bucket.updatedAt, leases: { ...others, [request.isolate]: lease }, periodFactor },
    { sequence: request.sequence, tokens, ratePerMs, capacity, lifetimeMs, renewAfterMs: periodMs, pauseMs, retryAfterMs, poolTokens },
  ];
}

/** The share that the isolate uses when it sends a request. */
function appliedShare(record: LeaseRecord | undefined, request: LeaseRequest): LeasedShare {
  if (record === undefined) return NOTHING;
  return request.appliedSequence === record.sequence ? record.current : record.previous;
}

/**
 * Adds to the pool what it earned since the last request: the part of the rate that is not lent, as far as there is room. Removes leases
 * that have expired.
 *
 * @returns the bucket, and the sum of the rates that have expired, tokens per ms
 */
function refill(bucket: LeasedBucket, limit: BucketLimit, now: number): [LeasedBucket, expiredPerMs: number] {
  let { tokens, updatedAt, leases } = bucket;
  let expiredPerMs = 0;
  while (updatedAt < now) {
    const next = Math.min(now, nextExpiry(leases, updatedAt)); // the lent rate changes at an expiry, so time passes in steps
    const reserved = reservedByLeases(leases);
    const earned = (next - updatedAt) * Math.max(0, limit.rate / limit.intervalMs - reserved.ratePerMs);
    tokens = Math.max(0, Math.min(tokens + earned, limit.capacity - reserved.capacity));
    updatedAt = next;
    for (const { current } of Object.values(leases)) if (current.expiresAt === updatedAt) expiredPerMs += current.ratePerMs;
    leases = withoutExpired(leases, updatedAt);
  }
  return [{ tokens, updatedAt, leases, periodFactor: bucket.periodFactor }, expiredPerMs];
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
    if (lease.activeUntil <= now) continue;
    const { current, previous } = lease;
    kept[isolate] = {
      ...lease,
      current: current.expiresAt > now ? current : NOTHING,
      previous: previous.expiresAt > now ? previous : NOTHING,
    };
  }
  return kept;
}
