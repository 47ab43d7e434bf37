// Trips on failures in a row: the fastest to see an endpoint that is gone.

/** @param inARow failures since the last answer @param most how many of them trip; see BreakerPolicy.consecutive */
export function isConsecutive(inARow: number, most: number): boolean {
  return inARow >= most;
}
