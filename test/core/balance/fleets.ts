// Endpoints, keys and counts for the tests of balancers.
import { expect } from "vitest";
import { type BalancerKind, type Candidate, DEFAULT_BALANCER_SETTINGS, type PickInput } from "../../../core/balance/balancer.ts";
import { mix32 } from "../../../core/balance/hashing.ts";
import { Load } from "../../../core/balance/load.ts";
import { randomStream } from "../../simulation/simulation.ts";

const rng = randomStream(7);
export const fleet = (count: number, weight = (_: number) => 1): Candidate[] =>
  Array.from({ length: count }, (_, index) => ({ id: `https://endpoint-${index}.example`, weight: weight(index), load: new Load() }));
export const ask = (key: number, change: Partial<PickInput> = {}): PickInput => ({
  key,
  now: 1_000,
  rng,
  isEligible: () => true,
  ...change,
});
export const keyOf = (index: number): number => mix32(index * 7919 + 13);

/** How often each was picked, for keys that spread. */
export function counts(kind: BalancerKind, candidates: Candidate[], picks: number, settings = DEFAULT_BALANCER_SETTINGS): number[] {
  const balancer = kind.create(candidates, settings);
  const counted = candidates.map(() => 0);
  for (let index = 0; index < picks; index++) counted[balancer.pick(ask(keyOf(index)))]! += 1;
  return counted;
}

/** Holds a balancer that goes by keys to its shares: the busiest within 1.10 of its own, and each weight within 5 %. */
export function expectEven(kind: BalancerKind, count: number, picks: number): void {
  const candidates = fleet(count, (index) => 1 + (index % 3));
  const counted = counts(kind, candidates, picks);
  const total = counted.reduce((sum, one) => sum + one, 0);
  const weights = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const shares = counted.map((one, index) => (one * weights) / (total * candidates[index]!.weight));
  expect(Math.max(...shares)).toBeLessThanOrEqual(1.1);
  for (const weight of [1, 2, 3]) {
    const ofWeight = shares.filter((_, index) => candidates[index]!.weight === weight);
    expect(Math.abs(ofWeight.reduce((sum, one) => sum + one, 0) / ofWeight.length - 1)).toBeLessThanOrEqual(0.05);
  }
}
