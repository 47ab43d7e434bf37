// Adaptive freshness lifetime: a response that each revalidation finds unchanged stays fresh longer, up to bounds.

export interface AdaptivePolicy {
  readonly maxFactor: number; // in [1, 1024]; the largest multiple of the response's own lifetime
  readonly maxMs: number; // longest lifetime that the multiple may lead to
}

const MAX_DOUBLINGS = 10;

/**
 * The freshness lifetime, doubled with each consecutive revalidation that found the response unchanged.
 *
 * @param lifetimeMs     lifetime by the response or by the route
 * @param unchangedCount consecutive revalidations without a change, from `nextUnchangedCount`
 * @returns ms, at least `lifetimeMs`: a response whose own lifetime is above `maxMs` keeps it
 */
export function adaptedLifetimeMs(lifetimeMs: number, unchangedCount: number, { maxFactor, maxMs }: AdaptivePolicy): number {
  const factor = Math.min(maxFactor, 2 ** Math.min(unchangedCount, MAX_DOUBLINGS));
  return Math.max(lifetimeMs, Math.min(lifetimeMs * factor, maxMs));
}

/** @param isSame whether the upstream responded 304, or with the same status and body as before */
export function nextUnchangedCount(unchangedCount: number, isSame: boolean): number {
  return isSame ? Math.min(unchangedCount + 1, MAX_DOUBLINGS) : 0;
}

/** Whether two bodies are equal, byte for byte. */
export function isSameBody(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let index = 0; index < a.byteLength; index++) if (a[index] !== b[index]) return false;
  return true;
}
