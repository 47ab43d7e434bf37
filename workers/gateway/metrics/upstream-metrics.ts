// What attempts add to the metrics of their upstream.
import type { Counter, HistogramCell } from "../../../core/metrics/cells.ts";
import type { IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";

/** By outcome. */
type Durations = Record<string, HistogramCell>;

export class UpstreamMetrics {
  readonly name: string;
  readonly isolate: IsolateMetrics;
  readonly retries: Counter;
  readonly hedges: Counter;
  readonly #endpoints = new Map<string, Durations>();

  constructor(isolate: IsolateMetrics, name: string) {
    this.name = name;
    this.isolate = isolate;
    this.retries = isolate.counter("tidegate_call_retries", name);
    this.hedges = isolate.counter("tidegate_call_hedges", name);
  }

  /**
   * @param outcome an `AttemptOutcome`
   * @param tookMs from the choice of the endpoint to its whole response, or the head of a stream
   */
  attemptEnded(endpoint: string, outcome: string, tookMs: number): void {
    let durations = this.#endpoints.get(endpoint);
    if (durations === undefined) {
      durations = {};
      this.#endpoints.set(endpoint, durations);
    }
    let duration = durations[outcome];
    if (duration === undefined) {
      duration = this.isolate.histogram("tidegate_attempt_duration", this.name, endpoint, outcome);
      durations[outcome] = duration;
    }
    duration.record(tookMs);
  }

  /** Endpoints have left: their series make room. What they have counted is still reported. */
  retain(isListed: (endpoint: string) => boolean): void {
    for (const [endpoint, durations] of this.#endpoints) {
      if (isListed(endpoint)) continue;
      this.#endpoints.delete(endpoint);
      for (const outcome of Object.keys(durations)) this.isolate.forget("tidegate_attempt_duration", this.name, endpoint, outcome);
    }
  }
}
