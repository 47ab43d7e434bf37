// Random, in proportion to the weights. It keeps no state, and no two isolates ever move in step.
import type { Balancer, Candidate } from "../balancer.ts";

export function random(candidates: readonly Candidate[]): Balancer {
  return {
    pick({ rng, isEligible }) {
      let totalWeight = 0;
      for (let index = 0; index < candidates.length; index++) if (isEligible(index)) totalWeight += candidates[index]!.weight;
      let rest = rng() * totalWeight;
      let last = -1;
      for (let index = 0; index < candidates.length; index++) {
        if (!isEligible(index)) continue;
        last = index;
        rest -= candidates[index]!.weight;
        if (rest < 0) return index;
      }
      return last;
    },
  };
}
