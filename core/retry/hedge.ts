// Whether a slow call gets a second attempt at another endpoint, and when. It helps where single responses are slow, and harms where all are.
import { Budget } from "../budget.ts";
import type { HedgePolicy } from "../config/retry.ts";
import type { HedgeGuard } from "./hedge-guard.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

// The constants were chosen with `npm run sim -- resilience`.
const MAX_SAVED = 5; // hedges that calls without one leave for later
const MIN_WON = 0.2; // share of the recent hedges that respond first; where fewer do, it is the work itself that takes long
const RECENT_HEDGES = 20; // EWMA weight of one hedge is 1 / RECENT_HEDGES
const EXPLORE_SHARE = 0.1; // while hedging does not pay, 10 % of its budget is still spent, to notice when it pays again
const INITIAL_WON = 0.3; // share of hedges assumed to win: near MIN_WON, so that the first hedges decide

/** The hedging of one method in one isolate. */
export class Hedger {
  readonly #policy: HedgePolicy;
  readonly #guard: HedgeGuard;
  readonly #latencies = new LatencyHistogram();
  readonly #share: number;
  readonly #budget: Budget;
  #won = INITIAL_WON; // share of the recent hedges

  /** @param guard of the upstream, shared by all its methods */
  constructor(policy: HedgePolicy, guard: HedgeGuard) {
    this.#policy = policy;
    this.#guard = guard;
    this.#share = policy.percent / 100;
    this.#budget = new Budget({ share: this.#share, perSecond: 0, cap: MAX_SAVED, initial: 0 });
  }

  /**
   * Counts a call. Where more calls are slow than the budget pays for, the slowest ones are hedged: they gain most.
   *
   * @returns time after which the call may be hedged, ms; undefined while too few latencies are known
   */
  start(): number | undefined {
    this.#budget.earn(this.#won < MIN_WON ? EXPLORE_SHARE : 1);
    const slowMs = this.#latencies.quantileMs(Math.max(this.#policy.quantile, 1 - this.#share));
    return slowMs === undefined ? undefined : Math.ceil(Math.max(slowMs, this.#policy.minMs));
  }

  /** Decides whether a slow call is hedged now, and takes the hedge from the budget. @param now epoch ms */
  take(now: number): boolean {
    return !this.#guard.isBusy(now) && this.#budget.take(now);
  }

  /**
   * Learns from a call that has ended.
   *
   * @param tookMs time of the first attempt, up to the moment when the second one won
   * @param hasWon whether the second attempt responded first; undefined where there was none
   */
  end(tookMs: number, hasWon: boolean | undefined): void {
    this.#latencies.record(tookMs);
    if (hasWon !== undefined) this.#won += (Number(hasWon) - this.#won) / RECENT_HEDGES;
  }
}
