// A leased bucket after a restart: the Durable Object knows what is left in its pool, but not which isolates hold the rest.
import type { LeaseRequest } from "../lease-messages.ts";
import { type LeasedBucket, type LeaseRecord, NOTHING } from "../lease-record.ts";
import { scarceMs } from "../sole/unspent-tokens.ts";
import type { BucketLimit } from "../token-bucket.ts";

/** The name of the lease that stands for all leases of which a restart knows only that they may live. No isolate has it. */
export const UNKNOWN_ISOLATES = "";

/**
 * A bucket of which a restart knows only the tokens in its pool, and when its latest lease ends. Until then nothing else of it is lent.
 *
 * @param tokens     at least so many are in the pool
 * @param lentUntil  epoch ms; from then on the pool has the whole rate
 */
export function restoredBucket(tokens: number, lentUntil: number, limit: BucketLimit, now: number): LeasedBucket {
  const scarceUntil = Math.max(lentUntil, now) + scarceMs(limit.capacity - tokens, limit);
  if (lentUntil <= now) return { tokens, updatedAt: lentUntil, leases: {}, periodFactor: 1, scarceUntil };
  const ratePerMs = limit.rate / limit.intervalMs;
  const current = { ratePerMs, capacity: limit.capacity - Math.max(0, tokens), expiresAt: lentUntil };
  const unknown: LeaseRecord = { sequence: 0, demandPerMs: 0, activeUntil: lentUntil, current, previous: NOTHING };
  return { tokens, updatedAt: now, leases: { [UNKNOWN_ISOLATES]: unknown }, periodFactor: 1, scarceUntil };
}

/** After a restart, the share that an isolate states becomes its lease again. It was part of what is reserved for unknown isolates. */
export function recognizeShare(bucket: LeasedBucket, { isolate, appliedSequence, shareHeld }: LeaseRequest): LeasedBucket {
  const { [UNKNOWN_ISOLATES]: unknown, [isolate]: record } = bucket.leases;
  if (unknown === undefined || record !== undefined || shareHeld === undefined || appliedSequence === 0) return bucket;
  const { ratePerMs, capacity, expiresAt } = unknown.current;
  const share = { ratePerMs: Math.min(shareHeld.ratePerMs, ratePerMs), capacity: Math.min(shareHeld.capacity, capacity), expiresAt };
  const others = { ratePerMs: ratePerMs - share.ratePerMs, capacity: capacity - share.capacity, expiresAt };
  const recognized: LeaseRecord = { sequence: 0, demandPerMs: 0, activeUntil: expiresAt, current: share, previous: share };
  return { ...bucket, leases: { ...bucket.leases, [UNKNOWN_ISOLATES]: { ...unknown, current: others }, [isolate]: recognized } };
}
