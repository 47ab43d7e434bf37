// Balancers that compare two endpoints: which of the two gets the call.
import { describe, expect, it } from "vitest";
import type { Candidate } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { Load } from "../../../core/balance/load.ts";
import { ask } from "./fleets.ts";

/** @param tookMs time of the one response that was seen; undefined before the first one */
function candidate(weight: number, inFlight: number, tookMs?: number): Candidate {
  const load = new Load();
  if (tookMs !== undefined) load.end(load.begin(0, 9e9), 0, tookMs);
  for (let call = 0; call < inFlight; call++) load.begin(0, 9e9);
  return { id: `${weight} ${inFlight} ${tookMs}`, weight, load };
}

/** The endpoint picked of two, in each order in which chance may draw them. */
function picked(name: "least_request" | "p2c_ewma", two: readonly [Candidate, Candidate], isEligible = (_: number) => true): number[] {
  const balancer = BALANCERS[name].create(two);
  return [0, 0.5].map((draw) => balancer.pick(ask(0, { rng: () => draw, isEligible })));
}

describe("least_request", () => {
  it.each([
    ["fewer calls", candidate(1, 1), candidate(1, 2), [0, 0]],
    ["fewer calls for its weight", candidate(1, 1), candidate(4, 3), [1, 1]],
    ["more weight, with none in flight", candidate(1, 0), candidate(2, 0), [1, 1]],
    ["the first one drawn, of equals", candidate(1, 3), candidate(1, 3), [0, 1]],
    ["the first one drawn, of equals by weight", candidate(1, 1), candidate(2, 3), [0, 1]],
  ])("prefers %s", (_, one, other, want) => {
    expect(picked("least_request", [one, other])).toEqual(want);
  });
});

describe("p2c_ewma", () => {
  it.each([
    ["the faster one", candidate(1, 0, 10), candidate(1, 0, 20), [0, 0]],
    ["the slower one with fewer calls in flight", candidate(1, 2, 10), candidate(1, 0, 20), [1, 1]],
    ["the slower one with more weight", candidate(1, 0, 10), candidate(3, 0, 20), [1, 1]],
    ["one that was never called, whatever the other's time", candidate(1, 0), candidate(1, 0, 1), [0, 0]],
    ["one of up to 2 s to one that owes its first response", candidate(1, 1), candidate(1, 0, 1_999), [1, 1]],
    ["one that owes its first response to a slower one", candidate(1, 1), candidate(1, 0, 2_001), [0, 0]],
    ["one that owes its first two to a slower one", candidate(1, 2), candidate(1, 0, 3_001), [0, 0]],
    ["a slow one to one that owes two", candidate(1, 2), candidate(1, 0, 2_999), [1, 1]],
    ["the first one drawn, of equals", candidate(1, 0, 10), candidate(1, 0, 10), [0, 1]],
    ["the first one drawn, of two never called", candidate(1, 0), candidate(2, 0), [0, 1]],
  ])("prefers %s", (_, one, other, want) => {
    expect(picked("p2c_ewma", [one, other])).toEqual(want);
  });
});

describe.each(["least_request", "p2c_ewma"] as const)("%s", (name) => {
  it("picks the open one of two, and nobody where none is open", () => {
    const two = [candidate(1, 5, 10), candidate(1, 0, 10)] as const;
    expect(picked(name, two, (index) => index === 0)).toEqual([0, 0]);
    expect(picked(name, two, (index) => index === 1)).toEqual([1, 1]);
    expect(picked(name, two, () => false)).toEqual([-1, -1]);
  });
});
