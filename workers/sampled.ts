// Counts events of which only some are logged: whoever causes them may cause many.

const INTERVAL_MS = 1_000; // between two records

/** @returns a function of the time (epoch ms), called for each event: the events since the last record, or 0 where none is to be written */
export function sampled(): (now: number) => number {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return (now) => {
    unlogged += 1;
    if (now - loggedAt < INTERVAL_MS) return 0;
    const count = unlogged;
    loggedAt = now;
    unlogged = 0;
    return count;
  };
}
