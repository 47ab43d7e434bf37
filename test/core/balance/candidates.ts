// Candidates, keys and picks for the tests of balancers.
import { type BalancerKind, type Candidate, DEFAULT_BALANCER_SETTINGS, type PickInput } from "../../../core/balance/balancer.ts";
import { mix32 } from "../../../core/balance/hashing.ts";
import { Load } from "../../../core/balance/load.ts";
import { randomStream } from "../../simulation/simulation.ts";

export const NOW = 1_000;
const rng = randomStream(7);

export interface CandidateState {
  readonly weight?: number;
  readonly inFlight?: number; // calls
  readonly tookMs?: number; // response time of ten calls so far
}

/** A candidate that has responded ten times. */
export function candidate({ weight = 1, inFlight = 0, tookMs = 20 }: CandidateState, index: number): Candidate {
  const load = new Load();
  for (let call = 0; call < 10; call++) load.end(load.begin(NOW, 9e9), NOW, tookMs);
  for (let call = 0; call < inFlight; call++) load.begin(NOW, 9e9);
  return { id: `endpoint-${index}`, weight, load };
}

/** Candidates that were never called. */
export function candidates(count: number, weightOf = (_: number) => 1): Candidate[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `https://endpoint-${index}.example`,
    weight: weightOf(index),
    load: new Load(),
  }));
}

export function pickInput(key: number, change: Partial<PickInput> = {}): PickInput {
  return { key, now: NOW, rng, isEligible: () => true, ...change };
}

export function keyOf(index: number): number {
  return mix32(index * 7919 + 13);
}

/** How often each candidate is picked for keys that spread. No call is begun. */
export function countsOf(kind: BalancerKind, list: readonly Candidate[], picks: number, settings = DEFAULT_BALANCER_SETTINGS): number[] {
  const balancer = kind.create(list, settings);
  const counts = list.map(() => 0);
  for (let index = 0; index < picks; index++) counts[balancer.pick(pickInput(keyOf(index)))]! += 1;
  return counts;
}

/** @returns the largest share of a candidate, and the mean share of each weight from 1 to 3, where 1 is in proportion to the weight */
export function sharesOf(kind: BalancerKind, count: number, picks: number): { max: number; means: number[] } {
  const list = candidates(count, (index) => 1 + (index % 3));
  const counts = countsOf(kind, list, picks);
  const weights = list.reduce((sum, { weight }) => sum + weight, 0);
  const shares = counts.map((calls, index) => (calls * weights) / (picks * list[index]!.weight));
  const means = [1, 2, 3].map((weight) => {
    const ofWeight = shares.filter((_, index) => list[index]!.weight === weight);
    return ofWeight.reduce((sum, share) => sum + share, 0) / ofWeight.length;
  });
  return { max: Math.max(...shares), means };
}
