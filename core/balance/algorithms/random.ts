// Random, in proportion to the weights. It keeps no state, and no two isolates ever move in step.
import type { Balancer, Candidate } from "../balancer.ts";

const MAX_DRAWS = 8; // where none of the drawn candidates is eligible, the weights of the eligible ones are added up

export function random(candidates: readonly Candidate[]): Balancer {
  const sums = new Float64Array(candidates.length); // weights up to each candidate, it included
  let allWeight = 0;
  for (const [index, { weight }] of candidates.entries()) {
    allWeight += weight;
    sums[index] = allWeight;
  }
  return {
    pick({ rng, isEligible }) {
      for (let draw = 0; draw < MAX_DRAWS && allWeight > 0; draw++) {
        const index = firstAbove(sums, rng() * allWeight);
        if (isEligible(index)) return index;
      }
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

/** @param sums ascending @returns the position of the first one above `value`; the last one where there is none */
function firstAbove(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
