// Times that a breaker waits for, on a clock that may be set back.

/**
 * Whether a time has come. A time further ahead than any that is set was set before the clock was set back: it counts as past, so that
 * nothing waits for it.
 *
 * @param at    epoch ms
 * @param now   epoch ms
 * @param maxMs the longest time ahead that is set, ms
 */
export function isReached(at: number, now: number, maxMs: number): boolean {
  return now >= at || at - now > maxMs;
}
