// Least request: of two by chance, the one with fewer calls of ours in flight for its weight.
import { type Balancer, type Candidate, twoEligible } from "./balancer.ts";

/** @see Mitzenmacher 2001, The Power of Two Choices; Envoy, least_request */
export function leastRequest(candidates: readonly Candidate[]): Balancer {
  const score = (index: number, now: number): number => (candidates[index]!.load.inFlight(now) + 1) / candidates[index]!.weight;
  return {
    pick(question) {
      const [one, other] = twoEligible(candidates.length, question);
      return one === -1 || score(one, question.now) <= score(other, question.now) ? one : other;
    },
  };
}
