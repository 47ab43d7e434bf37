// Least time, the default: weighted least connections times response time. It picks the endpoint that would respond first, as far as
// this isolate knows.
import { type Balancer, type Candidate, type PickInput, pickLeast } from "../balancer.ts";

/** Of more endpoints, so many are drawn at random for each pick: its cost does not grow with the list, and the best of 16 is hardly worse than the best of all. */
export const MAX_COMPARED = 16;

// The constants were chosen with `npm run sim -- balancers`.
const FORGET_AFTER_MS = 15_000; // without a response, the time above the mean of all falls to 1/e of itself
const RETRY_AFTER_MS = 5_000; // after FORGET_AFTER_MS, the whole expected time falls to 1/e in this time: a slow endpoint is tried again within about half a minute
const MAX_TIMES_BEST = 32; // a failure counts as a whole deadline; without this bound it would keep calls away for hours

/**
 * Score: (this isolate's calls in flight + 1) x expected response time / weight. The least score wins, of all endpoints or of those drawn.
 * The expected time of an endpoint fades towards the mean of the compared ones, and then to nothing, so that a slow one is tried again.
 */
export function leastTime(candidates: readonly Candidate[]): Balancer {
  const least = leastByTime(candidates);
  return { pick: (input) => least(input, ({ load, weight }, expectedMs) => ((load.inFlight(input.now) + 1) * expectedMs) / weight) };
}

type Score = (candidate: Candidate, expectedMs: number) => number;

/** @returns a function that gives the index of the candidate with the least score; -1 where none is eligible */
export function leastByTime(candidates: readonly Candidate[]): (input: PickInput, score: Score) => number {
  const count = candidates.length;
  const compared = new Uint32Array(Math.min(count, MAX_COMPARED)); // reused by each pick
  const expected = expectedTimes(candidates);
  const leastOf = (indexes: Uint32Array, input: PickInput, score: Score): number => {
    const expectedMs = expected(input.now, indexes);
    return pickLeast(indexes, input, (position) => score(candidates[indexes[position]!]!, expectedMs[position]!));
  };
  return (input, score) => {
    if (count <= MAX_COMPARED) {
      const start = Math.floor(input.rng() * count);
      for (let position = 0; position < count; position++) compared[position] = (start + position) % count;
      return leastOf(compared, input, score);
    }
    for (let position = 0; position < MAX_COMPARED; position++) compared[position] = Math.floor(input.rng() * count);
    const least = leastOf(compared, input, score);
    return least === -1 ? leastOf(Uint32Array.from(candidates.keys()), input, score) : least; // nearly all of them are full, or kept away
  };
}

/**
 * @returns a function that gives the expected response times of candidates, ms, by their position in `indexes`, with slow ones faded. Endpoints
 *   that nothing is known of get the mean of the others. The array is reused by the next call
 */
export function expectedTimes(candidates: readonly Candidate[]): (now: number, indexes: Uint32Array) => Float64Array {
  let expectedMs = new Float64Array(Math.min(candidates.length, MAX_COMPARED));
  return (now, indexes) => {
    if (expectedMs.length !== indexes.length) expectedMs = new Float64Array(indexes.length);
    let measured = 0; // candidates
    let bestMs = Number.POSITIVE_INFINITY;
    for (let position = 0; position < expectedMs.length; position++) {
      const ms = candidates[indexes[position]!]!.load.expectedMs(now);
      expectedMs[position] = ms;
      if (ms === 0) continue;
      measured += 1;
      if (ms < bestMs) bestMs = ms;
    }
    let sumMs = 0;
    for (let position = 0; position < expectedMs.length; position++) {
      expectedMs[position] = Math.min(expectedMs[position]!, MAX_TIMES_BEST * bestMs);
      sumMs += expectedMs[position]!;
    }
    const meanMs = measured === 0 ? 1 : sumMs / measured;
    for (let position = 0; position < expectedMs.length; position++) {
      const ms = expectedMs[position]!;
      if (ms === 0) expectedMs[position] = meanMs;
      else if (ms > meanMs) {
        const silentMs = now - candidates[indexes[position]!]!.load.lastSeenAt;
        const remaining = Math.exp(Math.min(0, FORGET_AFTER_MS - silentMs) / RETRY_AFTER_MS);
        expectedMs[position] = meanMs * remaining + Math.exp(-silentMs / FORGET_AFTER_MS) * (ms - meanMs);
      }
    }
    return expectedMs;
  };
}
