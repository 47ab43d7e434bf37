// The time after which a caller whose call was shed may try again.

const MIN_MS = 1_000;
const SPREAD_MS = 2_000;

/** @returns ms, random in [1,000, 3,000): callers that were refused together do not come back together */
export function retryAfterMs(): number {
  return MIN_MS + Math.floor(Math.random() * SPREAD_MS);
}
