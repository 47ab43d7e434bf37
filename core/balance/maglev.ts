// Maglev hashing: a full table in which every endpoint has its share to the slot; a change moves some keys of others.
import type { Balancer, BalancerSettings, Candidate } from "./balancer.ts";
import { highestDraw, mix32, seedsOf, withinLoadBound } from "./hashing.ts";

const SLOTS = 65_537; // a prime, so that every skip reaches every slot
const WALKED = 64; // slots beyond the first before the key is drawn for

/** @see Eisenbud et al. 2016, Maglev, section 3.4; weights as in Envoy: a turn in proportion */
export function maglev(candidates: readonly Candidate[], { maxLoadFactor }: BalancerSettings): Balancer {
  const standing = seedsOf(candidates);
  const table = filled(candidates, standing);
  return {
    pick(question) {
      const isEligible = withinLoadBound(candidates, maxLoadFactor, question);
      const first = mix32(question.key) % SLOTS;
      for (let step = 0; step < WALKED && candidates.length > 0; step++) {
        const owner = table[(first + step) % SLOTS]!;
        if (isEligible(owner)) return owner;
      }
      return highestDraw(candidates, standing, question.key, isEligible);
    },
  };
}

function filled(candidates: readonly Candidate[], standing: Uint32Array): Uint16Array {
  const table = new Uint16Array(SLOTS);
  const isTaken = new Uint8Array(SLOTS);
  const heaviest = Math.max(...candidates.map(({ weight }) => weight));
  const order = [...candidates.keys()].sort((a, b) => (candidates[a]!.id < candidates[b]!.id ? -1 : 1)); // not by history
  const at = Uint32Array.from(standing, (seed) => seed % SLOTS);
  const skip = Uint32Array.from(standing, (seed) => (mix32(seed ^ 0x5bd1e995) % (SLOTS - 1)) + 1);
  const turn = new Float64Array(candidates.length);
  for (let left = candidates.length === 0 ? 0 : SLOTS; left > 0; ) {
    for (const index of order) {
      turn[index]! += candidates[index]!.weight / heaviest;
      if (turn[index]! < 1 || left === 0) continue;
      turn[index]! -= 1;
      let slot = at[index]!;
      while (isTaken[slot] === 1) slot = (slot + skip[index]!) % SLOTS;
      table[slot] = index;
      isTaken[slot] = 1;
      at[index] = (slot + skip[index]!) % SLOTS;
      left -= 1;
    }
  }
  return table;
}
