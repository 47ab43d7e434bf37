// Weighted least connections with response time: the endpoint that would answer first, as far as this isolate knows. The default.
import { type Balancer, type Candidate, least } from "./balancer.ts";

const FORGOTTEN_OVER_MS = 15_000;

/**
 * Score: (calls of ours in flight + 1) x expected response time / weight; the least one is picked, all endpoints are looked at.
 * What is known of an endpoint fades towards what is known of all, so that one that was slow is tried again.
 */
export function leastTime(candidates: readonly Candidate[]): Balancer {
  const count = candidates.length;
  const expected = faded(candidates);
  return {
    pick(question) {
      const { now, dice } = question;
      const expectedMs = expected(now);
      return least(count, Math.floor(dice() * count), question, (index) => {
        const { load, weight } = candidates[index]!;
        return ((load.inFlight(now) + 1) * expectedMs[index]!) / weight;
      });
    },
  };
}

/** @returns what an answer of each candidate takes, ms, as far as is known: what is slow fades towards the mean of all. Good until the next ask */
export function faded(candidates: readonly Candidate[]): (now: number) => Float64Array {
  const expectedMs = new Float64Array(candidates.length);
  return (now) => {
    let sum = 0;
    let known = 0;
    for (let index = 0; index < expectedMs.length; index++) {
      const ms = candidates[index]!.load.expectedMs(now);
      expectedMs[index] = ms;
      sum += ms;
      known += ms > 0 ? 1 : 0;
    }
    const common = known === 0 ? 1 : sum / known;
    for (let index = 0; index < expectedMs.length; index++) {
      const ms = expectedMs[index]!;
      if (ms === 0) expectedMs[index] = common;
      else if (ms > common) {
        expectedMs[index] = common + Math.exp((candidates[index]!.load.heardAt - now) / FORGOTTEN_OVER_MS) * (ms - common);
      }
    }
    return expectedMs;
  };
}
