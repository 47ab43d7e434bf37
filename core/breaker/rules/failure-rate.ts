// Trips on the share of calls that fail, from a minimum of calls on: sees an endpoint that fails now and then.
import type { Counts } from "../window.ts";

/** @param percent of the calls of the window @param minCalls before which a share means nothing */
export function isFailing({ calls, failures }: Counts, percent: number, minCalls: number): boolean {
  return calls >= minCalls && failures * 100 >= percent * calls;
}
