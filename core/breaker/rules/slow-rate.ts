// Trips on the share of calls that are slow: late responses are of no use and hold memory and connections.
import type { LocalTripRule } from "./trip-rule.ts";

const NEVER_PERCENT = 100; // this setting turns the rule off

export const slowRate: LocalTripRule = {
  mayTripOnSuccess: ({ slowPercent }) => slowPercent < NEVER_PERCENT,
  isTripped: ({ calls, slow }, policy) =>
    policy.slowPercent < NEVER_PERCENT && calls >= policy.minCalls && slow * 100 >= policy.slowPercent * calls,
};
