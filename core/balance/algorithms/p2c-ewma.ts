// P2C with peak EWMA: of two endpoints drawn at random, the one with less peak latency times calls in flight.
import { type Balancer, type Candidate, twoEligible } from "../balancer.ts";

const FIRST_CALL_MS = 1_000; // assumed latency of an endpoint whose first response is still awaited: others are preferred until it comes

/** @see Finagle, PeakEwma */
export function p2cEwma(candidates: readonly Candidate[]): Balancer {
  const score = (index: number, now: number): number => {
    const { load, weight } = candidates[index]!;
    const pending = load.inFlight(now);
    if (load.samples === 0) return pending === 0 ? 0 : FIRST_CALL_MS * (pending + 1);
    return (load.peakMs * (pending + 1)) / weight;
  };
  return {
    pick(input) {
      const [first, second] = twoEligible(candidates.length, input);
      return first === -1 || score(first, input.now) <= score(second, input.now) ? first : second;
    },
  };
}
