// Consistent hashing with weights and bounded load: endpoints claim slots of a board by their ids alone,
// a key throws darts at the board until one hits. Who leaves moves its own keys and no others; who comes takes only its own.
import type { Balancer, BalancerSettings, Candidate } from "./balancer.ts";
import { bounded, drawn, mix32, seeds } from "./place.ts";

const CLAIMS = 320; // slots for each unit of weight; collisions cost a share of 1/sqrt(2 slots per endpoint) either way
const DARTS = 24; // then the key is drawn for, as on a board that is nearly empty
const GOLDEN = 0x9e3779b9;

/**
 * A slot that two claim belongs to the lower claim, whoever came first: the board is a function of the set.
 * A ring of virtual nodes does the same with arcs, whose lengths differ far more than numbers of slots do.
 *
 * @see Chawla et al. 2011, Semantics of Caching with SPOCA, for the darts
 */
export function consistentHash(candidates: readonly Candidate[], { maxLoadFactor, slots }: BalancerSettings): Balancer {
  const standing = seeds(candidates);
  const board = claimed(candidates, standing, slots);
  return {
    pick(question) {
      const { key } = question;
      const isOpen = bounded(candidates, maxLoadFactor, question);
      let dart = key;
      for (let thrown = 0; thrown < DARTS; thrown++) {
        const owner = board[mix32(dart) % slots]!;
        if (owner !== 0 && isOpen(owner - 1)) return owner - 1;
        dart = (dart + GOLDEN) | 0;
      }
      return drawn(candidates, standing, key, isOpen);
    },
  };
}

/** @returns for each slot the place of its owner, counted from 1; 0 where nobody claims it */
function claimed(candidates: readonly Candidate[], standing: Uint32Array, slots: number): Uint16Array {
  const board = new Uint16Array(slots);
  const claims = new Uint32Array(slots); // only while the board is built
  for (let index = 0; index < candidates.length; index++) {
    const { id, weight } = candidates[index]!;
    let claim = standing[index]!;
    for (let made = CLAIMS * weight; made > 0; made--) {
      claim = (claim + GOLDEN) | 0;
      const place = mix32(claim);
      const slot = place % slots;
      const rank = mix32(place ^ standing[index]!);
      const owner = board[slot]!;
      if (owner !== 0 && (rank > claims[slot]! || (rank === claims[slot]! && id > candidates[owner - 1]!.id))) continue;
      board[slot] = index + 1;
      claims[slot] = rank;
    }
  }
  return board;
}
