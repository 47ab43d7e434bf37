// What hashing balancers share: mixing, the bound on load, and draws in proportion to weights.
import { describe, expect, it } from "vitest";
import type { Candidate } from "../../../core/balance/balancer.ts";
import { highestDraw, mix32, seedsOf, withinLoadBound } from "../../../core/balance/hashing.ts";
import { Load } from "../../../core/balance/load.ts";
import { keyOf, pickInput } from "./candidates.ts";

const candidate = (id: string, weight = 1, inFlight = 0): Candidate => {
  const load = new Load();
  for (let call = 0; call < inFlight; call++) load.begin(0, 9e9);
  return { id, weight, load };
};

describe("mix32", () => {
  it("is fmix32 of MurmurHash3", () => {
    const reference = (value: number): number => {
      let hash = BigInt(value >>> 0);
      const mask = 0xffffffffn;
      hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & mask;
      hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & mask;
      return Number(hash ^ (hash >> 16n));
    };
    for (const value of [0, 1, 2, 65_536, 0x7fffffff, 0x80000000, 0xdeadbeef, 0xffffffff]) expect(mix32(value)).toBe(reference(value));
  });
});

describe("withinLoadBound", () => {
  const eligible = (candidates: Candidate[], factor: number, isEligible = (_: number) => true) => {
    const mayTake = withinLoadBound(candidates, factor, pickInput(0, { now: 0, isEligible }));
    return candidates.map((_, index) => mayTake(index));
  };

  it("changes nothing without a bound", () => {
    expect(eligible([candidate("a", 1, 900), candidate("b")], Number.POSITIVE_INFINITY)).toEqual([true, true]);
    expect(eligible([candidate("a"), candidate("b")], Number.POSITIVE_INFINITY, (index) => index === 1)).toEqual([false, true]);
  });

  it("lets an endpoint have its share of the calls, including the new one, rounded up", () => {
    expect(eligible([candidate("a", 1, 1), candidate("b", 1, 0)], 1)).toEqual([false, true]); // 2 calls: one each
    expect(eligible([candidate("a", 1, 1), candidate("b", 1, 1)], 1)).toEqual([true, true]); // 3 calls: at most two
    expect(eligible([candidate("a", 1, 2), candidate("b", 1, 1)], 1)).toEqual([false, true]);
    expect(eligible([candidate("a", 1, 2), candidate("b", 1, 1)], 1.5)).toEqual([true, true]);
  });

  it("counts shares by weight, among the eligible ones", () => {
    expect(eligible([candidate("a", 3, 2), candidate("b", 1, 1)], 1)).toEqual([true, false]); // 4 calls: 3 and 1
    expect(eligible([candidate("a", 3, 3), candidate("b", 1, 0)], 1)).toEqual([false, true]);
    const notLast = (index: number) => index !== 2;
    expect(eligible([candidate("a", 1, 1), candidate("b"), candidate("c", 9, 90)], 1, notLast)).toEqual([false, true, false]);
  });

  it("always leaves one eligible where any is", () => {
    for (let busy = 0; busy < 20; busy++)
      expect(eligible([candidate("a", 2, busy), candidate("b", 3, 20 - busy), candidate("c", 1, busy % 3)], 1)).toContain(true);
  });
});

describe("highestDraw", () => {
  const draw = (candidates: Candidate[], key: number, isEligible = (_: number) => true) =>
    highestDraw(candidates, seedsOf(candidates), key, isEligible);

  it("gives keys in proportion to weights, and the keys of an ineligible endpoint to the others in proportion", () => {
    const candidates = [candidate("a", 1), candidate("b", 2), candidate("c", 5)];
    const shares = (isEligible?: (index: number) => boolean) => {
      const counts = [0, 0, 0];
      for (let key = 0; key < 16_000; key++) counts[draw(candidates, keyOf(key), isEligible)]! += 1;
      return counts;
    };
    for (const [index, want] of [2_000, 4_000, 10_000].entries()) expect(Math.abs(shares()[index]! - want)).toBeLessThan(300);
    const without = shares((index) => index !== 2);
    expect(without[2]).toBe(0);
    expect(Math.abs(without[0]! - 16_000 / 3)).toBeLessThan(300);
  });

  it("returns -1 where none is eligible, and decides a tie by id, not by order", () => {
    expect(draw([candidate("a")], 1, () => false)).toBe(-1);
    const twins = [candidate("a"), candidate("b")];
    const same = new Uint32Array([7, 7]);
    expect(highestDraw(twins, same, 1, () => true)).toBe(0);
    expect(highestDraw([...twins].reverse(), same, 1, () => true)).toBe(1);
  });
});
