// The two ways in which balancers compare: all eligible candidates, or two of them.
import { describe, expect, it } from "vitest";
import { type PickInput, pickLeast, twoEligible } from "../../../core/balance/balancer.ts";

/** @param numbers what the random number generator returns, one after the other */
const inputWith = (numbers: readonly number[], isEligible = (_: number) => true): PickInput => {
  let next = 0;
  return { key: 0, now: 0, rng: () => numbers[next++ % numbers.length]!, isEligible };
};

describe("pickLeast", () => {
  const scores = [3, 1, 2, 1, 5];
  /** Compares all in turn, from `start` on. */
  const from = (start: number, isEligible?: (index: number) => boolean): number => {
    const indexes = scores.map((_, step) => (start + step) % scores.length);
    return pickLeast(indexes, inputWith([0], isEligible), (position) => scores[indexes[position]!]!);
  };

  it("picks the eligible candidate with the least score, wherever it starts; of equals the first one in the list", () => {
    expect([0, 1, 2, 3, 4].map((start) => from(start))).toEqual([1, 1, 3, 3, 1]);
    expect([0, 1, 2, 3, 4].map((start) => from(start, (index) => index !== 1))).toEqual([3, 3, 3, 3, 3]);
    expect([0, 3].map((start) => from(start, (index) => scores[index] !== 1))).toEqual([2, 2]);
  });

  it("picks one whose score is infinite, and -1 where none is eligible", () => {
    const noneEligible = inputWith([0], () => false);
    expect(pickLeast([1, 0], inputWith([0]), () => Number.POSITIVE_INFINITY)).toBe(1);
    expect(pickLeast([0, 1], noneEligible, () => 0)).toBe(-1);
    expect(pickLeast([], inputWith([0]), () => 0)).toBe(-1);
  });

  it("computes no score of a candidate that is not eligible", () => {
    const scored: number[] = [];
    const even = inputWith([0], (index) => index % 2 === 0);
    pickLeast([2, 3, 0, 1], even, (position) => scored.push(position));
    expect(scored).toEqual([0, 2]);
  });

  it("compares the listed candidates alone", () => {
    expect(pickLeast([4, 0], inputWith([0]), (position) => [5, 3][position]!)).toBe(0);
  });
});

describe("twoEligible", () => {
  it("draws two different candidates, the next eligible one where a draw hits an ineligible or drawn one", () => {
    const withoutOdd = inputWith([0.3, 0.3], (index) => index !== 1 && index !== 3);
    expect(twoEligible(4, inputWith([0.1, 0.9]))).toEqual([0, 3]);
    expect(twoEligible(4, inputWith([0.5, 0.5]))).toEqual([2, 3]);
    expect(twoEligible(4, inputWith([0.9, 0.9]))).toEqual([3, 0]);
    expect(twoEligible(4, withoutOdd)).toEqual([2, 0]);
  });

  it("draws the only eligible one twice, and -1 where there is none", () => {
    const onlyOne = inputWith([0.9, 0.1], (index) => index === 1);
    const noneEligible = inputWith([0.5], () => false);
    expect(twoEligible(3, onlyOne)).toEqual([1, 1]);
    expect(twoEligible(1, inputWith([0.5]))).toEqual([0, 0]);
    expect(twoEligible(3, noneEligible)).toEqual([-1, -1]);
    expect(twoEligible(0, inputWith([0.5]))).toEqual([-1, -1]);
  });
});
