// How evenly consistent hashing spreads millions of keys: too many to run for each mutant.
import { expect, it } from "vitest";
import { BALANCERS } from "../../../../core/balance/balancers.ts";
import { sharesOf } from "../candidates.ts";

it.each([3, 100, 1_000])("consistent_hash gives none of %d more than 1.10 of its share, and no weight more than 1.05", (count) => {
  const { max, means } = sharesOf(BALANCERS.consistent_hash, count, Math.min(count * 20_000, 6_000_000));
  expect(max).toBeLessThanOrEqual(1.1);
  for (const mean of means) expect(Math.abs(mean - 1)).toBeLessThanOrEqual(0.05);
});
