// Weighted rendezvous hashing: every endpoint draws a number for the key, and the best draw wins. Shares are exact; a pick looks at all endpoints.
import type { Balancer, BalancerSettings, Candidate } from "../balancer.ts";
import { highestDraw, seedsOf, withinLoadBound } from "../hashing.ts";

/** @see Thaler, Ravishankar 1998; Schindelhauer, Schomaker 2005 */
export function rendezvous(candidates: readonly Candidate[], { maxLoadFactor }: BalancerSettings): Balancer {
  const seeds = seedsOf(candidates);
  return {
    pick(input) {
      const isEligible = withinLoadBound(candidates, maxLoadFactor, input);
      return highestDraw(candidates, seeds, input.key, isEligible);
    },
    shares() {
      const sum = candidates.reduce((total, { weight }) => total + weight, 0);
      return candidates.map(({ weight }) => weight / sum);
    },
  };
}
