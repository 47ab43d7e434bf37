// Whether an upstream is too busy for hedged attempts: some of its recent calls failed, or more calls than usual are in flight.
import { type Permit, Permits } from "../overload/permits.ts";

// The constants were chosen with `npm run sim -- resilience`, scenario capacity-drop-hedged.
const RECENT_CALLS = 200; // EWMA weight of one call is 1 / RECENT_CALLS
const MAX_FAILED = 0.01; // share of the recent calls
const MAX_TIMES_USUAL = 2; // calls in flight, as a multiple of their mean
const MAX_ABOVE_USUAL = 4; // calls in flight beyond that multiple

export class HedgeGuard {
  readonly #permits = new Permits();
  #failed = 0; // share of the recent calls
  #usualInFlight = 0; // mean over the recent calls

  /** Counts a call in. @param deadlineAt epoch ms; a call that never ends counts until then */
  begin(now: number, deadlineAt: number): Permit {
    const permit = this.#permits.acquire(now, deadlineAt, undefined);
    this.#usualInFlight += (this.#permits.count(now) - this.#usualInFlight) / RECENT_CALLS;
    return permit;
  }

  /**
   * Counts a call out.
   *
   * @param hasFailed by an error or a refusal; undefined where the caller gave up. Redirects do not count: they show that endpoints differ,
   *   at any load
   */
  end(permit: Permit, hasFailed: boolean | undefined): void {
    this.#permits.release(permit);
    if (hasFailed !== undefined) this.#failed += (Number(hasFailed) - this.#failed) / RECENT_CALLS;
  }

  isBusy(now: number): boolean {
    return this.#failed > MAX_FAILED || this.#permits.count(now) > MAX_TIMES_USUAL * this.#usualInFlight + MAX_ABOVE_USUAL;
  }
}
