// Least request: of two endpoints drawn at random, the one with fewer of this isolate's calls in flight for its weight.
import { type Balancer, type Candidate, twoEligible } from "../balancer.ts";

/** @see Mitzenmacher 2001, The Power of Two Choices; Envoy, least_request */
export function leastRequest(candidates: readonly Candidate[]): Balancer {
  const score = (index: number, now: number): number => (candidates[index]!.load.inFlight(now) + 1) / candidates[index]!.weight;
  return {
    pick(input) {
      const [first, second] = twoEligible(candidates.length, input);
      return first === -1 || score(first, input.now) <= score(second, input.now) ? first : second;
    },
  };
}
