// Random picks by the share of each eligible endpoint.
import { describe, expect, it } from "vitest";
import { random } from "../../../../core/balance/algorithms/random.ts";
import { candidate, pickInput } from "../candidates.ts";

describe("random", () => {
  it("picks by the share of each eligible endpoint", () => {
    const balancer = random([{ weight: 1 }, { weight: 2 }, { weight: 1 }].map(candidate));
    const pick = (number: number, excluded = -1): number =>
      balancer.pick(pickInput(0, { rng: () => number, isEligible: (index) => index !== excluded }));
    expect([0, 0.249, 0.25, 0.749, 0.75, 0.999].map((number) => pick(number))).toEqual([0, 0, 1, 1, 2, 2]);
    expect([0, 0.499, 0.5, 0.999].map((number) => pick(number, 1))).toEqual([0, 0, 2, 2]);
    expect([0, 0.249, 0.25, 0.999].map((number) => pick(number, 2))).toEqual([0, 0, 1, 1]);
    expect(pick(1, 2)).toBe(1); // the last eligible one, where sums of fractions come out a little low
  });
});
