// What a host knows of its own load: it tells it with every answer, and where it is hot against the others it refuses, before any work.
import { hear, isHot, Usual } from "../../core/balance/bounce.ts";

/** What the endpoints say one call more would take, in the middle, ms: told by a gateway that can send the call elsewhere. */
export const MEDIAN_HEADER = "tidegate-load-median";
/** On a refusal before any work: try another endpoint. */
export const BOUNCED_HEADER = "tidegate-bounced";
/** @see ORCA, https://github.com/envoyproxy/envoy/issues/6614 and xds.data.orca.v3 */
export const REPORT_HEADER = "endpoint-load-metrics";

const AVERAGED_OVER = 0.05; // of each answer

export class HostLoad {
  readonly #cores: number;
  readonly #usual = new Usual();
  #inFlight = 0;
  #unitMs = 0; // time of an answer over the calls it shared the isolate with
  #heardMs = 0;

  /** @param cores calls it works on without one waiting for another: 1 in an isolate */
  constructor(cores = 1) {
    this.#cores = cores;
  }

  /** What one call more would take, ms; 0 before the first answer. */
  get predictedMs(): number {
    return this.#unitMs * Math.max(1, (this.#inFlight + 1) / this.#cores);
  }

  /** @param told the header's text, where the call may go elsewhere @returns whether to refuse it, unworked */
  isTooHot(told: string | null, now: number): boolean {
    this.#usual.note(this.predictedMs, now);
    const medianMs = told !== null && /^\d{1,6}(\.\d{1,3})?$/.test(told) ? Number(told) : 0;
    this.#heardMs = hear(this.#heardMs, medianMs);
    return isHot({ inFlight: this.#inFlight, cores: this.#cores, predictedMs: this.predictedMs }, medianMs > 0 ? this.#heardMs : 0);
  }

  /** Counts a call in. @returns what counts it out, and says how long it took, ms */
  begin(now: number): (now: number) => number {
    this.#inFlight += 1;
    const shared = Math.max(1, this.#inFlight / this.#cores);
    return (ended) => {
      this.#inFlight -= 1;
      const tookMs = Math.max(0, ended - now);
      const unitMs = Math.max(0.1, tookMs) / shared;
      this.#unitMs = this.#unitMs === 0 ? unitMs : this.#unitMs + AVERAGED_OVER * (unitMs - this.#unitMs);
      return tookMs;
    };
  }

  /** The report as text, for `REPORT_HEADER`. @param tookMs of the call that it goes with; none where it was refused */
  report(tookMs?: number): string {
    const metrics = {
      predicted_ms: this.predictedMs,
      usual_ms: this.#usual.ms || this.predictedMs,
      ...(tookMs === undefined ? {} : { took_ms: tookMs }),
    };
    return `TEXT ${Object.entries(metrics)
      .map(([name, ms]) => `named_metrics.${name}=${ms.toFixed(1)}`)
      .join(",")}`;
  }
}
