// The cost of a call that a message or a response states, brought into its bounds.

/** Whole tokens in [1, max]. What is no number costs the most: whoever sends nonsense gains nothing. */
export function boundedCost(found: number, max: number): number {
  return Number.isFinite(found) ? Math.min(max, Math.max(1, Math.ceil(found))) : max;
}
