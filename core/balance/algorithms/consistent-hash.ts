// Consistent hashing with weights and bounded load: a ring with few points per endpoint, and several probes per key.
// An endpoint that leaves moves only its own keys, and one that joins takes only the keys that become its own.
// The ring depends on the set of endpoints alone, not on the order in which they came.
import type { Balancer, BalancerSettings, Candidate } from "../balancer.ts";
import { mix32, seedsOf, withinLoadBound } from "../hashing.ts";
import { ringShares } from "../ring-shares.ts";

const POINTS_PER_WEIGHT = 20; // `npm run bench:picks` prints the shares that come of it
const MAX_POINTS = 65_000; // 16-bit indices. Heavier sets get half as many points per weight, and keys move when a set grows past it
const PROBES = 16; // per key; `npm run bench:picks` prints the shares that come of it
const PROBE_MULTIPLIER = 0x2c9277b5; // multiplier of the linear congruential generator that yields a key's probes
const GOLDEN_RATIO = 0x9e3779b9; // 2^32 / phi, the generator's increment
const RING_SIZE = 2 ** 30; // positions on the ring

interface Ring {
  readonly positions: Int32Array; // sorted; before and after them the last and the first one again, one ring size away
  readonly owners: Uint16Array; // index of the candidate that owns each point
  readonly firstPoints: Uint16Array; // the first point in or after each arc of the ring
  readonly shift: number; // bits by which a position is shifted right to give the number of its arc
}

/**
 * Each key has several probes on the ring; of all points, the one nearest to any of the probes owns the key. With one probe, shares would
 * follow the lengths of the arcs between points. With several, the nearest point is so near that the lengths hardly matter.
 *
 * @see Appleton, O'Reilly 2015, Multi-Probe Consistent Hashing; here a probe looks in both directions
 */
export function consistentHash(candidates: readonly Candidate[], { maxLoadFactor }: BalancerSettings): Balancer {
  const ring = ringOf(candidates);
  let shares: Float64Array | undefined; // computed when an operator looks at them
  return {
    pick(input) {
      if (candidates.length === 0) return -1;
      const { key } = input;
      const isEligible = withinLoadBound(candidates, maxLoadFactor, input);
      const nearest = nearestOwner(ring, key);
      if (isEligible(nearest)) return nearest; // the nearest of all is also the nearest of the eligible ones
      const eligible = candidates.map((_, index) => isEligible(index));
      return eligible.includes(true) ? nearestEligible(ring, key, eligible) : -1;
    },
    shares() {
      shares ??= ringShares(ring.positions, ring.owners, { size: RING_SIZE, probes: PROBES, owners: candidates.length });
      return shares;
    },
  };
}

/** @returns the candidate that owns the key. Steps are added, not branched on: a processor would mispredict half of the branches */
function nearestOwner({ positions, owners, firstPoints, shift }: Ring, key: number): number {
  let best = 0;
  let bestDistance = RING_SIZE;
  let state = mix32(key) | 0;
  for (let probe = 0; probe < PROBES; probe++) {
    state = (Math.imul(state, PROBE_MULTIPLIER) + GOLDEN_RATIO) | 0;
    const position = state >>> 2;
    let point = firstPoints[position >>> shift]!;
    point += (positions[point]! - position) >>> 31; // adds 1 where the point lies before the probe
    point += (positions[point]! - position) >>> 31;
    while (positions[point]! < position) point++; // rarely more than two points lie in one arc
    const after = positions[point]! - position;
    const before = position - positions[point - 1]!;
    if (after < bestDistance) {
      bestDistance = after;
      best = point;
    }
    if (before < bestDistance) {
      bestDistance = before;
      best = point - 1;
    }
  }
  return owners[best]!;
}

/** As `nearestOwner`, as if only the eligible candidates were on the ring. @param eligible has at least one true */
function nearestEligible({ positions, owners, firstPoints, shift }: Ring, key: number, eligible: readonly boolean[]): number {
  const size = positions.length - 2;
  let best = 0;
  let bestDistance = RING_SIZE;
  let state = mix32(key) | 0;
  for (let probe = 0; probe < PROBES; probe++) {
    state = (Math.imul(state, PROBE_MULTIPLIER) + GOLDEN_RATIO) | 0;
    const position = state >>> 2;
    let point = firstPoints[position >>> shift]!;
    while (positions[point]! < position) point++;
    for (const step of [1, -1]) {
      let turn = 0; // ring sizes passed, in positions
      let current = step === 1 ? point : point - 1;
      while (!eligible[owners[current]!]) {
        current += step;
        if (current > size + 1) [current, turn] = [2, RING_SIZE]; // point 1 was seen as its copy at the end
        if (current < 0) [current, turn] = [size - 1, -RING_SIZE];
      }
      const distance = step * (positions[current]! + turn - position);
      if (distance >= bestDistance) continue;
      best = current;
      bestDistance = distance;
    }
  }
  return owners[best]!;
}

interface Points {
  readonly positions: Int32Array; // unsorted
  readonly owners: Uint16Array;
}

function ringOf(candidates: readonly Candidate[]): Ring {
  const points = pointsOf(candidates);
  const size = points.positions.length;
  const bits = Math.max(1, Math.ceil(Math.log2(size + 1)));
  const shift = 30 - bits;
  const ends = new Uint32Array(2 ** bits + 1).fill(1, 0, 1); // index at which the next point of each arc goes
  for (const position of points.positions) ends[(position >>> shift) + 1]! += 1;
  for (let arc = 1; arc < ends.length; arc++) ends[arc]! += ends[arc - 1]!;
  const firstPoints = Uint16Array.from(ends.subarray(0, -1));
  const positions = new Int32Array(size + 2);
  const owners = new Uint16Array(size + 2);
  for (let point = 0; point < size; point++) {
    const [position, owner] = [points.positions[point]!, points.owners[point]!];
    const arc = position >>> shift;
    let hole = ends[arc]!++;
    for (; hole > firstPoints[arc]!; hole--) {
      const [left, leftOwner] = [positions[hole - 1]!, owners[hole - 1]!];
      // At equal positions the lower id comes first, whatever the order of the list.
      if (left < position || (left === position && candidates[leftOwner]!.id < candidates[owner]!.id)) break;
      positions[hole] = left;
      owners[hole] = leftOwner;
    }
    positions[hole] = position;
    owners[hole] = owner;
  }
  positions[0] = positions[size]! - RING_SIZE;
  owners[0] = owners[size]!;
  positions[size + 1] = positions[1]! + RING_SIZE;
  owners[size + 1] = owners[1]!;
  return { positions, owners, firstPoints, shift };
}

function pointsOf(candidates: readonly Candidate[]): Points {
  const totalWeight = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let perWeight = POINTS_PER_WEIGHT;
  while (perWeight * totalWeight > MAX_POINTS) perWeight /= 2;
  const counts = candidates.map(({ weight }) => Math.max(1, Math.floor(perWeight * weight)));
  const size = counts.reduce((sum, count) => sum + count, 0);
  const positions = new Int32Array(size);
  const owners = new Uint16Array(size);
  let made = 0;
  for (const [index, seed] of seedsOf(candidates).entries()) {
    for (let point = 1; point <= counts[index]!; point++) {
      positions[made] = mix32(mix32(seed + Math.imul(point, GOLDEN_RATIO)) ^ seed) >>> 2;
      owners[made++] = index;
    }
  }
  return { positions, owners };
}
