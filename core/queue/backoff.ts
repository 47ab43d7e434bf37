// The pause before a message is delivered or sent again: exponential, with jitter.

export interface Backoff {
  readonly firstMs: number; // longest pause after the first failure, at least 1
  readonly maxMs: number; // longest pause, at least `firstMs`
}

/**
 * Between half of the pause and all of it, so that messages that failed together are not all delivered together.
 *
 * @param failures so far, at least 1: each doubles the pause
 * @param random   in [0, 1)
 * @returns ms
 * @see aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter, "equal jitter"
 */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff, random: number): number {
  const longest = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 40));
  return Math.round(longest / 2 + (longest / 2) * random);
}

/** The same in the unit of the platform, at least 1 s. */
export function backoffSeconds(failures: number, backoff: Backoff, random: number): number {
  return Math.max(1, Math.ceil(backoffMs(failures, backoff, random) / 1_000));
}
