// P2C with peak EWMA compares two endpoints by peak latency times calls in flight.
import { describe, expect, it } from "vitest";
import { p2cEwma } from "../../../../core/balance/algorithms/p2c-ewma.ts";
import type { Candidate } from "../../../../core/balance/balancer.ts";
import { Load } from "../../../../core/balance/load.ts";
import { pickInput } from "../candidates.ts";

/** @param tookMs time of the only response; undefined before the first one */
function candidate(weight: number, inFlight: number, tookMs?: number): Candidate {
  const load = new Load();
  if (tookMs !== undefined) load.end(load.begin(0, 9e9), 0, tookMs);
  for (let call = 0; call < inFlight; call++) load.begin(0, 9e9);
  return { id: `${weight} ${inFlight} ${tookMs}`, weight, load };
}

/** The endpoint picked of two, in each order in which they may be drawn. */
function picked(two: readonly [Candidate, Candidate], isEligible = (_: number) => true): number[] {
  const balancer = p2cEwma(two);
  return [0, 0.5].map((draw) => balancer.pick(pickInput(0, { rng: () => draw, isEligible })));
}

describe("p2cEwma", () => {
  it.each([
    ["the faster one", candidate(1, 0, 10), candidate(1, 0, 20), [0, 0]],
    ["the slower one with fewer calls in flight", candidate(1, 2, 10), candidate(1, 0, 20), [1, 1]],
    ["the slower one with more weight", candidate(1, 0, 10), candidate(3, 0, 20), [1, 1]],
    ["one that was never called, whatever the other's time", candidate(1, 0), candidate(1, 0, 1), [0, 0]],
    ["one with less than 2 s to one whose first response is awaited", candidate(1, 1), candidate(1, 0, 1_999), [1, 1]],
    ["one whose first response is awaited to a slower one", candidate(1, 1), candidate(1, 0, 2_001), [0, 0]],
    ["one whose first two are awaited to a slower one", candidate(1, 2), candidate(1, 0, 3_001), [0, 0]],
    ["one with less than 3 s to one whose first two are awaited", candidate(1, 2), candidate(1, 0, 2_999), [1, 1]],
    ["the first one drawn, of equals", candidate(1, 0, 10), candidate(1, 0, 10), [0, 1]],
    ["the first one drawn, of two never called", candidate(1, 0), candidate(2, 0), [0, 1]],
  ])("prefers %s", (_, first, second, want) => {
    expect(picked([first, second])).toEqual(want);
  });

  it("picks the eligible one of two, and -1 where none is", () => {
    const two = [candidate(1, 5, 10), candidate(1, 0, 10)] as const;
    expect(picked(two, (index) => index === 0)).toEqual([0, 0]);
    expect(picked(two, (index) => index === 1)).toEqual([1, 1]);
    expect(picked(two, () => false)).toEqual([-1, -1]);
  });
});
