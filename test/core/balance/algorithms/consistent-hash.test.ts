// Which endpoint owns a key by consistent hashing, compared with a search over all points.
import { describe, expect, it } from "vitest";
import { consistentHash } from "../../../../core/balance/algorithms/consistent-hash.ts";
import { type Candidate, DEFAULT_BALANCER_SETTINGS } from "../../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../../core/balance/balancers.ts";
import { mix32 } from "../../../../core/balance/hashing.ts";
import { hash32 } from "../../../../core/hash.ts";
import { candidates, keyOf, NOW, pickInput, sharesOf } from "../candidates.ts";

type Point = readonly [position: number, owner: number];
const RING_SIZE = 2 ** 30;

/** The owner of a key: compares every point with every probe of the key. */
function ownerOf(points: readonly Point[], key: number): number {
  let best = RING_SIZE;
  let owner = -1;
  let state = mix32(key) | 0;
  for (let probe = 0; probe < 16; probe++) {
    state = (Math.imul(state, 0x2c9277b5) + 0x9e3779b9) | 0;
    for (const [position, index] of points) {
      const straight = Math.abs(position - (state >>> 2));
      const distance = Math.min(straight, RING_SIZE - straight);
      if (distance < best) [best, owner] = [distance, index];
    }
  }
  return owner;
}

function pointsOf(list: readonly Candidate[], perWeight: number): Point[] {
  return list.flatMap(({ id, weight }, index) => {
    const seed = hash32(id);
    const count = Math.max(1, Math.floor(perWeight * weight));
    return Array.from({ length: count }, (_, point): Point => [mix32(mix32(seed + Math.imul(point + 1, 0x9e3779b9)) ^ seed) >>> 2, index]);
  });
}

describe("consistentHash", () => {
  it.each([
    { name: "one endpoint", list: candidates(1), perWeight: 20 },
    { name: "two endpoints", list: candidates(2), perWeight: 20 },
    { name: "weights", list: candidates(9, (index) => 1 + (index % 4)), perWeight: 20 },
    { name: "as many points as fit", list: candidates(4, (index) => (index < 3 ? 1_000 : 250)), perWeight: 20 },
    { name: "half as many points per weight", list: candidates(4, () => 1_000), perWeight: 10 },
    { name: "a quarter as many", list: candidates(8, () => 1_000), perWeight: 5 },
  ])("gives a key to the nearest point of an eligible endpoint: $name", ({ list, perWeight }) => {
    const balancer = consistentHash(list, DEFAULT_BALANCER_SETTINGS);
    const points = pointsOf(list, perWeight);
    const keys = points.length > 1_000 ? 3 : 300;
    for (let index = 0; index < keys; index++) {
      const key = keyOf(index);
      expect(balancer.pick(pickInput(key))).toBe(ownerOf(points, key));
      const isEligible = (at: number) => ((mix32(index) >>> at) & 1) === 1; // another half of them for each key
      const eligible = points.filter(([, owner]) => isEligible(owner));
      expect(balancer.pick(pickInput(key, { isEligible }))).toBe(ownerOf(eligible, key));
    }
  });

  it("finds the nearest eligible endpoint from wherever a key lies on the ring", () => {
    const list = candidates(3);
    const balancer = consistentHash(list, DEFAULT_BALANCER_SETTINGS);
    const points = pointsOf(list, 20);
    for (let index = 0; index < 500; index++) {
      const key = keyOf(index);
      for (let excluded = 0; excluded < 3; excluded++) {
        const eligible = points.filter(([, owner]) => owner !== excluded);
        expect(balancer.pick(pickInput(key, { isEligible: (at) => at !== excluded }))).toBe(ownerOf(eligible, key));
      }
    }
  });

  it("gives no endpoint of three more than 1.10 of its share, and no weight more than 1.05", () => {
    const { max, means } = sharesOf(BALANCERS.consistent_hash, 3, 30_000);
    expect(max).toBeLessThanOrEqual(1.1);
    for (const mean of means) expect(Math.abs(mean - 1)).toBeLessThanOrEqual(0.05);
  });

  it("keeps calls in flight within 1.25 of the fair share under that bound, however hot a key is", () => {
    const list = candidates(10);
    const balancer = consistentHash(list, { maxLoadFactor: 1.25 });
    for (let index = 0; index < 1_000; index++) {
      const picked = balancer.pick(pickInput(index % 2 === 0 ? 42 : keyOf(index)));
      list[picked]!.load.begin(NOW, 9e9);
    }
    for (const { load } of list) expect(load.inFlight(NOW)).toBeLessThanOrEqual(125);
  });
});
