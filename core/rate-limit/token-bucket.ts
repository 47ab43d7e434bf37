// Token bucket: calls are paid out of a credit that grows with time.
// Credit is a whole number of token·milliseconds, so nothing is ever rounded.
import { assert } from "../assert.ts";

/** The limit of one caller: `tokens = min(capacity, tokens + elapsed * rate / interval)`. */
export interface BucketLimit {
  readonly capacity: number; // tokens; the largest burst
  readonly rate: number; // tokens returned every `intervalMs`
  readonly intervalMs: number;
  /** Deletes a bucket two intervals after its last call even if it is not full, like the script that this gateway replaces. */
  readonly compat?: boolean;
}

/** Plain data: fit for storage and for RPC. Read only under the limit that wrote it. */
export interface Bucket {
  readonly credit: number; // token·ms, at most capacity * intervalMs; negative if a response cost more than was charged before the call
  readonly touchedAt: number; // epoch ms of the last call, refused ones included
}

export type BucketDecision =
  | { readonly kind: "allowed"; readonly remaining: number; readonly nextMs: number }
  | { readonly kind: "refused"; readonly remaining: number; readonly nextMs: number; readonly retryAfterMs: number };

/** The storage key of a bucket. It contains the limit, because credit is counted in units of the limit: a changed limit starts a new bucket. */
export function bucketKey({ key, limit }: { readonly key: string; readonly limit: BucketLimit }): string {
  return `${limit.capacity}/${limit.rate}/${limit.intervalMs}/${key}`;
}

export function isSameLimit(one: BucketLimit, other: BucketLimit): boolean {
  return one === other || (one.capacity === other.capacity && one.rate === other.rate && one.intervalMs === other.intervalMs);
}

/** The largest `capacity * intervalMs`, token·ms. Credit then stays below 2^53, so the arithmetic is exact. */
export const MAX_CREDIT = 2 ** 52;

/** Time in which an empty bucket fills, ms, rounded up. */
export function fillTimeMs(limit: BucketLimit): number {
  return Math.ceil((limit.capacity * limit.intervalMs) / limit.rate);
}

/** When a bucket without further calls can be deleted, epoch ms: when it is full. With `compat`, two intervals after the last call. */
export function expiresAt(bucket: Bucket, limit: BucketLimit): number {
  if (limit.compat === true) return bucket.touchedAt + 2 * limit.intervalMs;
  return bucket.touchedAt + Math.ceil((limit.capacity * limit.intervalMs - bucket.credit) / limit.rate);
}

export function fullBucket(limit: BucketLimit, now: number): Bucket {
  return { credit: limit.capacity * limit.intervalMs, touchedAt: now };
}

/**
 * Takes `cost` tokens, or none. A refused call costs nothing, but counts as a touch.
 * A clock that steps back refills nothing and takes nothing away.
 *
 * @param bucket undefined for a caller not seen before; an expired bucket counts as full
 * @param cost   tokens, a whole number in [1, limit.capacity]
 * @param now    epoch ms
 * @see RFC 3290, Appendix A
 */
export function takeTokens(bucket: Bucket | undefined, limit: BucketLimit, cost: number, now: number): [Bucket, BucketDecision] {
  assert(cost >= 1 && cost <= limit.capacity, `cost ${cost} is outside [1, ${limit.capacity}]`);

  const { credit, touchedAt } = refill(bucket, limit, now);
  const left = credit - cost * limit.intervalMs;
  if (left >= 0) {
    return [
      { credit: left, touchedAt },
      { kind: "allowed", ...remainingOf(left, limit, touchedAt - now) },
    ];
  }
  const retryAfterMs = waitMs(-left, limit) + (touchedAt - now);
  return [
    { credit, touchedAt },
    { kind: "refused", ...remainingOf(credit, limit, touchedAt - now), retryAfterMs },
  ];
}

/**
 * Returns the tokens of a call that was refused for another reason. Never fills a bucket above its capacity.
 *
 * @param cost tokens that the call took
 * @param now  epoch ms
 */
export function returnTokens(bucket: Bucket | undefined, limit: BucketLimit, cost: number, now: number): Bucket {
  const { credit, touchedAt } = refill(bucket, limit, now);
  return { credit: Math.min(credit + cost * limit.intervalMs, limit.capacity * limit.intervalMs), touchedAt };
}

/**
 * Takes what a call cost beyond what it paid. The call has been served already, so the bucket may go into debt, by at most its capacity.
 *
 * @param cost tokens, a whole number
 * @param now  epoch ms
 */
export function overdraw(bucket: Bucket | undefined, limit: BucketLimit, cost: number, now: number): Bucket {
  const { credit, touchedAt } = refill(bucket, limit, now);
  return { credit: Math.max(credit - cost * limit.intervalMs, -limit.capacity * limit.intervalMs), touchedAt };
}

function refill(bucket: Bucket | undefined, limit: BucketLimit, now: number): Bucket {
  if (bucket === undefined || now >= expiresAt(bucket, limit)) return fullBucket(limit, now);
  const earned = Math.max(0, now - bucket.touchedAt) * limit.rate;
  return {
    credit: Math.min(bucket.credit + earned, limit.capacity * limit.intervalMs),
    touchedAt: Math.max(now, bucket.touchedAt),
  };
}

/** Whole tokens left, and the time until there is one more, ms (0 when full). @param lagMs how far `touchedAt` is ahead of the clock */
function remainingOf(credit: number, limit: BucketLimit, lagMs: number): { remaining: number; nextMs: number } {
  const remaining = Math.max(0, Math.floor(credit / limit.intervalMs));
  if (remaining === limit.capacity) return { remaining, nextMs: 0 };
  return { remaining, nextMs: waitMs((remaining + 1) * limit.intervalMs - credit, limit) + lagMs };
}

/** The time in which `credit` is earned, ms. With `compat`, at most the time until the bucket is deleted, because a new one is full. */
function waitMs(credit: number, limit: BucketLimit): number {
  const ms = Math.ceil(credit / limit.rate);
  return limit.compat === true ? Math.min(ms, 2 * limit.intervalMs) : ms;
}
