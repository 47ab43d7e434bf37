// The demand of an isolate for one key, as its lease requests report it.
import type { LeaseRequest } from "../lease-messages.ts";

const STEP_MS = 50; // demand is measured over steps of at least this length
const TIME_CONSTANT_MS = 2_000;
const STEADY_AFTER_MS = 1_000; // demand without a gap counts as steady after this time
const GAP_MS = 500; // a longer time without a call is a gap
const CALL_GAP_ALPHA = 0.25; // EWMA weight of the latest time between two calls
const MAX_CALL_GAP_MS = 4_000; // a longer one counts as this: a caller that comes back is soon known to be frequent

/** Measures demand as an exponential moving average over steps: between two I/O events the clock of a Worker stands still. */
export class DemandMeter {
  #meanPerMs = -1; // negative until the first step has ended
  #peakPerMs = 0;
  #stepStartedAt = 0;
  #stepTokens = 0;
  #steadySince = 0;
  #lastAt = 0;
  #callGapMs = MAX_CALL_GAP_MS;

  /** The latest call, epoch ms. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** The mean time between two calls, ms. */
  get meanCallGapMs(): number {
    return this.#callGapMs;
  }

  count(cost: number, now: number): void {
    this.#callGapMs += CALL_GAP_ALPHA * (Math.min(MAX_CALL_GAP_MS, now - this.#lastAt) - this.#callGapMs);
    if (now - this.#lastAt > GAP_MS) {
      this.#steadySince = now;
      this.#stepStartedAt = now;
      this.#stepTokens = 0;
    }
    this.#lastAt = now;
    this.#stepTokens += cost;
    if (now - this.#stepStartedAt >= STEP_MS) this.#endStep(now);
  }

  read(now: number): Pick<LeaseRequest, "demandPerMs" | "peakDemandPerMs" | "isDemandSteady"> {
    if (now - this.#stepStartedAt >= STEP_MS) this.#endStep(now);
    return {
      demandPerMs: this.#meanPerMs >= 0 ? this.#meanPerMs : this.#stepTokens / 1_000, // first step: as if it lasted a second
      peakDemandPerMs: Math.max(this.#peakPerMs, this.#stepTokens / STEP_MS),
      isDemandSteady: this.#lastAt - this.#steadySince >= STEADY_AFTER_MS,
    };
  }

  #endStep(now: number): void {
    const lengthMs = now - this.#stepStartedAt;
    const perMs = this.#stepTokens / lengthMs;
    const ageMs = now - this.#steadySince; // until the time constant has passed, all steps count alike
    const isFirst = ageMs <= lengthMs; // since a gap
    const keep = isFirst ? 0 : Math.exp(-lengthMs / Math.min(TIME_CONSTANT_MS, ageMs));
    this.#meanPerMs = this.#meanPerMs * keep + perMs * (1 - keep);
    this.#peakPerMs = (this.#peakPerMs + perMs) / 2;
    this.#stepStartedAt = now;
    this.#stepTokens = 0;
  }
}
