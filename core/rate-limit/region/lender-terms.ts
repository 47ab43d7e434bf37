// What bounds a lender beside its limit.

export interface LenderTerms {
  readonly maxLifetimeMs: number; // the longest lease that it grants
  readonly requestsPerSecond?: number; // messages for one key, all lessees together; by default those of a root
  readonly minPacingRatePerMs: number; // tokens per ms; pauses are computed with this rate where the lender's own rate is lower
  readonly expiredRatePerMs: number; // rates that expired before `grantLease` was called, tokens per ms
}

export const ROOT_TERMS: LenderTerms = { maxLifetimeMs: Number.POSITIVE_INFINITY, minPacingRatePerMs: 0, expiredRatePerMs: 0 };

/** Whether the lender is not a lessee itself. */
export function isRoot({ maxLifetimeMs }: LenderTerms): boolean {
  return maxLifetimeMs === Number.POSITIVE_INFINITY;
}

const SHORT_PAUSE_MS = 100; // the longest one of a lessee that lends on, and of its lessees, while there is enough for all

/**
 * The longest pause of a lessee in a tree. While there is enough for all, there is more within a round trip to the root; and capacity that a
 * lender has lent on comes back from its own lessees, so that it must not wait until its share has ended.
 *
 * @param isScarce whether there is not enough for all
 * @param periodMs between two renewals of a lessee that lends on
 */
export function longestPause(isScarce: boolean, lendsOn: boolean, periodMs: number): { readonly maxPauseMs?: number } {
  if (!isScarce) return { maxPauseMs: SHORT_PAUSE_MS };
  return lendsOn ? { maxPauseMs: periodMs } : {};
}
