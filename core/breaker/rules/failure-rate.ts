// Trips on the share of calls that fail, once there are enough calls: finds an endpoint that fails now and then.
import type { LocalTripRule } from "./trip-rule.ts";

export const failureRate: LocalTripRule = {
  mayTripOnSuccess: () => false,
  isTripped: ({ calls, failures }, policy) => calls >= policy.minCalls && failures * 100 >= policy.failurePercent * calls,
};
