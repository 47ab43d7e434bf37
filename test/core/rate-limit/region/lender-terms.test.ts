// What bounds a lender beside its limit.
import { expect, it } from "vitest";
import { longestPause, ROOT_TERMS } from "../../../../core/rate-limit/region/lender-terms.ts";

it("lets a lessee of a tree pause for a round trip to the root, and a lender never for longer than a period", () => {
  expect(longestPause(false, false, 1_000)).toEqual({ maxPauseMs: 100 });
  expect(longestPause(false, true, 1_000)).toEqual({ maxPauseMs: 100 });
  expect(longestPause(true, true, 1_000)).toEqual({ maxPauseMs: 1_000 });
  expect(longestPause(true, false, 1_000)).toEqual({});
});

it("bounds nothing for a root", () => {
  expect(ROOT_TERMS).toEqual({ maxLifetimeMs: Number.POSITIVE_INFINITY, minPacingRatePerMs: 0, expiredRatePerMs: 0 });
});
