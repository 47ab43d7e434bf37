// Smooth weighted round robin interleaves the shares.
import { describe, expect, it } from "vitest";
import { weighted } from "../../../../core/balance/algorithms/weighted.ts";
import { candidate, candidates, pickInput } from "../candidates.ts";

describe("weighted", () => {
  it("interleaves: the heavy endpoint does not get its whole share in one burst", () => {
    const balancer = weighted([{ weight: 5 }, {}, {}].map(candidate));
    const order = Array.from({ length: 14 }, () => balancer.pick(pickInput(0, { rng: () => 0 })));
    expect(order).toEqual([0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]); // the order of nginx
  });

  it("draws a random start for each endpoint once", () => {
    let draws = 0;
    const balancer = weighted(candidates(3));
    for (let pick = 0; pick < 5; pick++) balancer.pick(pickInput(0, { rng: () => draws++ / 100 }));
    expect(draws).toBe(3);
  });

  it("starts isolates out of step", () => {
    const first = (random: number, index: number): number => {
      let draws = 0;
      return weighted(candidates(3)).pick(pickInput(0, { rng: () => (draws++ === index ? random : 0) }));
    };
    expect([first(0.9, 0), first(0.9, 1), first(0.9, 2)]).toEqual([0, 1, 2]);
  });
});
