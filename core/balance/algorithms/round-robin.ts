// Round robin: one endpoint after the other, without regard to weight or load.
import type { Balancer, Candidate } from "../balancer.ts";

export function roundRobin(candidates: readonly Candidate[]): Balancer {
  const count = candidates.length;
  let next = -1; // -1 before the first pick
  return {
    pick({ rng, isEligible }) {
      if (next === -1) next = Math.floor(rng() * count); // so that isolates do not all begin with the same endpoint
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
