// Least time, the default: weighted least connections times response time. It picks the endpoint that would respond first, as far as
// this isolate knows.
import { type Balancer, type Candidate, pickLeast } from "../balancer.ts";

// The constants were chosen with `npm run sim -- balancers`.
const FORGET_AFTER_MS = 15_000; // without a response, the time above the mean of all falls to 1/e of itself
const RETRY_AFTER_MS = 5_000; // after FORGET_AFTER_MS, the whole expected time falls to 1/e in this time: a slow endpoint is tried again within about half a minute
const MAX_TIMES_BEST = 32; // a failure counts as a whole deadline; without this bound it would keep calls away for hours

/**
 * Score: (this isolate's calls in flight + 1) x expected response time / weight. All endpoints are compared, and the least score wins.
 * The expected time of an endpoint fades towards the mean of all, and then to nothing, so that a slow one is tried again.
 */
export function leastTime(candidates: readonly Candidate[]): Balancer {
  const count = candidates.length;
  const expected = expectedTimes(candidates);
  return {
    pick(input) {
      const { now, rng } = input;
      const expectedMs = expected(now);
      return pickLeast(count, Math.floor(rng() * count), input, (index) => {
        const { load, weight } = candidates[index]!;
        return ((load.inFlight(now) + 1) * expectedMs[index]!) / weight;
      });
    },
  };
}

/**
 * @returns a function that gives the expected response time of each candidate, ms, with slow ones faded. Endpoints that nothing is known
 *   of get the mean of the others. The array is reused by the next call.
 */
export function expectedTimes(candidates: readonly Candidate[]): (now: number) => Float64Array {
  const expectedMs = new Float64Array(candidates.length);
  return (now) => {
    let measured = 0; // candidates
    let bestMs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < expectedMs.length; index++) {
      const ms = candidates[index]!.load.expectedMs(now);
      expectedMs[index] = ms;
      if (ms === 0) continue;
      measured += 1;
      if (ms < bestMs) bestMs = ms;
    }
    let sumMs = 0;
    for (let index = 0; index < expectedMs.length; index++) {
      expectedMs[index] = Math.min(expectedMs[index]!, MAX_TIMES_BEST * bestMs);
      sumMs += expectedMs[index]!;
    }
    const meanMs = measured === 0 ? 1 : sumMs / measured;
    for (let index = 0; index < expectedMs.length; index++) {
      const ms = expectedMs[index]!;
      if (ms === 0) expectedMs[index] = meanMs;
      else if (ms > meanMs) {
        const silentMs = now - candidates[index]!.load.lastSeenAt;
        const remaining = Math.exp(Math.min(0, FORGET_AFTER_MS - silentMs) / RETRY_AFTER_MS);
        expectedMs[index] = meanMs * remaining + Math.exp(-silentMs / FORGET_AFTER_MS) * (ms - meanMs);
      }
    }
    return expectedMs;
  };
}
