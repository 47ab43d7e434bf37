// The local breaker of one endpoint in one isolate. Its own evidence opens it here, and a view of the shared breaker opens it everywhere.
//
//   own evidence:  closed --a trip rule--> open for 1 to 3 s --a probe succeeds--> closed
//                                           ^ <--a probe fails--'
//   shared view:   closed, open, half_open or ramp, as the latest view says, while its lease lasts
import type { BreakerPolicy } from "../config/breaker.ts";
import type { Admitted, BreakerAdmission, Probe } from "./admission.ts";
import { isReached } from "./clock.ts";
import { applicableView } from "./held-view.ts";
import { initialState, isProbeDue, type LocalState, OPEN_MS, type OwnState, sparesMethod } from "./local-state.ts";
import { MethodFaults } from "./method-faults.ts";
import { type BreakerReport, type BreakerView, PROBE_MS, type ReportUrgency } from "./report.ts";
import { LOCAL_TRIP_RULES } from "./trip-rules.ts";
import { count, countLateFailure, counts } from "./window.ts";

const WINDOW_MS = 10_000;
const PROBE_RETRY_MS = 500; // Retry-After of callers that are refused while a probe is in flight
const STALE_MS = 15_000; // nothing is known of an endpoint whose probe has been due for this long
const CLOSED: OwnState = { kind: "closed" };

/** `random` is a number in [0, 1), `now` is epoch ms, and `method` is the hash of the call's method, or 0 if it is unknown. */
export class LocalBreaker {
  readonly #policy: BreakerPolicy;
  readonly state: LocalState;
  readonly #faults = new MethodFaults();
  readonly #mayTripOnSuccess: boolean;

  constructor(policy: BreakerPolicy, state: LocalState = initialState()) {
    this.#policy = policy;
    this.state = state;
    this.#mayTripOnSuccess = LOCAL_TRIP_RULES.some((rule) => rule.mayTripOnSuccess(policy));
  }

  /** Whether every call passes. */
  isClosed(now: number): boolean {
    return this.state.own.kind === "closed" && this.#viewAt(now) === undefined;
  }

  /** Whether the next call will be a probe. */
  isDueForProbe(now: number): boolean {
    const { own } = this.state;
    const view = this.#viewAt(now);
    if (view !== undefined) return view.kind === "half_open" && this.#unusedProbe(now) !== undefined;
    return own.kind === "open" && isProbeDue(own, now) && !this.#isProbing(now);
  }

