// Host redirect: a host that is hot compared with the others refuses a call before any work, and the call goes to another endpoint.
// Hot means above the median, not above a fixed bound: where all hosts are hot, none redirects, and refusals cannot multiply.
import type { BudgetSettings } from "../budget.ts";

/** What a host knows of itself when a call arrives. */
export interface HostState {
  readonly inFlight: number; // calls that it is working on
  readonly cores: number; // calls that it works on without one waiting for another
  readonly predictedMs: number; // time that one more call would take
}

// The first three were chosen with `npm run sim -- balancers`.
const HOT_FACTOR = 1.32; // predicted time over the median
const HOT_MARGIN_MS = 3; // above that
const MEDIAN_ALPHA = 0.02; // EWMA weight of one caller's report: about the last 50 reports count
const MINUTE_MS = 60_000;

/** How often one call may be redirected. The next endpoint has to take it. */
export const MAX_REDIRECTS = 2;

/**
 * Whether to refuse a call that may go elsewhere. A host with a free core accepts it: a host that never works never learns that it has
 * become faster.
 *
 * @param medianMs the median of the hosts' predictions for one more call; 0 where it is not known, or the call may not be redirected
 */
export function isHot({ inFlight, cores, predictedMs }: HostState, medianMs: number): boolean {
  return medianMs > 0 && inFlight >= cores && predictedMs > HOT_FACTOR * medianMs + HOT_MARGIN_MS;
}

/** @param reportedMs one prediction for each endpoint; 0 where it has reported none @returns their median; 0 where fewer than half have reported */
export function medianOf(reportedMs: readonly number[]): number {
  const sorted = reportedMs.filter((ms) => ms > 0).sort((a, b) => a - b);
  return sorted.length * 2 < reportedMs.length ? 0 : (sorted[sorted.length >> 1] ?? 0);
}

/**
 * The median as a host knows it, from callers, who know the other hosts.
 *
 * @param medianMs   what the host knows so far; 0 before the first report
 * @param reportedMs what the caller of this call has reported; 0 where it knows too few hosts, which changes nothing
 * @returns the updated median, ms
 */
export function updateMedian(medianMs: number, reportedMs: number): number {
  if (reportedMs <= 0) return medianMs;
  return medianMs === 0 ? reportedMs : medianMs + (reportedMs - medianMs) * MEDIAN_ALPHA;
}

/** The mean of a host's predictions over the last minute. */
export class MinuteAverage {
  ms = 0; // 0 before the first prediction
  #updatedAt = 0; // epoch ms

  /** @param predictedMs time that one more call would take now; 0 where that is not known */
  add(predictedMs: number, now: number): void {
    if (predictedMs <= 0) return;
    const alpha = 1 - Math.exp(Math.min(0, this.#updatedAt - now) / MINUTE_MS);
    this.ms = this.ms === 0 ? predictedMs : this.ms + alpha * (predictedMs - this.ms);
    this.#updatedAt = now;
  }
}

/** What an isolate may redirect: one of six calls in the long run. Where more calls are refused, sending them elsewhere helps no caller. */
export const REDIRECT_BUDGET: BudgetSettings = { share: 0.17, perSecond: 0, cap: 5, initial: 3 };

/** How many critical calls that were refused for overload are sent on as `critical_plus`. */
export const PROMOTION_BUDGET: BudgetSettings = { share: 0.17, perSecond: 0, cap: 100, initial: 100 };
