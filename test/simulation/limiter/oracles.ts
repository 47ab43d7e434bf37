// What leases are held against: a single bucket that answers at once, the arrival curve of the limit, and the sums that keep the bound.
import type { LeasedBucket } from "../../../core/rate-limit/lease-record.ts";
import { reservedByLeases } from "../../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";

/** A single bucket that answers at once: what could have been admitted of the same arrivals. */
export function ideal({ capacity, rate, intervalMs }: BucketLimit) {
  let tokens = capacity;
  let at = 0;
  return (now: number): boolean => {
    tokens = Math.min(capacity, tokens + ((now - at) * rate) / intervalMs);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** Arrival-curve oracle: the most by which any window of admissions exceeds capacity + rate x length, tokens. */
export function arrivalCurve({ capacity, rate, intervalMs }: BucketLimit) {
  let level = 0;
  let at = 0;
  let excess = 0;
  return {
    admit(now: number): void {
      level = Math.max(0, level - ((now - at) * rate) / intervalMs) + 1;
      at = now;
      excess = Math.max(excess, level - capacity);
    },
    get excess(): number {
      return excess < 1e-6 ? 0 : excess;
    },
  };
}

interface Held {
  readonly capacity: number; // tokens
  readonly ratePerMs: number;
}

/** Invariants: rates together at most the limit's; the pool's tokens and all capacities together at most the bucket's. */
export function invariants({ capacity, rate, intervalMs }: BucketLimit) {
  const isMore = (tokens: number, held: Held): boolean =>
    tokens + held.capacity > capacity + 1e-6 || held.ratePerMs > rate / intervalMs + 1e-9;
  let [books, isolates] = [0, 0];
  return {
    /** @param held what isolates hold in truth, whatever the object believes */
    check(pool: LeasedBucket, held: Iterable<Held>): void {
      if (isMore(pool.tokens, reservedByLeases(pool.leases))) books += 1;
      let sum: Held = { capacity: 0, ratePerMs: 0 };
      for (const one of held) sum = { capacity: sum.capacity + one.capacity, ratePerMs: sum.ratePerMs + one.ratePerMs };
      if (isMore(pool.tokens, sum)) isolates += 1;
    },
    /** Times that the object had promised too much. */
    get books(): number {
      return books;
    },
    /** Times that isolates held too much. */
    get isolates(): number {
      return isolates;
    },
  };
}
