// Round robin goes from each endpoint to the next.
import { describe, expect, it } from "vitest";
import { roundRobin } from "../../../../core/balance/algorithms/round-robin.ts";
import { candidates, pickInput } from "../candidates.ts";

describe("roundRobin", () => {
  it.each([
    [0, [0, 1, 2, 3, 0]],
    [0.5, [2, 3, 0, 1, 2]],
    [0.99, [3, 0, 1, 2, 3]],
  ])("begins at a random endpoint (%d), goes to the next, and passes over ineligible ones", (random, want) => {
    const balancer = roundRobin(candidates(4));
    const pick = (isEligible = (_: number) => true): number => balancer.pick(pickInput(0, { rng: () => random, isEligible }));
    expect([pick(), pick(), pick(), pick(), pick()]).toEqual(want);
    const last = want[4]!;
    expect(pick((index) => index !== (last + 1) % 4)).toBe((last + 2) % 4);
    expect(pick()).toBe((last + 3) % 4);
  });
});
