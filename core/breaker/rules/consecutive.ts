// Trips on failures in a row: finds an endpoint that is gone faster than any share does.
import type { LocalTripRule } from "./trip-rule.ts";

export const consecutive: LocalTripRule = {
  mayTripOnSuccess: () => false,
  isTripped: ({ failuresInARow }, policy) => failuresInARow >= policy.consecutive,
};
