// What storage knows of a bucket. It is never more than the bucket has, so a restart admits nothing twice, and it is written in advance,
// so most calls write nothing:
// * A bucket that fills within 10 s is not stored. One marker for all of them says until when one of them may be empty (boot-marker.ts).
// * Of a larger one, a small part can be taken without a row: after a restart, every bucket without a row counts as lacking this part.
// * Beyond that the bucket has a row, which counts a block of tokens as taken before calls take them.
import type { LeasedBucket } from "../lease-record.ts";
import { reservedUntil } from "../leased-bucket.ts";
import { type Bucket, type BucketLimit, fillTimeMs } from "../token-bucket.ts";
import { restoredBucket } from "./restored-bucket.ts";

/** A lower bound of a bucket: this credit, and from a time on the whole rate. Before that time its rate may be lent. */
export interface StoredBucket {
  readonly credit: number; // token·ms
  readonly at: number; // epoch ms
}

/** How buckets of one kind are stored and restored. */
export interface BucketKind<B> {
  /** What is certain of a bucket, if no further message arrives. */
  boundOf(bucket: B, limit: BucketLimit): StoredBucket;
  restore(stored: StoredBucket, limit: BucketLimit, now: number): B;
}

const SHORT_FILL_MS = 10_000; // a Durable Object loses its memory after 10 s without a message at the earliest, unless it crashes or is deployed
const ROWLESS_SHARE = 32; // one part of this many of the capacity can be taken without a row
const MIN_ROWLESS_CAPACITY = 8; // tokens; of a smaller bucket even one token would be missed
const BLOCK_SHARE = 32; // a block is at most one part of this many of the capacity ...
const BLOCK_WITHDRAWN_SHARE = 8; // ... and of what was taken since the bucket was loaded: a restart costs a caller at most this part of its calls

export const EXACT: BucketKind<Bucket> = {
  boundOf: ({ credit, touchedAt }) => ({ credit, at: touchedAt }),
  restore: ({ credit, at }) => ({ credit, touchedAt: at }),
};

export const LEASED: BucketKind<LeasedBucket> = {
  boundOf: (bucket, { intervalMs }) => ({ credit: Math.floor(bucket.tokens * intervalMs), at: Math.ceil(reservedUntil(bucket)) }),
  restore: ({ credit, at }, limit, now) => restoredBucket(credit / limit.intervalMs, at, limit, now),
};

/** Whether a bucket is never stored. */
export function isShort(limit: BucketLimit): boolean {
  return fillTimeMs(limit) <= SHORT_FILL_MS;
}

/** What a bucket without a row has at least, when the marker's time has come; token·ms. */
export function rowlessCredit(limit: BucketLimit): number {
  if (isShort(limit)) return 0;
  if (limit.compat === true || limit.capacity < MIN_ROWLESS_CAPACITY) return limit.capacity * limit.intervalMs;
  return (limit.capacity - Math.max(1, Math.floor(limit.capacity / ROWLESS_SHARE))) * limit.intervalMs;
}

/** The same bound for a bucket whose credit is not negative: a short bucket in debt is at zero later. */
export function withoutDebt({ credit, at }: StoredBucket, limit: BucketLimit): StoredBucket {
  return credit >= 0 ? { credit, at } : { credit: 0, at: at + Math.ceil(-credit / limit.rate) };
}

/** Whether a stored bound is still below a bucket's, now and at every later time. */
export function isBelow(stored: StoredBucket, bound: StoredBucket, limit: BucketLimit): boolean {
  // A `compat` bucket is forgotten some time after its last call, so the time counts even if the credit does not.
  if (limit.compat === true && stored.at < bound.at) return false;
  return stored.credit + limit.rate * Math.max(0, bound.at - stored.at) <= bound.credit;
}

/**
 * The row to write: the bound, less a block of tokens that calls can take before the next row.
 *
 * @param withdrawn tokens taken from the bucket since it was loaded
 */
export function nextRow(bound: StoredBucket, limit: BucketLimit, withdrawn: number): StoredBucket {
  if (limit.compat === true) return bound;
  const block = Math.floor(Math.min(limit.capacity / BLOCK_SHARE, withdrawn / BLOCK_WITHDRAWN_SHARE));
  return { credit: bound.credit - block * limit.intervalMs, at: bound.at };
}

/** When a stored bucket is full, epoch ms: its row says nothing from then on. With `compat`, two intervals after its last call. */
export function storedFullAt({ credit, at }: StoredBucket, limit: BucketLimit): number {
  if (limit.compat === true) return at + 2 * limit.intervalMs;
  return at + Math.ceil((limit.capacity * limit.intervalMs - credit) / limit.rate);
}
