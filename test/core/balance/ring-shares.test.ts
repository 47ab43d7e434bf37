import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ringShares } from "../../../core/balance/ring-shares.ts";
import { randomStream } from "../../simulation/simulation.ts";

const SIZE = 1_000;

/** A ring as `ringShares` takes it, from points in any order. */
function ringOf(points: readonly number[]): Int32Array {
  const sorted = [...points].sort((a, b) => a - b);
  return Int32Array.from([sorted.at(-1)! - SIZE, ...sorted, sorted[0]! + SIZE]);
}

/** Each point has an owner of its own. */
function sharesOf(points: readonly number[], probes: number): number[] {
  const positions = ringOf(points);
  const owners = Uint16Array.from(positions, (_, index) => (index - 1 + points.length) % points.length);
  return [...ringShares(positions, owners, { size: SIZE, probes, owners: points.length })];
}

/** The share of 200,000 keys, each with probes at random. */
function sampled(points: readonly number[], probes: number): number[] {
  const sorted = [...points].sort((a, b) => a - b);
  const rng = randomStream(11);
  const counts = sorted.map(() => 0);
  for (let key = 0; key < 200_000; key++) {
    let best = 0;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (let probe = 0; probe < probes; probe++) {
      const at = rng() * SIZE;
      for (const [index, point] of sorted.entries()) {
        const apart = Math.abs(at - point);
        const distance = Math.min(apart, SIZE - apart);
        if (distance < bestDistance) [best, bestDistance] = [index, distance];
      }
    }
    counts[best]! += 1;
  }
  return counts.map((count) => count / 200_000);
}

describe("ringShares", () => {
  it("is half of both arcs beside a point, for one probe", () => {
    expect(sharesOf([0, 100, 400], 1)).toEqual([0.35, 0.2, 0.45].map((share) => expect.closeTo(share, 12)));
  });

  it.each([1, 2, 3, 16])("agrees with keys that are drawn, for %i probes", (probes) => {
    const points = [0, 10, 35, 90, 92, 300, 640, 655];
    for (const [index, share] of sharesOf(points, probes).entries()) expect(share).toBeCloseTo(sampled(points, probes)[index]!, 2);
  });

  it("sums up to 1, and gives equal points equal shares", () => {
    const points = fc.uniqueArray(fc.integer({ min: 0, max: SIZE - 1 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 20 }), (list, probes) => {
        expect(sharesOf(list, probes).reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
      }),
    );
    expect(sharesOf([0, 250, 500, 750], 16)).toEqual(Array(4).fill(expect.closeTo(0.25, 12)));
  });

  it("has no share where there is no point", () => {
    expect([...ringShares(new Int32Array(2), new Uint16Array(2), { size: SIZE, probes: 16, owners: 0 })]).toEqual([]);
  });
});
