// The settings of what a call costs.
import { describe, expect, it } from "vitest";
import { type Cost, maxUpfrontCost, parseCost } from "../../../core/config/cost.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { boundedCost } from "../../../core/rate-limit/cost.ts";
import { accepted, parsed } from "./settings.ts";

describe("a cost", () => {
  const outer: Cost = { kind: "fixed", tokens: 7 };
  const cost = (check: Checks, value: unknown) => parseCost(check, "cost", value, outer);
  const of = () => 3;

  it.each([
    [undefined, outer],
    [1, { kind: "fixed", tokens: 1 }],
    [1_000_000_000, { kind: "fixed", tokens: 1_000_000_000 }],
    [
      { header: "X-Cost", max: 9 },
      { kind: "response", header: "x-cost", tokens: 1, max: 9 },
    ],
    [
      { header: "x-cost", max: 9, estimate: 4 },
      { kind: "response", header: "x-cost", tokens: 4, max: 9 },
    ],
    [
      { of, max: 5 },
      { kind: "message", of, max: 5 },
    ],
  ])("is read from %j", (value, want) => expect(accepted(cost, value)).toEqual(want));

  it.each([
    [0, "cost: found 0; write a whole number from 1 to 1000000000 (tokens)"],
    [null, "cost: found null; write a whole number from 1 to 1000000000 (tokens)"],
    ["1", 'cost: found "1"; write a whole number from 1 to 1000000000 (tokens)'],
    [{ header: "x-cost" }, "cost.max: found nothing; write the largest cost, in tokens"],
    [{ header: "x-cost", max: 0 }, "cost.max: found 0; write a whole number from 1 to 1000000000 (tokens)"],
    [{ header: "x-cost", max: 2, estimate: 0 }, "cost.estimate: found 0; write a whole number from 1 to 1000000000 (tokens)"],
    [{ header: "x y", max: 2 }, "cost.header: found \"x y\"; write the name of a header: 1 to 64 letters, digits and '-'"],
    [{ max: 2 }, 'cost: found {"max":2}; write a number, { header, max }, or { of: (message) => number, max }'],
    [{ of: 3, max: 2 }, 'cost: found {"of":3,"max":2}; write a number, { header, max }, or { of: (message) => number, max }'],
    [{ header: "x", max: 2, qqqqqqq: 1 }, 'cost.qqqqqqq: found 1; remove it, or write one of "header", "estimate", "of", "max"'],
  ])("refuses %j", (value, words) => expect(parsed(cost, value).problems).toEqual([words]));

  it("takes before the call what is sure, and the most where the message decides", () => {
    expect(maxUpfrontCost({ kind: "fixed", tokens: 4 })).toBe(4);
    expect(maxUpfrontCost({ kind: "response", header: "x", tokens: 2, max: 9 })).toBe(2);
    expect(maxUpfrontCost({ kind: "message", of, max: 9 })).toBe(9);
  });

  it.each([
    [3, 3],
    [2.1, 3],
    [0, 1],
    [-5, 1],
    [1, 1],
    [10, 10],
    [10.01, 10],
    [99, 10],
    [Number.NaN, 10],
    [Number.POSITIVE_INFINITY, 10],
    [Number.NEGATIVE_INFINITY, 10],
  ])("of %d is %d where at most 10 may be taken", (written, want) => expect(boundedCost(written, 10)).toBe(want));
});
