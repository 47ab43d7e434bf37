// Round robin: one after the other, whatever they weigh and however they fare.
import type { Balancer, Candidate } from "./balancer.ts";

export function roundRobin(candidates: readonly Candidate[]): Balancer {
  const count = candidates.length;
  let next = -1;
  return {
    pick({ rng, isEligible }) {
      if (next === -1) next = Math.floor(rng() * count); // isolates do not all begin with the same one
      for (let step = 0; step < count; step++) {
        const index = (next + step) % count;
        if (!isEligible(index)) continue;
        next = (index + 1) % count;
        return index;
      }
      return -1;
    },
  };
}
