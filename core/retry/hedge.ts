// Whether a call that takes long is made a second time, elsewhere, and when. Helps against single slow answers, harms where all are slow.
import { Budget } from "../budget.ts";
import type { HedgeGuard } from "./hedge-guard.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

export interface HedgePolicy {
  readonly percent: number; // of the calls are made a second time, at most
  readonly quantile: number; // of the method's own times, in (0, 1): none goes out before
  readonly minMs: number; // nor before this
}

const SAVED = 5; // hedges that calls without one leave for later, at most
const WORTH = 0.2; // of the recent ones, answered before the first attempt: where it is less, the work itself is what takes long
const RECENT = 20; // hedges, fading
const TO_SEE = 0.1; // of the budget is spent then all the same, to see whether that has changed

/** Of one method and isolate. */
export class Hedger {
  readonly #policy: HedgePolicy;
  readonly #pressure: HedgeGuard;
  readonly #times = new LatencyHistogram();
  readonly #share: number;
  readonly #budget: Budget;
  #won = 0.3; // share of the recent ones; at first it has to prove itself soon

  /** @param pressure of the upstream, whatever the method */
  constructor(policy: HedgePolicy, pressure: HedgeGuard) {
    this.#policy = policy;
    this.#pressure = pressure;
    this.#share = policy.percent / 100;
    this.#budget = new Budget({ share: this.#share, perSecond: 0, cap: SAVED, initial: 0 });
  }

  /**
   * A call goes out. Where more calls are late than the budget would pay for, the later ones are hedged: they have more to gain.
   *
   * @returns ms after which it may be made a second time; undefined where nothing is known yet
   */
  start(): number | undefined {
    this.#budget.earn(this.#won < WORTH ? TO_SEE : 1);
    const late = this.#times.quantileMs(Math.max(this.#policy.quantile, 1 - this.#share));
    return late === undefined ? undefined : Math.ceil(Math.max(late, this.#policy.minMs));
  }

  /** It is late. @param now epoch ms @returns whether to make it a second time, and counts that */
  take(now: number): boolean {
    return !this.#pressure.isBusy(now) && this.#budget.take(now);
  }

  /**
   * @param tookMs of the first attempt, or how long it had taken when the second one won
   * @param hasWon whether the second attempt was answered first; undefined where there was none
   */
  end(tookMs: number, hasWon: boolean | undefined): void {
    this.#times.record(tookMs);
    if (hasWon !== undefined) this.#won += (Number(hasWon) - this.#won) / RECENT;
  }
}
