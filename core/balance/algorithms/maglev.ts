// Maglev hashing: a full table in which every endpoint has its share, exact to one slot. A change moves some keys of other endpoints, too.
import type { Balancer, BalancerSettings, Candidate } from "../balancer.ts";
import { highestDraw, mix32, seedsOf, withinLoadBound } from "../hashing.ts";

const SLOTS = 65_537; // a prime, so that every skip reaches every slot; as in the paper's section 5.3
const SKIP_SEED = 0x5bd1e995; // the multiplier of MurmurHash2; it makes the skips independent of the offsets
const MAX_STEPS = 64; // slots that are tried for a key before rendezvous decides

/** @see Eisenbud et al. 2016, Maglev, section 3.4; weights as in Envoy: turns in proportion */
export function maglev(candidates: readonly Candidate[], { maxLoadFactor }: BalancerSettings): Balancer {
  const seeds = seedsOf(candidates);
  const table = tableOf(candidates, seeds);
  return {
    pick(input) {
      const isEligible = withinLoadBound(candidates, maxLoadFactor, input);
      const first = mix32(input.key) % SLOTS;
      for (let step = 0; step < MAX_STEPS && candidates.length > 0; step++) {
        const owner = table[(first + step) % SLOTS]!;
        if (isEligible(owner)) return owner;
      }
      return highestDraw(candidates, seeds, input.key, isEligible);
    },
    shares() {
      const shares = new Float64Array(candidates.length);
      for (const owner of table) shares[owner]! += 1 / SLOTS;
      return shares;
    },
  };
}

function tableOf(candidates: readonly Candidate[], seeds: Uint32Array): Uint16Array {
  const table = new Uint16Array(SLOTS);
  const isTaken = new Uint8Array(SLOTS);
  const maxWeight = Math.max(...candidates.map(({ weight }) => weight));
  const byId = [...candidates.keys()].sort((a, b) => (candidates[a]!.id < candidates[b]!.id ? -1 : 1)); // isolates agree whatever their order
  const nextSlot = Uint32Array.from(seeds, (seed) => seed % SLOTS);
  const skip = Uint32Array.from(seeds, (seed) => (mix32(seed ^ SKIP_SEED) % (SLOTS - 1)) + 1);
  const turns = new Float64Array(candidates.length); // turns that an endpoint has earned; each one takes a slot
  for (let left = candidates.length === 0 ? 0 : SLOTS; left > 0; ) {
    for (const index of byId) {
      turns[index]! += candidates[index]!.weight / maxWeight;
      if (turns[index]! < 1 || left === 0) continue;
      turns[index]! -= 1;
      let slot = nextSlot[index]!;
      while (isTaken[slot] === 1) slot = (slot + skip[index]!) % SLOTS;
      table[slot] = index;
      isTaken[slot] = 1;
      nextSlot[index] = (slot + skip[index]!) % SLOTS;
      left -= 1;
    }
  }
  return table;
}
