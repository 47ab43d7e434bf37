// Trips on the share of calls that are slow: answers that come too late to be of use hold callers and memory.
import type { Counts } from "../window.ts";

/** @param percent of the calls of the window; 100 for never */
export function isSlow({ calls, slow }: Counts, percent: number, minCalls: number): boolean {
  return percent < 100 && calls >= minCalls && slow * 100 >= percent * calls;
}
