// Weighted least connections with response time: the endpoint that would answer first, as far as this isolate knows. The default.
import { type Balancer, type Candidate, least } from "./balancer.ts";

const FORGOTTEN_OVER_MS = 15_000;

/**
 * Score: (calls of ours in flight + 1) x mean response time / weight; the least one is picked, all endpoints are looked at.
 * What is known of an endpoint fades towards what is known of all, so that one that was slow is tried again.
 */
export function leastTime(candidates: readonly Candidate[]): Balancer {
  const count = candidates.length;
  return {
    pick(question) {
      const { now, dice } = question;
      const expected = fadedMs(candidates, now);
      return least(count, Math.floor(dice() * count), question, (index) => {
        const { load, weight } = candidates[index]!;
        return ((load.inFlight(now) + 1) * expected(index)) / weight;
      });
    },
  };
}

/** What an answer of each candidate takes, ms, as far as is known: what was slow fades towards the mean of all. */
export function fadedMs(candidates: readonly Candidate[], now: number): (index: number) => number {
  let sum = 0;
  let seen = 0;
  for (const { load } of candidates) {
    if (load.samples === 0) continue;
    sum += load.averageMs;
    seen += 1;
  }
  const common = seen === 0 ? 1 : sum / seen;
  return (index) => {
    const { samples, averageMs, updatedAt } = candidates[index]!.load;
    if (samples === 0) return common;
    return averageMs > common ? common + Math.exp((updatedAt - now) / FORGOTTEN_OVER_MS) * (averageMs - common) : averageMs;
  };
}
