// What leases are held against: a single bucket that answers at once, and the arrival curve of the limit.
import type { BucketLimit } from "../../../core/limit/token-bucket.ts";

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
