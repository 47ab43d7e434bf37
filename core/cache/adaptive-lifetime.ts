// A life that fits the answer: what is found unchanged each time it is asked for again may wait longer until the next time (requirement P4).

export interface AdaptivePolicy {
  readonly maxFactor: number; // [1, 1024]; how many times its own life an answer may be kept
  readonly maxMs: number; // the longest life that this may lead to
}

const DOUBLINGS = 10;

/**
 * How long an answer stays fresh: doubled with each revalidation in a row that found it unchanged.
 *
 * @param lifeMs    what the answer or the route says
 * @param unchanged revalidations in a row, from `unchangedAfter`
 * @returns at least `lifeMs`: an answer that says more than `maxMs` keeps what it says
 */
export function adaptedLifeMs(lifeMs: number, unchanged: number, { maxFactor, maxMs }: AdaptivePolicy): number {
  const factor = Math.min(maxFactor, 2 ** Math.min(unchanged, DOUBLINGS));
  return Math.max(lifeMs, Math.min(lifeMs * factor, maxMs));
}

/** @param isSame a 304, or a new answer that says what the old one said */
export function unchangedAfter(unchanged: number, isSame: boolean): number {
  return isSame ? Math.min(unchanged + 1, DOUBLINGS) : 0;
}

/** Whether two bodies are the same, byte for byte. */
export function isSameBody(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let index = 0; index < a.byteLength; index++) if (a[index] !== b[index]) return false;
  return true;
}
