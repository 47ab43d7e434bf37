// Where hashing balancers put keys: the mixing they share, the bound on load, and weighted rendezvous.
import { hash32 } from "../hash.ts";
import type { Candidate, PickInput } from "./balancer.ts";

/** Spreads the bits of a whole number over 32. @returns a whole number in [0, 2^32). @see MurmurHash3, fmix32 */
export function mix32(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Where each candidate stands: by its id alone, so that isolates agree whatever they have seen before. */
export function seedsOf(candidates: readonly Candidate[]): Uint32Array {
  return Uint32Array.from(candidates, ({ id }) => hash32(id));
}

/**
 * Who is open to one more call under the bound.
 *
 * @param factor how many times its fair share of the calls in flight an endpoint may have, at least 1; Infinity for no bound
 * @see Mirrokni, Thorup, Zadimoghaddam 2018, Consistent Hashing with Bounded Loads
 */
export function withinLoadBound(candidates: readonly Candidate[], factor: number, question: PickInput): (index: number) => boolean {
  const { isEligible, now } = question;
  if (factor === Number.POSITIVE_INFINITY) return isEligible;
  let inFlight = 1;
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

/** Highest random weight: each endpoint draws by key and id, in proportion to its weight; the best draw wins. */
export function highestDraw(
  candidates: readonly Candidate[],
  standing: Uint32Array,
  key: number,
  isEligible: (index: number) => boolean,
): number {
  let best = -1;
  let bestDraw = Number.POSITIVE_INFINITY;
  for (let index = 0; index < standing.length; index++) {
    if (!isEligible(index)) continue;
    const chance = (mix32(standing[index]! ^ key) + 0.5) / 4_294_967_296;
    const draw = -Math.log(chance) / candidates[index]!.weight;
    if (draw > bestDraw || (draw === bestDraw && candidates[index]!.id > candidates[best]!.id)) continue;
    best = index;
    bestDraw = draw;
  }
  return best;
}
