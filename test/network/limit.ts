// The limits of two regions: low, since all gateways of a test share one thread of workerd.

/** The smallest rate that regional objects lend on. */
export const LIMIT = { capacity: 100, rate: 160, intervalMs: 1_000 };
/** Isolates lease it from the root. */
export const SMALL = { capacity: 40, rate: 40, intervalMs: 1_000 };
