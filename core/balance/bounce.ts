// Server bounce: an endpoint that is hot against the others refuses a call once, before any work, and another one is picked.
// Measured against the median and not a fixed bound: where all are hot, nobody bounces, and refusals can't feed on themselves.

/** What an endpoint knows of itself as a call arrives. */
export interface Heat {
  readonly inFlight: number; // calls it is busy with
  readonly cores: number; // calls it works on without one waiting for another
  readonly predictedMs: number; // what one call more would take
}

const HOTTER = 1.5;
const HOTTER_BY_MS = 10;

/**
 * Whether to refuse a call that may go elsewhere.
 *
 * @param medianMs what the endpoints say that one call more would take, in the middle; 0 for a call that may not be bounced (again)
 */
export function isHot({ inFlight, cores, predictedMs }: Heat, medianMs: number): boolean {
  return medianMs > 0 && inFlight >= cores && predictedMs > HOTTER * medianMs + HOTTER_BY_MS;
}

/** The middle of what endpoints reported, ms; those that reported nothing (0) do not count. 0 where fewer than half did. */
export function medianOf(reportedMs: readonly number[]): number {
  const known = reportedMs.filter((ms) => ms > 0).sort((a, b) => a - b);
  return known.length * 2 < reportedMs.length ? 0 : (known[known.length >> 1] ?? 0);
}
