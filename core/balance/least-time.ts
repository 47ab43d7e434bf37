// Weighted least connections with response time: the endpoint that would answer first, as far as this isolate knows. The default.
import { type Balancer, type Candidate, pickLeast } from "./balancer.ts";

const FORGOTTEN_OVER_MS = 15_000;
const RETRIED_OVER_MS = 5_000; // after that: it is tried again within half a minute or so
const AT_MOST = 32; // times what the best one takes: a failure counts as a whole deadline, and would else be known for hours

/**
 * Score: (calls of ours in flight + 1) x expected response time / weight; the least one is picked, all endpoints are looked at.
 * What is known of an endpoint fades towards what is known of all, and then to nothing, so that one that was slow is tried again.
 */
export function leastTime(candidates: readonly Candidate[]): Balancer {
  const count = candidates.length;
  const expected = expectedTimes(candidates);
  return {
    pick(question) {
      const { now, rng } = question;
      const expectedMs = expected(now);
      return pickLeast(count, Math.floor(rng() * count), question, (index) => {
        const { load, weight } = candidates[index]!;
        return ((load.inFlight(now) + 1) * expectedMs[index]!) / weight;
      });
    },
  };
}

/** @returns what an answer of each candidate takes, ms, as far as is known: what is slow fades. Good until the next ask */
export function expectedTimes(candidates: readonly Candidate[]): (now: number) => Float64Array {
  const expectedMs = new Float64Array(candidates.length);
  return (now) => {
    let known = 0;
    let best = Number.POSITIVE_INFINITY;
    for (let index = 0; index < expectedMs.length; index++) {
      const ms = candidates[index]!.load.expectedMs(now);
      expectedMs[index] = ms;
      if (ms === 0) continue;
      known += 1;
      if (ms < best) best = ms;
    }
    let sum = 0;
    for (let index = 0; index < expectedMs.length; index++) {
      expectedMs[index] = Math.min(expectedMs[index]!, AT_MOST * best);
      sum += expectedMs[index]!;
    }
    const common = known === 0 ? 1 : sum / known;
    for (let index = 0; index < expectedMs.length; index++) {
      const ms = expectedMs[index]!;
      if (ms === 0) expectedMs[index] = common;
      else if (ms > common) {
        const silentMs = now - candidates[index]!.load.lastSeenAt;
        const isLeft = Math.exp(Math.min(0, FORGOTTEN_OVER_MS - silentMs) / RETRIED_OVER_MS);
        expectedMs[index] = common * isLeft + Math.exp(-silentMs / FORGOTTEN_OVER_MS) * (ms - common);
      }
    }
    return expectedMs;
  };
}
