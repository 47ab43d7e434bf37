// The share of the keys that each owner of points on a ring has, where a key goes to the point nearest to any of its probes.

interface RingForm {
  readonly size: number; // positions on the ring
  readonly probes: number; // per key
  readonly owners: number; // number of owners
}

/**
 * Exact for probes at random positions. With N(d) arcs longer than 2d, a probe is farther than d from every point with the chance G(d),
 * which falls by 2 N(d) / size per unit of d. The nearest of all probes lies between d1 and d2 of a point with the chance
 * G(d1)^probes - G(d2)^probes, and is equally likely on each side of each arc that is still longer: half of it at each end.
 *
 * @param positions sorted, with the last point before and the first one after them, one ring size away
 * @param pointOwners index of the owner of each position
 * @returns shares by owner; all 0 where there is no point
 */
export function ringShares(
  positions: Int32Array,
  pointOwners: ArrayLike<number>,
  { size, probes, owners }: RingForm,
): Float64Array<ArrayBuffer> {
  const shares = new Float64Array(owners);
  const points = positions.length - 2;
  if (points < 1) return shares;
  const halves = new Float64Array(points); // half the arc before each point
  for (let point = 0; point < points; point++) halves[point] = (positions[point + 1]! - positions[point]!) / 2;
  const order = Uint32Array.from(halves.keys()).sort((a, b) => halves[a]! - halves[b]!);
  let distance = 0;
  let left = 1; // G at `distance`
  let share = 0; // chance of each end of an arc whose half is at least `distance`
  for (let rank = 0; rank < points; rank++) {
    const point = order[rank]!;
    const half = halves[point]!;
    const longer = points - rank; // arcs, this one included
    const next = Math.max(0, left - (2 * longer * (half - distance)) / size);
    share += (left ** probes - next ** probes) / (2 * longer);
    [distance, left] = [half, next];
    shares[pointOwners[point + 1]!]! += share;
    shares[pointOwners[point]!]! += share;
  }
  return shares;
}
