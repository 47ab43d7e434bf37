// Token bucket: pays for calls out of a credit that grows with time.
// Whole numbers only: credit counts token·milliseconds, so nothing is ever rounded.
import { assert } from "../assert.ts";

/** What one caller may spend: `tokens = min(capacity, tokens + elapsed * rate / interval)` (requirement G4). */
export interface BucketLimit {
  readonly capacity: number; // tokens; the largest burst
  readonly rate: number; // tokens returned every `intervalMs`
  readonly intervalMs: number;
  /** Forgets a bucket two intervals after its last call, full or not, as the script did that this replaces; else when it is full. */
  readonly compat?: boolean;
}

/** Plain data: fit for storage and for RPC. Read only under the limit that wrote it. */
export interface Bucket {
  readonly credit: number; // token·ms, at most capacity * intervalMs; below 0 where an answer cost more than was foreseen
  readonly touchedAt: number; // epoch ms of the last call, refused ones too
}

export type BucketDecision =
  | { readonly kind: "allowed"; readonly remaining: number; readonly nextMs: number }
  | { readonly kind: "refused"; readonly remaining: number; readonly nextMs: number; readonly retryAfterMs: number };

/** A bucket counts in the units of its limit, so a changed limit opens a new one. */
export function bucketKey({ key, limit }: { readonly key: string; readonly limit: BucketLimit }): string {
  return `${limit.capacity}/${limit.rate}/${limit.intervalMs}/${key}`;
}

/** Credit stays below 2^53, so the arithmetic is exact; a limit past this bound is a mistake in the configuration. */
export const MAX_CREDIT = 2 ** 52;

/** Time in which an empty bucket fills, ms, rounded up. */
export function fillTimeMs(limit: BucketLimit): number {
  return Math.ceil((limit.capacity * limit.intervalMs) / limit.rate);
}

/** When a bucket that nobody touches again may be forgotten, epoch ms: when it is full (requirement G4; `compat` as the script had it). */
export function expiresAt(bucket: Bucket, limit: BucketLimit): number {
  if (limit.compat === true) return bucket.touchedAt + 2 * limit.intervalMs;
  return bucket.touchedAt + Math.ceil((limit.capacity * limit.intervalMs - bucket.credit) / limit.rate);
}

export function fullBucket(limit: BucketLimit, now: number): Bucket {
  return { credit: limit.capacity * limit.intervalMs, touchedAt: now };
}

/**
 * Takes `cost` tokens, or none. A refused call costs nothing, but counts as a touch.
 * A clock that steps back refills nothing, and takes nothing away.
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
      { kind: "allowed", ...standing(left, limit, touchedAt - now) },
    ];
  }
  const retryAfterMs = waitMs(-left, limit) + (touchedAt - now);
  return [
    { credit, touchedAt },
    { kind: "refused", ...standing(credit, limit, touchedAt - now), retryAfterMs },
  ];
}

/**
 * Gives back what a call took that was refused for another reason. Never fills a bucket above its capacity.
 *
 * @param cost tokens, as taken
 * @param now  epoch ms
 */
export function returnTokens(bucket: Bucket | undefined, limit: BucketLimit, cost: number, now: number): Bucket {
  const { credit, touchedAt } = refill(bucket, limit, now);
  return { credit: Math.min(credit + cost * limit.intervalMs, limit.capacity * limit.intervalMs), touchedAt };
}

/**
 * Takes what a call turned out to cost beyond what it paid. It has been served: the bucket goes into debt, at most its capacity deep.
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

/** Whole tokens left, and the time until there is one more (0 when full). */
function standing(credit: number, limit: BucketLimit, lagMs: number): { remaining: number; nextMs: number } {
  const remaining = Math.max(0, Math.floor(credit / limit.intervalMs));
  if (remaining === limit.capacity) return { remaining, nextMs: 0 };
  return { remaining, nextMs: waitMs((remaining + 1) * limit.intervalMs - credit, limit) + lagMs };
}

/** Until `credit` has come back, ms; or until the bucket is forgotten, which fills it, where that is sooner. */
function waitMs(credit: number, limit: BucketLimit): number {
  const ms = Math.ceil(credit / limit.rate);
  return limit.compat === true ? Math.min(ms, 2 * limit.intervalMs) : ms;
}
