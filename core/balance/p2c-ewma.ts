// P2C with peak EWMA: of two by chance, the one with less latency times calls in flight.
import { type Balancer, type Candidate, twoEligible } from "./balancer.ts";

const UNSEEN_MS = 1_000; // an endpoint that owes its first answer is not asked again before it came

/** @see Finagle, PeakEwma */
export function p2cEwma(candidates: readonly Candidate[]): Balancer {
  const score = (index: number, now: number): number => {
    const { load, weight } = candidates[index]!;
    const pending = load.inFlight(now);
    if (load.samples === 0) return pending === 0 ? 0 : UNSEEN_MS * (pending + 1);
    return (load.peakMs * (pending + 1)) / weight;
  };
  return {
    pick(question) {
      const [one, other] = twoEligible(candidates.length, question);
      return one === -1 || score(one, question.now) <= score(other, question.now) ? one : other;
    },
  };
}
