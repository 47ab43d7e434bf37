// How long to wait before a stream is opened again.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Doubles with each failure, and is random between half of that and all of it, so that many open consoles do not come back at once.
 *
 * @param failures one after the other, from 1
 * @param random   in [0, 1)
 * @returns ms, at most 15 s
 */
export function backOffMs(failures: number, random: number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(most / 2 + (most / 2) * random);
}
