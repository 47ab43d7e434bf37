// What a host knows of its own load: it tells it with every answer, and where it is hot against the others it refuses once, before any work.
import { hear, isHot } from "../../core/balance/bounce.ts";

/** What the endpoints say one call more would take, in the middle, ms: told by a gateway that can send the call elsewhere. */
export const MEDIAN_HEADER = "tidegate-load-median";
/** On a refusal before any work: try another endpoint. */
export const BOUNCED_HEADER = "tidegate-bounced";
/** @see ORCA, https://github.com/envoyproxy/envoy/issues/6614 and xds.data.orca.v3 */
export const REPORT_HEADER = "endpoint-load-metrics";

const CORES = 1; // of an isolate
const AVERAGED_OVER = 0.05; // of each answer

export class HostLoad {
  #inFlight = 0;
  #unitMs = 0; // time of an answer over the calls it shared the isolate with
  #heardMs = 0;

  /** What one call more would take, ms; 0 before the first answer. */
  get predictedMs(): number {
    return this.#unitMs * Math.max(1, (this.#inFlight + 1) / CORES);
  }

  /** @param told the header's text, where the call may go elsewhere @returns whether to refuse it, unworked */
  isTooHot(told: string | null): boolean {
    const medianMs = told !== null && /^\d{1,6}(\.\d{1,3})?$/.test(told) ? Number(told) : 0;
    this.#heardMs = hear(this.#heardMs, medianMs);
    return isHot({ inFlight: this.#inFlight, cores: CORES, predictedMs: this.predictedMs }, medianMs > 0 ? this.#heardMs : 0);
  }

  /** Counts a call in. @returns what counts it out */
  begin(now: number): (now: number) => void {
    this.#inFlight += 1;
    const shared = Math.max(1, this.#inFlight / CORES);
    return (ended) => {
      this.#inFlight -= 1;
      const unitMs = Math.max(0.1, ended - now) / shared;
      this.#unitMs = this.#unitMs === 0 ? unitMs : this.#unitMs + AVERAGED_OVER * (unitMs - this.#unitMs);
    };
  }

  /** The report as text, for `REPORT_HEADER`. */
  get report(): string {
    return `TEXT named_metrics.predicted_ms=${this.predictedMs.toFixed(1)}`;
  }
}
