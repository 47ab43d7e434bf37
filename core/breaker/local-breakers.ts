// The local breakers of all endpoints of one upstream in one isolate, and when the isolate reports to the Durable Object.
import type { BreakerPolicy } from "../config/breaker.ts";
import { LocalBreaker } from "./local-breaker.ts";
import type { BreakerReport, BreakerView } from "./report.ts";

const HEALTHY_REPORT_MS = 11_000; // one report for 110 calls at ten calls a second
const FAST_REPORT_MS = 1_000;
const PROBE_REPORT_MS = 500;
const WATCH_MS = 10_000; // length of the window in which failures count

export class LocalBreakers {
  readonly #policy: BreakerPolicy;
  #breakers = new Map<string, LocalBreaker>();
  readonly #notClosed = new Set<LocalBreaker>(); // the breakers to look at before a pick; none while all endpoints are healthy
  #reportedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #hasFailed = false; // a call to any endpoint has failed since the last report
  #lastFailed: LocalBreaker | undefined; // the breaker of the latest failed call, until a report after its next success
  #watchUntil = Number.NEGATIVE_INFINITY; // epoch ms: end of the fast reports because of `#lastFailed`

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
    if (!breaker.hasUnreportedFailure) return;
    this.#hasFailed = true;
    this.#lastFailed = breaker;
  }

  /**
   * @param id of the endpoint that has just been called; undefined if no call has ended
   * @returns the reports to send now, by endpoint; undefined if no report is due
   */
  takeReports(now: number, id: string | undefined): Readonly<Record<string, BreakerReport>> | undefined {
    if (now < this.#reportedAt + this.#intervalMs(now, id === undefined ? undefined : this.#breakers.get(id))) return undefined;
    this.#reportedAt = now;
    if (this.#hasFailed) this.#watchUntil = now + WATCH_MS;
    this.#hasFailed = false;
    if (this.#lastFailed?.hasLastCallFailed === false) this.#lastFailed = undefined;
    const reports: Record<string, BreakerReport> = {};
    for (const [endpoint, breaker] of this.#breakers) {
      const report = breaker.takeReport(now);
      if (report !== undefined) reports[endpoint] = report;
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

  /** The shortest time between two reports, ms, as the state of the endpoints demands it now. */
  #intervalMs(now: number, called: LocalBreaker | undefined): number {
    if (called?.isUrgent === true) return 0;
    // The Durable Object may know of failures that other isolates have reported, so its views are fetched more often for a while.
    const isWatching = this.#lastFailed !== undefined && now < this.#watchUntil;
    let intervalMs = this.#hasFailed || isWatching || called?.needsFastReports(now) === true ? FAST_REPORT_MS : HEALTHY_REPORT_MS;
    for (const breaker of this.#notClosed) {
      if (breaker.wantsProbe(now)) return PROBE_REPORT_MS;
      if (breaker.needsFastReports(now)) intervalMs = FAST_REPORT_MS;
    }
    return intervalMs;
  }
}
