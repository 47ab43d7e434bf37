// Rendezvous hashing gives exact shares.
import { describe, expect, it } from "vitest";
import { rendezvous } from "../../../../core/balance/algorithms/rendezvous.ts";
import { DEFAULT_BALANCER_SETTINGS } from "../../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../../core/balance/balancers.ts";
import { highestDraw, seedsOf } from "../../../../core/balance/hashing.ts";
import { candidates, keyOf, pickInput, sharesOf } from "../candidates.ts";

describe("rendezvous", () => {
  it("gives a key to the endpoint with the best draw among the eligible ones", () => {
    const list = candidates(9, (index) => 1 + (index % 4));
    const balancer = rendezvous(list, DEFAULT_BALANCER_SETTINGS);
    for (let index = 0; index < 200; index++) {
      const isEligible = (at: number) => at % 3 !== index % 3;
      expect(balancer.pick(pickInput(keyOf(index), { isEligible }))).toBe(highestDraw(list, seedsOf(list), keyOf(index), isEligible));
    }
  });

  it("gives no endpoint of nine more than 1.05 of its share", () => {
    expect(sharesOf(BALANCERS.rendezvous, 9, 40_000).max).toBeLessThan(1.05);
  });
});