  /** Whether a call that is no probe has to go elsewhere. */
  refuses(now: number, random: number, method = 0): boolean {
    const { own } = this.state;
    return (own.kind === "open" && !sparesMethod(own, method)) || random >= (this.#viewAt(now)?.admit ?? 1);
  }

  /** Whether it has been due for a probe for so long, without a call, that nothing is known of the endpoint's health now. */
  isStale(now: number): boolean {
    const { own } = this.state;
    return own.kind === "open" && now >= own.until + STALE_MS;
  }

  /** When a refused caller may try again, in whole ms. */
  retryAfterMs(now: number): number {
    const { own } = this.state;
    const ownMs = own.kind === "open" && !isProbeDue(own, now) ? own.until - now : PROBE_RETRY_MS;
    return Math.ceil(Math.max(1, this.#viewAt(now)?.retryAfterMs ?? ownMs));
  }

  admit(now: number, random: number, method = 0): BreakerAdmission {
    const { state } = this;
    const view = this.#viewAt(now);
    if (view !== undefined) {
      const granted = view.kind === "half_open" ? this.#unusedProbe(now) : undefined;
      if (granted !== undefined) {
        state.granted = undefined;
        return this.#startProbe(granted);
      }
      if (random >= view.admit) return { kind: "refused", retryAfterMs: this.retryAfterMs(now) };
    }
    const { own } = state;
    if (own.kind === "closed" || sparesMethod(own, method)) return state.admitted;
    if (!isProbeDue(own, now) || this.#isProbing(now)) return { kind: "refused", retryAfterMs: this.retryAfterMs(now) };
    return this.#startProbe({ version: 0, id: 0, endsAt: now + PROBE_MS });
  }

  /** The outcome of an admitted call. */
  record(admission: Admitted, outcome: "succeeded" | "failed", tookMs: number, now: number, random: number, method = 0): void {
    const { state } = this;
    const isFailure = outcome === "failed";
    if (this.#isFaultOfMethod(method, isFailure, now)) this.discard(admission);
    else if (admission.probe !== undefined) this.#endProbe(admission.probe, isFailure, now, random);
    else if (admission.generation !== state.admitted.generation) return;
    else if (state.own.kind === "open") this.#recordSpared(state.own, isFailure);
    else {
      count(state.window, WINDOW_MS, now, isFailure, tookMs >= this.#policy.slowMs);
      state.failuresInARow = isFailure ? state.failuresInARow + 1 : 0;
      state.unreported.hasFailed ||= isFailure;
      if ((isFailure || this.#mayTripOnSuccess) && this.#isTripped(now)) this.#open(now, random);
    }
  }

  /** A call that was recorded as a success, and whose stream broke off afterwards. */
  recordBrokenStream({ generation }: Admitted, now: number, random: number): void {
    const { state } = this;
    if (generation !== state.admitted.generation) return;
    countLateFailure(state.window, WINDOW_MS, now);
    state.unreported.hasFailed = true;
    if (this.#isTripped(now)) this.#open(now, random);
  }

  /** A call that proves nothing: it did not reach the endpoint, or its caller went away. */
  discard({ probe }: Admitted): void {
    if (probe !== undefined && this.state.probing === probe) this.state.probing = undefined;
  }

  /** How soon the next report is due. A failure is news: other isolates may see the endpoint fail, too. */
  get urgency(): ReportUrgency {
    const { isUrgent, probe, hasFailed } = this.state.unreported;
    if (probe !== undefined) return "probe";
    return isUrgent || (hasFailed && this.hasLastCallFailed) ? "news" : "none";
  }

  /** Whether a call has failed since the last report. */
  get hasUnreportedFailure(): boolean {
    return this.state.unreported.hasFailed;
  }

  get hasLastCallFailed(): boolean {
    return this.state.failuresInARow > 0;
  }

  /** Whether a call of this isolate could probe the endpoint, if the Durable Object granted a probe. */
  wantsProbe(now: number): boolean {
    const { probing, held } = this.state;
    const kind = this.#viewAt(now)?.kind;
    const isHalfOpenSoon = kind === "open" && held !== undefined && now >= held.until;
    return (kind === "half_open" || isHalfOpenSoon) && this.#unusedProbe(now) === undefined && probing === undefined;
  }

  /** @returns the report to send now; undefined if there is nothing to report */
  takeReport(now: number): BreakerReport | undefined {
    const { state } = this;
    const { own, unreported } = state;
    const { calls, failures } = counts(state.window, WINDOW_MS, now);
    if (calls === 0 && !unreported.isUrgent && this.isClosed(now)) return undefined;
    unreported.sequence += 1;
    // If one of several methods has opened it, a call of another method has to show first whether the whole endpoint is at fault.
    const isMethodSuspected = own.kind === "open" && own.method !== undefined && this.#faults.hasSeveralMethods;
    const report: BreakerReport = {
      sequence: unreported.sequence,
      calls,
      failures,
      hasRecovered: !unreported.hasFailed && !this.hasLastCallFailed,
      isOpen: own.kind === "open" && !isMethodSuspected,
      wantsProbe: this.wantsProbe(now),
      ...(unreported.probe && { probe: unreported.probe }),
    };
    if (state.held !== undefined && now >= state.held.until && state.held.reportedAt === undefined)
      state.held = { ...state.held, reportedAt: now };
    unreported.isUrgent = false;
    unreported.hasFailed = false;
    unreported.probe = undefined;
    return report;
  }

  /** @param sentAt epoch ms at which the report was sent: the lease and a granted probe count from there */
  applyView(view: BreakerView, sentAt: number): void {
    const { state } = this;
    const { held, lastGranted } = state;
    if (held !== undefined && view.version < held.view.version && sentAt < held.until) return; // an older view that arrived late
    if (view.kind !== "closed" && view.version !== held?.view.version) this.#close(); // the shared state supersedes what was seen before it
    state.held = { view, until: sentAt + view.leaseMs, reportedAt: undefined };
    const { version, probeId: id } = view;
    if (id === undefined || version < lastGranted.version || (version === lastGranted.version && id <= lastGranted.id)) return;
    state.lastGranted = { version, id };
    state.granted = { version, id, endsAt: sentAt + PROBE_MS };
  }

  #viewAt(now: number): BreakerView | undefined {
    return applicableView(this.state.held, now);
  }

  /** A granted probe that no call has used, until it expires. */
  #unusedProbe(now: number): Probe | undefined {
    const { granted } = this.state;
    return granted !== undefined && !isReached(granted.endsAt, now, PROBE_MS) ? granted : undefined;
  }

  #isProbing(now: number): boolean {
    const { probing } = this.state;
    return probing !== undefined && !isReached(probing.endsAt, now, PROBE_MS);
  }

  #startProbe(probe: Probe): BreakerAdmission {
    this.state.probing = probe;
    return { ...this.state.admitted, probe };
  }

  #endProbe(probe: Probe, isFailure: boolean, now: number, random: number): void {
    const { state } = this;
    if (state.probing === probe) state.probing = undefined;
    if (now >= probe.endsAt) return;
    if (probe.id !== 0) state.unreported.probe = { version: probe.version, id: probe.id, succeeded: !isFailure };
    if (isFailure) this.#open(now, random);
    else this.#close();
    state.unreported.isUrgent = true;
  }

  /** A call of another method than the one whose failures have opened it: its outcome shows whether the whole endpoint is at fault. */
  #recordSpared(own: OwnState & { readonly kind: "open" }, isFailure: boolean): void {
    if (isFailure) this.state.own = { ...own, method: undefined };
    else this.#close();
    this.state.unreported.isUrgent = true;
  }

  /** Learns from the outcome of a call. @returns whether it is a failure of the method and proves nothing about the endpoint */
  #isFaultOfMethod(method: number, isFailure: boolean, now: number): boolean {
    if (!isFailure) this.#faults.succeeded(method, now);
    else this.#faults.failed(method);
    return isFailure && this.#faults.isOwn(method, this.#policy.consecutive, now);
  }

  #isTripped(now: number): boolean {
    const { window, failuresInARow } = this.state;
    const evidence = { ...counts(window, WINDOW_MS, now), failuresInARow };
    return LOCAL_TRIP_RULES.some((rule) => rule.isTripped(evidence, this.#policy));
  }

  #open(now: number, random: number): void {
    this.#startGeneration();
    const until = now + OPEN_MS * (1 + 2 * random); // at random, so that isolates do not all probe at once
    this.state.own = { kind: "open", until, method: this.#faults.only() };
    this.state.unreported.isUrgent = true;
    this.state.openings += 1;
  }

  #close(): void {
    this.#startGeneration();
    this.state.own = CLOSED;
  }

  /** From here on, outcomes of calls that were admitted before count for nothing. */
  #startGeneration(): void {
    const { state } = this;
    state.admitted = { kind: "admitted", generation: state.admitted.generation + 1 };
    state.failuresInARow = 0;
    state.window.cells.fill(0);
  }
}
