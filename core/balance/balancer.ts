// The contract of every balancer: from a list of endpoints and what this isolate has measured of them, it picks one for the next attempt.
import type { Load } from "./load.ts";

/** An endpoint that may be picked. `pick` returns its index in the list given to `create`. */
export interface Candidate {
  readonly id: string; // stable: hashing balancers derive positions from it
  readonly weight: number; // a share, in [1, 1000]; twice the weight, twice the calls
  readonly load: Load; // what this isolate has measured; shared by all balancers that have the endpoint
}

/** What a balancer knows about the attempt that needs an endpoint. */
export interface PickInput {
  readonly key: number; // a whole number in [0, 2^32); hashing balancers send equal keys to the same endpoint
  readonly now: number; // epoch ms
  readonly rng: () => number; // a number in [0, 1) with each call
  readonly method?: number; // hash of the method; balancers that learn costs distinguish methods by it
  /** Whether the candidate at `index` may take the attempt: not tried before, not full, not ejected. */
  readonly isEligible: (index: number) => boolean;
}

export interface Balancer {
  /** @returns the index of an eligible candidate, or -1 where there is none */
  pick(input: PickInput): number;
  /** The share of the keys that each candidate owns, while all are eligible; they sum up to 1. Only balancers that pick by key have it. */
  shares?(): ArrayLike<number>;
  /** The expected cost of a call, where 1 is the mean. Only balancers that learn have it. */
  costOf?(method: number): number;
  /** @param ratio response time divided by what the endpoint takes for a call of cost 1 */
  learn?(method: number, ratio: number): void;
}

/** One row of balancers.ts. */
export interface BalancerKind {
  readonly about: string;
  readonly usesKey: boolean; // equal keys go to the same endpoint
  readonly usesWeight: boolean; // equal endpoints get calls in proportion to their weights
  readonly prefersIdle: boolean; // prefers fewer calls in flight per weight, of two equally fast endpoints
  readonly prefersFast: boolean; // prefers shorter response times, of two equally loaded endpoints
  readonly isCyclic: boolean; // in each cycle, every endpoint gets its share of the calls, exact to one call
  create(candidates: readonly Candidate[], settings: BalancerSettings): Balancer;
}

export interface BalancerSettings {
  /** Hashing: the calls in flight of one endpoint, at most, as a multiple of its fair share; Infinity for no bound. */
  readonly maxLoadFactor: number;
}

export const DEFAULT_BALANCER_SETTINGS: BalancerSettings = { maxLoadFactor: Number.POSITIVE_INFINITY };

/**
 * Of the listed candidates the eligible one with the lowest score; of equal ones, the first in the list.
 *
 * @param indexes of candidates, in the order in which they are compared
 * @param score   of the candidate at a position of `indexes`
 * @returns the index of the candidate; -1 where none is eligible
 */
export function pickLeast(indexes: ArrayLike<number>, { isEligible }: PickInput, score: (position: number) => number): number {
  let best = -1;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let position = 0; position < indexes.length; position++) {
    const index = indexes[position]!;
    if (!isEligible(index)) continue;
    const current = score(position);
    if (best !== -1 && current >= bestScore) continue;
    best = index;
    bestScore = current;
  }
  return best;
}

/** Two different eligible candidates, drawn at random; the same one twice where only one is eligible, and -1 twice where none is. */
export function twoEligible(count: number, input: PickInput): [number, number] {
  const first = anyEligible(count, input, -1);
  const second = anyEligible(count, input, first);
  return [first, second === -1 ? first : second];
}

function anyEligible(count: number, { rng, isEligible }: PickInput, excluded: number): number {
  const start = Math.floor(rng() * count);
  for (let step = 0; step < count; step++) {
    const index = (start + step) % count;
    if (index !== excluded && isEligible(index)) return index;
  }
  return -1;
}
