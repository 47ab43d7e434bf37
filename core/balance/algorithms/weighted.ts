// Smooth weighted round robin: in proportion to the weights and interleaved, so that no endpoint gets its share in one burst.
import type { Balancer, Candidate } from "../balancer.ts";

/** @see nginx, ngx_http_upstream_round_robin */
export function weighted(candidates: readonly Candidate[]): Balancer {
  const credit: number[] = [];
  return {
    pick({ rng, isEligible }) {
      if (credit.length === 0) for (const { weight } of candidates) credit.push(rng() * weight); // so that isolates are out of step
      let best = -1;
      let totalWeight = 0;
      for (let index = 0; index < candidates.length; index++) {
        if (!isEligible(index)) continue;
        const { weight } = candidates[index]!;
        credit[index]! += weight;
        totalWeight += weight;
        if (best === -1 || credit[index]! > credit[best]!) best = index;
      }
      if (best !== -1) credit[best]! -= totalWeight;
      return best;
    },
  };
}
