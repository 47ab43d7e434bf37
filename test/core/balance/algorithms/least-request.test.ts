// Least request compares two endpoints by calls in flight for their weights.
import { describe, expect, it } from "vitest";
import { leastRequest } from "../../../../core/balance/algorithms/least-request.ts";
import { candidate, pickInput } from "../candidates.ts";

describe("leastRequest", () => {
  it.each([
    ["fewer calls", { inFlight: 1 }, { inFlight: 2 }, [0, 0]],
    ["fewer calls for its weight", { inFlight: 1 }, { weight: 4, inFlight: 3 }, [1, 1]],
    ["more weight, with no calls in flight", {}, { weight: 2 }, [1, 1]],
    ["the first one drawn, of equals", { inFlight: 3 }, { inFlight: 3 }, [0, 1]],
    ["the first one drawn, of equals by weight", { inFlight: 1 }, { weight: 2, inFlight: 3 }, [0, 1]],
  ])("prefers %s", (_, first, second, want) => {
    const balancer = leastRequest([first, second].map(candidate));
    expect([0, 0.5].map((draw) => balancer.pick(pickInput(0, { rng: () => draw })))).toEqual(want);
  });

  it("picks the eligible one of two, and -1 where none is", () => {
    const balancer = leastRequest([{ inFlight: 5 }, {}].map(candidate));
    const pick = (isEligible: (index: number) => boolean) =>
      [0, 0.5].map((draw) => balancer.pick(pickInput(0, { rng: () => draw, isEligible })));
    expect(pick((index) => index === 0)).toEqual([0, 0]);
    expect(pick((index) => index === 1)).toEqual([1, 1]);
    expect(pick(() => false)).toEqual([-1, -1]);
  });

  it("compares the two that are drawn, of several", () => {
    const balancer = leastRequest([{}, { inFlight: 1 }, { inFlight: 2 }, {}].map(candidate));
    const pick = (first: number, second: number): number => {
      const numbers = [first, second];
      return balancer.pick(pickInput(0, { rng: () => numbers.shift()! }));
    };
    expect([pick(0.3, 0.6), pick(0.6, 0.3), pick(0.1, 0.9), pick(0.9, 0.1)]).toEqual([1, 1, 0, 3]);
  });
});
