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
      let sum = 0;
      let seen = 0;
      for (const { load } of candidates) {
        if (load.samples === 0) continue;
        sum += load.averageMs;
        seen += 1;
      }
      const common = seen === 0 ? 1 : sum / seen;
      return least(count, Math.floor(dice() * count), question, (index) => {
        const { load, weight } = candidates[index]!;
        const trust = load.samples === 0 ? 0 : Math.exp((load.updatedAt - now) / FORGOTTEN_OVER_MS);
        const expectedMs = load.averageMs > common ? common + trust * (load.averageMs - common) : load.averageMs;
        return ((load.inFlight(now) + 1) * (load.samples === 0 ? common : expectedMs)) / weight;
      });
    },
  };
}
