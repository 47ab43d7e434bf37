// The local breakers of all endpoints of one upstream in one isolate, and what the isolate reports.
import type { BreakerPolicy } from "../config/breaker.ts";
import { LocalBreaker } from "./local-breaker.ts";
import { initialState, type LocalState } from "./local-state.ts";
import type { BreakerReport, BreakerView, ReportUrgency } from "./report.ts";
import { type ShownBreaker, shownBreaker } from "./shown-breaker.ts";

const MAX_REPORTS = 200; // reports in one message, of about 150 bytes each; the next message has the others

/** The states of the breakers, which may be those of other settings, too: `core/balance/endpoint-states.ts`. */
export interface BreakerStates {
  readonly notClosed: Set<string>; // ids of the breakers to look at before a pick; none while all endpoints are healthy
  get(id: string, warmAt: number): { readonly breaker: LocalState };
}

export class LocalBreakers {
  readonly #policy: BreakerPolicy;
  readonly #states: BreakerStates;
  readonly #breakers = new Map<string, LocalBreaker>();
  #next = 0; // index of the endpoint that the last reports ended with: the next ones start behind it

  constructor(policy: BreakerPolicy, states: BreakerStates = { notClosed: new Set(), get: () => ({ breaker: initialState() }) }) {
    this.#policy = policy;
    this.#states = states;
  }

  /** The breaker of an endpoint; a new one if there is none. */
  get(id: string): LocalBreaker {
    const known = this.#breakers.get(id);
    if (known !== undefined) return known;
    const breaker = new LocalBreaker(this.#policy, this.#states.get(id, Number.NEGATIVE_INFINITY).breaker);
    this.#breakers.set(id, breaker);
    return breaker;
  }

  /** Drops the breakers of all other endpoints. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#breakers.keys()) if (!ids.has(id)) this.#breakers.delete(id);
  }

  areAllClosed(now: number): boolean {
    const { notClosed } = this.#states;
    let areAllClosed = true;
    for (const id of notClosed) {
      const breaker = this.#breakers.get(id);
      if (breaker?.isClosed(now) === true) notClosed.delete(id);
      else if (breaker !== undefined) areAllClosed = false;
    }
    return areAllClosed;
  }

  /** Ids of the breakers that may refuse calls, or want a probe: all others let every call pass. */
  get suspects(): ReadonlySet<string> {
    return this.#states.notClosed;
  }

  /** The breakers that do not let every call pass, for metrics. */
  *notClosed(now: number): Generator<readonly [id: string, ShownBreaker]> {
    for (const id of this.#states.notClosed) {
      const breaker = this.#breakers.get(id);
      if (breaker?.isClosed(now) === false) yield [id, shownBreaker(breaker.state, now)];
    }
  }

  /** How often own evidence has opened each breaker since the isolate started; only those that were open. */
  *openings(): Generator<readonly [id: string, openings: number]> {
    for (const [id, { state }] of this.#breakers) if (state.openings > 0) yield [id, state.openings];
  }

  /** To be called after every outcome that was recorded by the breaker of an endpoint. */
  update(id: string, now: number): void {
    if (this.#breakers.get(id)?.isClosed(now) === false) this.#states.notClosed.add(id);
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
    for (const [id, breaker] of entries) if (this.#states.notClosed.has(id) || breaker.hasUnreportedFailure) take(id, breaker);
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
      this.update(id, now);
    }
  }
}
