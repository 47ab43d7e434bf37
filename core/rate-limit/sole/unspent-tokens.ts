// Tokens that an isolate did not spend come back to the pool while no other isolate can have any. The isolate reports what it has spent;
// from that follows a lower bound of the bucket that a single Durable Object would have (docs/rate-limiting.md, "Unspent tokens").
import type { LeaseRequest } from "../lease-messages.ts";
import { type LeasedBucket, NOTHING } from "../lease-record.ts";
import type { BucketLimit } from "../token-bucket.ts";
import type { LatestLessee } from "./latest-lessee.ts";

const REFILL_TIMES = 2; // a pool of which calls take half of the rate refills so much slower

/** Whether a request is older than one that has been decided, although the record of its lease has been deleted already. */
export function isStale({ latest }: LeasedBucket, { isolate, sequence }: LeaseRequest): boolean {
  return latest?.isolate === isolate && sequence <= latest.sequence;
}

/**
 * Applies the report of an isolate to a bucket that has been refilled. If the isolate uses no grant, it can spend nothing until it receives the
 * grant of this request: it drops the grants of earlier ones. So nothing is reserved for it, and what it did not spend is in the pool again,
 * unless another isolate may have received tokens in between.
 */
export function returnUnspent(bucket: LeasedBucket, limit: BucketLimit, request: LeaseRequest): LeasedBucket {
  if (request.spent === undefined) return withoutLatest(bucket); // nothing is known of what this isolate may spend
  const known = { ...bucket, ...scarceUntil(bucket, limit, request), latest: reportedLessee(bucket, limit, request) };
  const { latest } = known;
  if (request.appliedSequence !== 0) return known;
  const record = bucket.leases[request.isolate];
  const released = record && { [request.isolate]: { ...record, current: NOTHING, previous: NOTHING } };
  const tokens = Math.max(bucket.tokens, latest.tokens ?? Number.NEGATIVE_INFINITY);
  return { ...known, tokens, leases: { ...bucket.leases, ...released } };
}

/** For an isolate that does not report: the next report cannot be compared with an earlier one. */
export function withoutLatest(bucket: LeasedBucket): LeasedBucket {
  if (bucket.latest === undefined) return bucket;
  const { latest: _, ...others } = bucket;
  return others;
}

/** What is known of the isolate at the time to which the bucket has been refilled. */
function reportedLessee({ latest, updatedAt: at }: LeasedBucket, limit: BucketLimit, request: LeaseRequest): LatestLessee {
  const { isolate, sequence } = request;
  const spent = request.spent!;
  if (latest === undefined) return { isolate, sequence, spent, at, aloneSince: Number.NEGATIVE_INFINITY };
  if (latest.isolate !== isolate) return { isolate, sequence, spent, at, aloneSince: at };
  const reported = { isolate, sequence, spent, at, aloneSince: latest.aloneSince };
  const tokens = boundOf(latest, limit, at);
  if (tokens === undefined || latest.spent.since !== spent.since) return reported;
  return { ...reported, tokens: tokens - Math.max(0, spent.tokens - latest.spent.tokens) };
}

/** The tokens of the pool and of the latest isolate at a later time, if it spends nothing more. */
function boundOf({ tokens, at }: LatestLessee, limit: BucketLimit, now: number): number | undefined {
  if (tokens === undefined) return undefined;
  return Math.min(limit.capacity, tokens + (Math.max(0, now - at) * limit.rate) / limit.intervalMs);
}

/** When the pool has again what the former only lessee may have, or has lost. */
function scarceUntil(bucket: LeasedBucket, limit: BucketLimit, { isolate }: LeaseRequest): { readonly scarceUntil?: number } {
  const { tokens: pool, updatedAt, leases, latest } = bucket;
  const isJoining = latest?.isAhead === true && latest.isolate !== isolate;
  const tokens = isJoining ? boundOf(latest, limit, updatedAt) : undefined;
  if (tokens === undefined) return {};
  const { current, previous } = leases[latest?.isolate ?? ""] ?? { current: NOTHING, previous: NOTHING };
  const endsAt = Math.max(updatedAt, current.expiresAt, previous.expiresAt);
  return { scarceUntil: Math.max(bucket.scarceUntil ?? 0, endsAt + scarceMs(tokens - pool, limit)) };
}

/** How long tokens are missing that no call has spent, ms. */
export function scarceMs(missing: number, { rate, intervalMs }: BucketLimit): number {
  return (REFILL_TIMES * Math.max(0, missing) * intervalMs) / rate;
}

/** Whether calls can wait for tokens that are missing although no call has spent them: the bucket as a whole may have them. */
export function isScarce({ scarceUntil = 0, updatedAt }: LeasedBucket, { aheadMs = 0 }: LeaseRequest, retryAfterMs: number): boolean {
  return aheadMs > 0 && updatedAt < scarceUntil && retryAfterMs <= 2 * aheadMs;
}

/**
 * What the next report is compared with: the tokens of the pool and of the isolate together, if no other isolate can have any.
 *
 * @param bucket      after the debt of the request has been charged
 * @param tokensHeld  by the isolate, when it sent the request
 * @param debtCharged tokens
 * @param reserved    what other isolates may use
 * @param isAhead     whether the isolate gets tokens ahead of need
 */
export function latestAfter(
  { tokens, latest }: LeasedBucket,
  tokensHeld: number,
  debtCharged: number,
  reserved: { readonly capacity: number; readonly ratePerMs: number },
  isAhead: boolean,
): LatestLessee | undefined {
  if (latest === undefined) return undefined;
  const { tokens: bound = Number.NEGATIVE_INFINITY, ...rest } = latest;
  const reported: LatestLessee = isAhead ? { ...rest, isAhead } : rest;
  return reserved.capacity > 0 || reserved.ratePerMs > 0
    ? reported
    : { ...reported, tokens: Math.max(tokens + tokensHeld, bound - debtCharged) };
}
