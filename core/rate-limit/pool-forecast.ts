// When the pool of a leased bucket will have tokens: it earns the part of the rate that is not lent, as far as there is room beside the leases.
import type { LeasedBucket } from "./lease-record.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** The end of a share: so much is no longer reserved. */
interface Release {
  readonly at: number; // epoch ms
  readonly ratePerMs: number;
  readonly capacity: number;
}

/**
 * The time until the pool has some tokens, if no further request arrives, ms.
 *
 * @param tokens at most the limit's capacity
 */
export function msUntilPoolHas(tokens: number, { tokens: before, updatedAt, leases }: LeasedBucket, limit: BucketLimit): number {
  let [at, pool] = [updatedAt, before];
  if (pool >= tokens) return 0;
  const releases = releasesOf(leases);
  let [ratePerMs, room] = [limit.rate / limit.intervalMs, limit.capacity];
  for (const release of releases) {
    ratePerMs -= release.ratePerMs;
    room -= release.capacity;
  }
  for (const release of releases) {
    const earned = pool + Math.max(0, ratePerMs) * Math.max(0, release.at - at);
    if (earned >= tokens && room >= tokens) break;
    pool = Math.min(earned, Math.max(pool, room));
    at = Math.max(at, release.at);
    ratePerMs += release.ratePerMs;
    room += release.capacity;
  }
  return Math.max(0, Math.ceil(at - updatedAt + (tokens - pool) / Math.max(ratePerMs, Number.MIN_VALUE)));
}

/** Of the two shares of an isolate the larger one is reserved until the first one ends. @returns the ends in the order of time */
function releasesOf(leases: LeasedBucket["leases"]): readonly Release[] {
  const releases: Release[] = [];
  for (const { current, previous } of Object.values(leases)) {
    const [first, last] = current.expiresAt < previous.expiresAt ? [current, previous] : [previous, current];
    const ratePerMs = Math.max(0, first.ratePerMs - last.ratePerMs);
    const capacity = Math.max(0, first.capacity - last.capacity);
    if (ratePerMs > 0 || capacity > 0) releases.push({ at: first.expiresAt, ratePerMs, capacity });
    if (last.ratePerMs > 0 || last.capacity > 0) releases.push({ at: last.expiresAt, ratePerMs: last.ratePerMs, capacity: last.capacity });
  }
  return releases.sort((a, b) => a.at - b.at);
}
