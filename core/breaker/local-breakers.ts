// The local breakers of all endpoints of one upstream in one isolate, and what the isolate reports.
import type { BreakerPolicy } from "../config/breaker.ts";
import { LocalBreaker } from "./local-breaker.ts";
import type { BreakerReport, BreakerView, ReportUrgency } from "./report.ts";

const MAX_REPORTS = 200; // reports in one message, of about 150 bytes each; the next message has the others

export class LocalBreakers {
  readonly #policy: BreakerPolicy;
  #breakers = new Map<string, LocalBreaker>();
  readonly #notClosed = new Set<LocalBreaker>(); // the breakers to look at before a pick; none while all endpoints are healthy
  #next = 0; // index of the endpoint that the last reports ended with: the next ones start behind it

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
  }

  /** The breaker of an endpoint; a new one if there is none. */
  get(id: string): LocalBreaker {
    const known = this.#breakers.get(id);
    if (known !== undefined) return known;
    const breaker = new LocalBreaker(this.#policy);
    this.#breakers.set(id, breaker);
    return breaker;
  }

  /** Drops the breakers of all other endpoints. */
  retain(ids: ReadonlySet<string>): void {
    for (const [id, breaker] of this.#breakers) {
      if (ids.has(id)) continue;
      this.#breakers.delete(id);
      this.#notClosed.delete(breaker);
    }
  }

  areAllClosed(now: number): boolean {
    if (this.#notClosed.size === 0) return true;
    for (const breaker of this.#notClosed) if (breaker.isClosed(now)) this.#notClosed.delete(breaker);
    return this.#notClosed.size === 0;
  }

  /** To be called after every outcome that was recorded by the breaker. */
  update(breaker: LocalBreaker, now: number): void {
    if (!breaker.isClosed(now)) this.#notClosed.add(breaker);
  }

  /** @param id of the endpoint at which a call has just ended */
  urgencyOf(id: string): ReportUrgency {
    return this.#breakers.get(id)?.urgency ?? "none";
  }

  /** @returns what this isolate has seen of its endpoints since the last reports, by endpoint; at most 200, those in trouble first */
  takeReports(now: number): Readonly<Record<string, BreakerReport>> {
    const reports: Record<string, BreakerReport> = {};
    let count = 0;
    const take = (id: string, breaker: LocalBreaker): void => {
      const report = count < MAX_REPORTS ? breaker.takeReport(now) : undefined;
      if (report === undefined) return;
      reports[id] = report;
      count += 1;
    };
    const entries = [...this.#breakers];
    for (const [id, breaker] of entries) if (this.#notClosed.has(breaker) || breaker.hasUnreportedFailure) take(id, breaker);
    for (let passed = 0; passed < entries.length && count < MAX_REPORTS; passed++) {
      this.#next = (this.#next + 1) % entries.length;
      const [id, breaker] = entries[this.#next]!;
      if (!(id in reports)) take(id, breaker);
    }
    return reports;
  }

  /** @param sentAt epoch ms at which the reports were sent */
  applyViews(views: Readonly<Record<string, BreakerView>>, sentAt: number, now: number): void {
    for (const [id, view] of Object.entries(views)) {
      const breaker = this.#breakers.get(id);
      if (breaker === undefined) continue;
      breaker.applyView(view, sentAt);
      this.update(breaker, now);
    }
  }
}
