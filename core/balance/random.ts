// Random, in proportion to the weights: keeps nothing, and no two isolates ever move together.
import type { Balancer, Candidate } from "./balancer.ts";

export function random(candidates: readonly Candidate[]): Balancer {
  return {
    pick({ rng, isEligible }) {
      let total = 0;
      for (let index = 0; index < candidates.length; index++) if (isEligible(index)) total += candidates[index]!.weight;
      let rest = rng() * total;
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
