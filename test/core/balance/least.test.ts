// The two ways in which balancers compare: all open candidates, or two of them.
import { describe, expect, it } from "vitest";
import { type PickInput, pickLeast, twoEligible } from "../../../core/balance/balancer.ts";

const question = (rolls: readonly number[], isEligible = (_: number) => true): PickInput => {
  let next = 0;
  return { key: 0, now: 0, rng: () => rolls[next++ % rolls.length]!, isEligible };
};

describe("least", () => {
  const scores = [3, 1, 2, 1, 5];
  const scoreOf = (index: number): number => scores[index]!;

  it("picks the open candidate of least score, wherever it starts; of equals the first one from there on", () => {
    const from = (start: number, isEligible?: (index: number) => boolean) => pickLeast(5, start, question([0], isEligible), scoreOf);
    expect([0, 1, 2, 3, 4].map((start) => from(start))).toEqual([1, 1, 3, 3, 1]);
    expect([0, 1, 2, 3, 4].map((start) => from(start, (index) => index !== 1))).toEqual([3, 3, 3, 3, 3]);
    expect([0, 3].map((start) => from(start, (index) => scores[index] !== 1))).toEqual([2, 2]);
  });

  it("picks one whose score is no bound at all, and nothing where none is open", () => {
    expect(pickLeast(2, 1, question([0]), () => Number.POSITIVE_INFINITY)).toBe(1);
    expect(
      pickLeast(
        2,
        0,
        question([0], () => false),
        scoreOf,
      ),
    ).toBe(-1);
    expect(pickLeast(0, 0, question([0]), scoreOf)).toBe(-1);
  });

  it("asks for no score of a closed candidate", () => {
    const asked: number[] = [];
    pickLeast(
      4,
      2,
      question([0], (index) => index % 2 === 0),
      (index) => asked.push(index),
    );
    expect(asked).toEqual([2, 0]);
  });
});

describe("twoOpen", () => {
  it("draws two different candidates by two rolls, the next open one where a roll meets a closed or drawn one", () => {
    expect(twoEligible(4, question([0.1, 0.9]))).toEqual([0, 3]);
    expect(twoEligible(4, question([0.5, 0.5]))).toEqual([2, 3]);
    expect(twoEligible(4, question([0.9, 0.9]))).toEqual([3, 0]);
    expect(
      twoEligible(
        4,
        question([0.3, 0.3], (index) => index !== 1 && index !== 3),
      ),
    ).toEqual([2, 0]);
  });

  it("draws the only open one twice, and none where none is open", () => {
    expect(
      twoEligible(
        3,
        question([0.9, 0.1], (index) => index === 1),
      ),
    ).toEqual([1, 1]);
    expect(twoEligible(1, question([0.5]))).toEqual([0, 0]);
    expect(
      twoEligible(
        3,
        question([0.5], () => false),
      ),
    ).toEqual([-1, -1]);
    expect(twoEligible(0, question([0.5]))).toEqual([-1, -1]);
  });
});
