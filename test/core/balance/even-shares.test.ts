// How evenly consistent hashing spreads millions of keys: too many to run for each mutant.
import { it } from "vitest";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import { expectEven } from "./fleets.ts";

it.each([3, 100, 1_000])("consistent_hash keeps the busiest of %d within 1.10 of its share, and weights within 5 percent", (count) => {
  expectEven(BALANCERS.consistent_hash, count, Math.min(count * 20_000, 6_000_000));
});
