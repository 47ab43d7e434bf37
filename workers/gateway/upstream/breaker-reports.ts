// Reports what this isolate has seen of the endpoints of an upstream to its shared breakers, and applies the views that it gets back.

import type { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import type { BreakerReport, BreakerView, Reporter } from "../../../core/breaker/report.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import { logEvent } from "../../log.ts";
import { BackgroundRequest } from "../background/background-request.ts";
import { coloOf } from "./isolate-location.ts";

/** The Durable Objects that hold the shared breakers, by upstream: `durable-objects/circuit-breaker.ts`. */
export interface CircuitBreakers {
  getByName(upstream: string): {
    report(
      by: Reporter,
      reports: Readonly<Record<string, BreakerReport>>,
      policy: BreakerPolicy,
    ): Promise<Readonly<Record<string, BreakerView>>>;
  };
}

const REPORT_TIMEOUT_MS = 5_000;

export class BreakerReporter {
  readonly #upstream: string;
  readonly #breakers: LocalBreakers;
  readonly #policy: BreakerPolicy;
  readonly #objects: CircuitBreakers;
  readonly #request: BackgroundRequest;
  #isolate: string | undefined; // random id of this isolate, made with the first report: Workers have no randomness before the first call

  /** @param upstream name of the Durable Object: the service, and its version where it has several */
  constructor(upstream: string, breakers: LocalBreakers, policy: BreakerPolicy, objects: CircuitBreakers) {
    this.#upstream = upstream;
    this.#breakers = breakers;
    this.#policy = policy;
    this.#objects = objects;
    // Without a response, the isolate relies on what it sees itself. The platform repeats the request, so it is not repeated here.
    this.#request = new BackgroundRequest(REPORT_TIMEOUT_MS, (error) => logEvent("breaker_report_failed", { upstream, error }));
  }

  /**
   * Sends a report where one is due and none is under way.
   *
   * @param request  of the call, which says in which data center this isolate runs
   * @param endpoint that an attempt has just ended at; undefined where there was no attempt
   * @returns the end of the report, for `waitUntil`; undefined where none was sent
   */
  report(request: Request, endpoint: string | undefined, now: number): Promise<void> | undefined {
    if (this.#request.running(now) !== undefined) return undefined;
    const reports = this.#breakers.takeReports(now, endpoint);
    if (reports === undefined) return undefined;
    this.#isolate ??= crypto.randomUUID();
    // An isolate whose location is unknown counts as a location of its own.
    const by = { isolate: this.#isolate, location: coloOf(request) ?? this.#isolate };
    return this.#request.start(now, async () => {
      const views = await this.#objects.getByName(this.#upstream).report(by, reports, this.#policy);
      this.#breakers.applyViews(views, now, Date.now());
    });
  }
}
