// Server bounce: an endpoint that is hot against the others refuses a call, before any work, and another one is picked.
// Measured against the median and not a fixed bound: where all are hot, nobody bounces, and refusals can't feed on themselves.

import type { BudgetSettings } from "../budget.ts";

/** What an endpoint knows of itself as a call arrives. */
export interface HostState {
  readonly inFlight: number; // calls it is busy with
  readonly cores: number; // calls it works on without one waiting for another
  readonly predictedMs: number; // what one call more would take
}

const HOTTER = 1.32;
const HOTTER_BY_MS = 3;
const HEARD = 0.02; // of each caller's word: some fifty callers make the median
const USUAL_OVER_MS = 60_000;

/** How often one call may be refused: the next endpoint has to take it. */
export const MAX_REDIRECTS = 2;

/**
 * Whether to refuse a call that may go elsewhere. An endpoint that has a core to spare takes it: one that never works never hears
 * that it has become faster.
 *
 * @param medianMs what the endpoints say that one call more would take, in the middle; 0 where nobody knows, or for a call that may not be bounced again
 */
export function isHot({ inFlight, cores, predictedMs }: HostState, medianMs: number): boolean {
  return medianMs > 0 && inFlight >= cores && predictedMs > HOTTER * medianMs + HOTTER_BY_MS;
}

/** The middle of what endpoints reported, ms; those that reported nothing (0) do not count. 0 where fewer than half did. */
export function medianOf(reportedMs: readonly number[]): number {
  const known = reportedMs.filter((ms) => ms > 0).sort((a, b) => a - b);
  return known.length * 2 < reportedMs.length ? 0 : (known[known.length >> 1] ?? 0);
}

/**
 * The median as an endpoint knows it: from the callers, who know the others. Callers that know too little (0) are told nothing new,
 * but may be bounced: what the endpoint heard from others holds for them, too.
 *
 * @returns what to hear of next time, ms
 */
export function updateMedian(heardMs: number, toldMs: number): number {
  if (toldMs <= 0) return heardMs;
  return heardMs === 0 ? toldMs : heardMs + (toldMs - heardMs) * HEARD;
}

/** What one call more takes at an endpoint, averaged over the last minute. */
export class MinuteAverage {
  ms = 0; // 0 before the first prediction
  #at = 0; // epoch ms

  /** @param predictedMs what one call more would take now; 0 where that is not known */
  add(predictedMs: number, now: number): void {
    if (predictedMs <= 0) return;
    this.ms = this.ms === 0 ? predictedMs : this.ms + (1 - Math.exp(Math.min(0, this.#at - now) / USUAL_OVER_MS)) * (predictedMs - this.ms);
    this.#at = now;
  }
}

/** What an isolate spends on redirects: one for every six calls in the long run, whatever goes wrong. Where more calls are refused, redirecting them helps nobody. */
export const REDIRECT_BUDGET: BudgetSettings = { share: 0.17, perSecond: 0, cap: 5, initial: 3 };

/** For critical calls that were refused for overload: how many of them are sent on as `critical_plus`. */
export const PROMOTION_BUDGET: BudgetSettings = { share: 0.17, perSecond: 0, cap: 100, initial: 100 };
