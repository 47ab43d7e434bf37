// What the hashing balancers share: mixing of keys and ids, the bound on load, and weighted rendezvous.
import { hash32 } from "../hash.ts";
import type { Candidate, PickInput } from "./balancer.ts";

/** Spreads the bits of a whole number over 32. @returns a whole number in [0, 2^32). @see MurmurHash3, fmix32 */
export function mix32(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The seed of each candidate: a hash of its id alone, so that isolates agree whatever each has seen before. */
export function seedsOf(candidates: readonly Candidate[]): Uint32Array {
  return Uint32Array.from(candidates, ({ id }) => hash32(id));
}

/**
 * Which candidates are eligible and may take one more call under the bound on load.
 *
 * @param factor calls in flight of one endpoint, at most, as a multiple of its fair share; at least 1, Infinity for no bound
 * @see Mirrokni, Thorup, Zadimoghaddam 2018, Consistent Hashing with Bounded Loads
 */
export function withinLoadBound(candidates: readonly Candidate[], factor: number, input: PickInput): (index: number) => boolean {
  const { isEligible, now } = input;
  if (factor === Number.POSITIVE_INFINITY) return isEligible;
  let inFlight = 1; // the call that needs an endpoint counts, too
  let weights = 0;
  for (let index = 0; index < candidates.length; index++) {
    if (!isEligible(index)) continue;
    inFlight += candidates[index]!.load.inFlight(now);
    weights += candidates[index]!.weight;
  }
  return (index) => {
    const { load, weight } = candidates[index]!;
    return isEligible(index) && load.inFlight(now) + 1 <= Math.ceil((factor * inFlight * weight) / weights);
  };
}

/**
 * Highest random weight: each endpoint draws a number from the key and its seed, divided by its weight; the least draw wins.
 *
 * @returns the index of an eligible candidate, or -1 where there is none
 */
export function highestDraw(
  candidates: readonly Candidate[],
  seeds: Uint32Array,
  key: number,
  isEligible: (index: number) => boolean,
): number {
  let best = -1;
  let bestDraw = Number.POSITIVE_INFINITY;
  for (let index = 0; index < seeds.length; index++) {
    if (!isEligible(index)) continue;
    const uniform = (mix32(seeds[index]! ^ key) + 0.5) / 2 ** 32; // in (0, 1)
    const draw = -Math.log(uniform) / candidates[index]!.weight; // exponential: the least of such draws falls in proportion to the weights
    if (draw > bestDraw || (draw === bestDraw && candidates[index]!.id > candidates[best]!.id)) continue;
    best = index;
    bestDraw = draw;
  }
  return best;
}
