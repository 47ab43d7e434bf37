// The contract of every balancer: out of endpoints and what this isolate has seen of them, the one for the next attempt.
import type { Load } from "./load.ts";

/** An endpoint that may be picked. Its place in the list given to `create` is what `pick` answers with. */
export interface Candidate {
  readonly id: string; // stable: hashing balancers place by it
  readonly weight: number; // a share, in [1, 1000]; twice the weight, twice the calls
  readonly load: Load; // what this isolate has seen; shared by all balancers that know the endpoint
}

export interface PickInput {
  readonly key: number; // what hashing balancers go by: a whole number in [0, 2^32)
  readonly now: number; // epoch ms
  readonly rng: () => number; // a number in [0, 1) with each call
  readonly method?: number; // of the call, hashed: balancers that learn tell calls apart by it
  /** Whether the candidate at `index` may take the attempt: not tried before, not full, not ejected. */
  readonly isEligible: (index: number) => boolean;
}

export interface Balancer {
  /** @returns the place of a candidate that is open, or -1 where none is */
  pick(question: PickInput): number;
  /** What a call is taken to cost, where 1 is the mean; for balancers that learn. */
  costOf?(method: number): number;
  /** @param ratio time of an answer over what its endpoint takes for a call of cost 1 */
  learn?(method: number, ratio: number): void;
}

/** One entry of balancers.ts. */
export interface BalancerKind {
  readonly about: string;
  readonly usesKey: boolean; // the same key, the same endpoint
  readonly usesWeight: boolean; // equal endpoints get calls in proportion to their weights
  readonly prefersIdle: boolean; // of two equally fast endpoints, the one with fewer calls in flight for its weight gets the call
  readonly prefersFast: boolean; // of two equally loaded endpoints, the one whose responses take less time gets the call
  readonly isCyclic: boolean; // in each cycle, every endpoint gets its share of the calls, to one call
  create(candidates: readonly Candidate[], settings: BalancerSettings): Balancer;
}

export interface BalancerSettings {
  /** Hashing: an endpoint takes at most this many times its fair share of the calls in flight; Infinity for no bound. */
  readonly maxLoadFactor: number;
}

export const DEFAULT_BALANCER_SETTINGS: BalancerSettings = { maxLoadFactor: Number.POSITIVE_INFINITY };

/** The open candidate of least score; of equals, the first one at or after `start`. */
export function pickLeast(count: number, start: number, { isEligible }: PickInput, score: (index: number) => number): number {
  let best = -1;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let step = 0; step < count; step++) {
    const index = start + step < count ? start + step : start + step - count;
    if (!isEligible(index)) continue;
    const its = score(index);
    if (best !== -1 && its >= bestScore) continue;
    best = index;
    bestScore = its;
  }
  return best;
}

/** Two different open candidates by chance, or one twice where only one is found; -1 where none is open. */
export function twoEligible(count: number, question: PickInput): [number, number] {
  const first = anyEligible(count, question, -1);
  const second = anyEligible(count, question, first);
  return [first, second === -1 ? first : second];
}

function anyEligible(count: number, { rng, isEligible }: PickInput, but: number): number {
  const start = Math.floor(rng() * count);
  for (let step = 0; step < count; step++) {
    const index = (start + step) % count;
    if (index !== but && isEligible(index)) return index;
  }
  return -1;
}
