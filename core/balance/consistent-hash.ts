// Consistent hashing with weights and bounded load: a ring of few points, and several darts for each key.
// Who leaves moves its own keys and no others; who comes takes only its own; the ring is a function of the set, whatever its history.
import type { Balancer, BalancerSettings, Candidate } from "./balancer.ts";
import { mix32, seedsOf, withinLoadBound } from "./hashing.ts";

const POINTS = 20; // of an endpoint of weight 1
const MOST_POINTS = 65_000; // of all: heavier sets get half as many points for each weight, and keys move as a set grows past it
const DARTS = 16;
const STEP = 0x2c9277b5;
const GOLDEN = 0x9e3779b9;
const ROUND = 2 ** 30; // places on the ring

interface Ring {
  readonly at: Int32Array; // where the points are, in order; before and behind them the last one and the first one again, a round away
  readonly owner: Uint16Array; // of each point: the place of a candidate
  readonly first: Uint16Array; // for each arc of the ring, the first point in it or behind it
  readonly shift: number; // of a place on the ring to the number of its arc
}

/**
 * A key's darts are thrown at the ring; of all points the one that is closest to any of them has the key. One dart would give endpoints what
 * the arcs around their points happen to measure; of several, the closest is so close that hardly an arc is too short for it.
 *
 * @see Appleton, O'Reilly 2015, Multi-Probe Consistent Hashing; here a dart looks to both sides
 */
export function consistentHash(candidates: readonly Candidate[], { maxLoadFactor }: BalancerSettings): Balancer {
  const ring = ringOf(candidates);
  return {
    pick(question) {
      if (candidates.length === 0) return -1;
      const { key } = question;
      const isEligible = withinLoadBound(candidates, maxLoadFactor, question);
      const best = closest(ring, key);
      if (isEligible(best)) return best; // who is closest of all is closest of those that are open
      const open = candidates.map((_, index) => isEligible(index));
      return open.includes(true) ? closestOpen(ring, key, open) : -1;
    },
  };
}

/** @returns the candidate that has the key. Steps are counted, not branched on: a processor would guess half of them wrong */
function closest({ at, owner, first, shift }: Ring, key: number): number {
  let best = 0;
  let bestDistance = ROUND;
  let place = mix32(key) | 0;
  for (let dart = 0; dart < DARTS; dart++) {
    place = (Math.imul(place, STEP) + GOLDEN) | 0;
    const thrown = place >>> 2;
    let point = first[thrown >>> shift]!;
    point += (at[point]! - thrown) >>> 31; // one more where the point lies before
    point += (at[point]! - thrown) >>> 31;
    while (at[point]! < thrown) point++; // hardly ever
    const behind = at[point]! - thrown;
    const before = thrown - at[point - 1]!;
    if (behind < bestDistance) {
      bestDistance = behind;
      best = point;
    }
    if (before < bestDistance) {
      bestDistance = before;
      best = point - 1;
    }
  }
  return owner[best]!;
}

/** As if nobody else were on the ring. @param open of which at least one is */
function closestOpen({ at, owner, first, shift }: Ring, key: number, open: readonly boolean[]): number {
  const size = at.length - 2;
  let best = 0;
  let bestDistance = ROUND;
  let place = mix32(key) | 0;
  for (let dart = 0; dart < DARTS; dart++) {
    place = (Math.imul(place, STEP) + GOLDEN) | 0;
    const thrown = place >>> 2;
    let point = first[thrown >>> shift]!;
    while (at[point]! < thrown) point++;
    for (const step of [1, -1]) {
      let round = 0;
      let here = step === 1 ? point : point - 1;
      while (!open[owner[here]!]) {
        here += step;
        if (here > size + 1) [here, round] = [2, ROUND]; // past the first one again
        if (here < 0) [here, round] = [size - 1, -ROUND];
      }
      const distance = step * (at[here]! + round - thrown);
      if (distance >= bestDistance) continue;
      best = here;
      bestDistance = distance;
    }
  }
  return owner[best]!;
}

function ringOf(candidates: readonly Candidate[]): Ring {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let each = POINTS;
  while (each * total > MOST_POINTS) each /= 2;
  const counts = candidates.map(({ weight }) => Math.max(1, Math.floor(each * weight)));
  const size = counts.reduce((sum, count) => sum + count, 0);
  const bits = Math.max(1, Math.ceil(Math.log2(size + 1)));
  const shift = 30 - bits;
  const places = new Int32Array(size);
  const owners = new Uint16Array(size);
  const ends = new Uint32Array(2 ** bits + 1).fill(1, 0, 1); // of arcs, while the points are dealt out to them
  let made = 0;
  for (const [index, standing] of seedsOf(candidates).entries()) {
    for (let point = 1; point <= counts[index]!; point++) {
      const place = mix32(mix32(standing + Math.imul(point, GOLDEN)) ^ standing) >>> 2;
      places[made] = place;
      owners[made++] = index;
      ends[(place >>> shift) + 1]! += 1;
    }
  }
  for (let arc = 1; arc < ends.length; arc++) ends[arc]! += ends[arc - 1]!;
  const first = Uint16Array.from(ends.subarray(0, -1));
  const at = new Int32Array(size + 2);
  const owner = new Uint16Array(size + 2);
  for (let point = 0; point < size; point++) {
    const [place, its] = [places[point]!, owners[point]!];
    const arc = place >>> shift;
    let hole = ends[arc]!++;
    for (; hole > first[arc]!; hole--) {
      const [left, whose] = [at[hole - 1]!, owner[hole - 1]!];
      if (left < place || (left === place && candidates[whose]!.id < candidates[its]!.id)) break; // the lower id first, not who is listed first
      at[hole] = left;
      owner[hole] = whose;
    }
    at[hole] = place;
    owner[hole] = its;
  }
  at[0] = at[size]! - ROUND;
  owner[0] = owner[size]!;
  at[size + 1] = at[1]! + ROUND;
  owner[size + 1] = owner[1]!;
  return { at, owner, first, shift };
}
