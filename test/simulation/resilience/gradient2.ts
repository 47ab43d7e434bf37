// Netflix's Gradient2, for comparison: the limit follows the ratio of the long-term average latency to the latest one.
import type { InFlightLimit } from "./limit-traces.ts";

const LONG = 600; // responses in the long-term average
const TOLERANCE = 1.5;
const QUEUE = 4;
const SMOOTHING = 0.2;

/**
 * @param least 20 by default there, as `most` is 200
 * @see github.com/Netflix/concurrency-limits, Gradient2Limit
 */
export function gradient2(least: number, most: number): InFlightLimit {
  let limit = 20;
  let longMs = 0;
  return {
    get limit() {
      return Math.floor(limit);
    },
    sample(tookMs, inFlight) {
      longMs = longMs === 0 ? tookMs : longMs + (tookMs - longMs) * (2 / (LONG + 1));
      if (longMs / tookMs > 2) longMs *= 0.95;
      if (inFlight < limit / 2) return;
      const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * longMs) / tookMs));
      const wanted = limit * (1 - SMOOTHING) + SMOOTHING * (limit * gradient + QUEUE);
      limit = Math.max(least, Math.min(most, wanted));
    },
  };
}
