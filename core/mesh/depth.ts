// How many services a call has been through: each one counts itself, so that a circle of services ends.

/** Services that one call may pass, by default. */
export const MAX_DEPTH = 16;

/** @param received value of `tidegate-depth` @returns services before this one; a value that is no number counts as none */
export function depthOf(received: string | null): number {
  return received !== null && /^\d{1,6}$/.test(received) ? Number(received) : 0;
}
