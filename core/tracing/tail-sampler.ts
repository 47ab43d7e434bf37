// Which calls have a span: those that are sampled when they begin, and at their end those that have failed or were slow, up to a budget.
import type { TracingPolicy } from "../config/tracing.ts";
import type { TraceParent } from "../trace.ts";

const MINUTE_MS = 60_000;

export class TailSampler {
  readonly #policy: Pick<TracingPolicy, "ratio" | "slowMs" | "maxKeptPerMinute">;
  #minute = 0; // number of the minute that `#kept` is of
  #kept = 0; // calls in this minute that were not sampled at their beginning

  constructor(policy: Pick<TracingPolicy, "ratio" | "slowMs" | "maxKeptPerMinute">) {
    this.#policy = policy;
  }

  /** At the beginning of a call: what its caller has decided stays. @param random in [0, 1) */
  begins(parent: TraceParent | undefined, random: number): boolean {
    return parent === undefined ? random < this.#policy.ratio : isSampled(parent);
  }

  /** At the end of a call that was not sampled at its beginning. @param now epoch ms */
  keeps(isFailure: boolean, durationMs: number, now: number): boolean {
    const { slowMs, maxKeptPerMinute } = this.#policy;
    if (!isFailure && durationMs < slowMs) return false;
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.#minute) [this.#minute, this.#kept] = [minute, 0];
    if (this.#kept >= maxKeptPerMinute) return false;
    this.#kept += 1;
    return true;
  }
}

/** Whether the caller records its own span. @see W3C Trace Context, section 3.2.2.5.1 */
export function isSampled({ flags }: Pick<TraceParent, "flags">): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1;
}
