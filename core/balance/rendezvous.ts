// Weighted rendezvous hashing: every endpoint draws for the key, the best draw wins. Exact shares; its time grows with the endpoints.
import type { Balancer, BalancerSettings, Candidate } from "./balancer.ts";
import { highestDraw, seedsOf, withinLoadBound } from "./hashing.ts";

/** @see Thaler, Ravishankar 1998; Schindelhauer, Schomaker 2005 */
export function rendezvous(candidates: readonly Candidate[], { maxLoadFactor }: BalancerSettings): Balancer {
  const standing = seedsOf(candidates);
  return {
    pick(question) {
      const isEligible = withinLoadBound(candidates, maxLoadFactor, question);
      return highestDraw(candidates, standing, question.key, isEligible);
    },
  };
}
