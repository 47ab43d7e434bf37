// One attempt at one endpoint of a pool: what is measured while it runs, and who learns of its outcome.

import type { AttemptEnd, Fleet } from "../../../core/balance/fleet.ts";
import type { AttemptPermit, LoadReport } from "../../../core/balance/load.ts";
import type { PickResult } from "../../../core/balance/pick-request.ts";
import { PROBE_MS } from "../../../core/breaker/report.ts";
import type { AttemptOutcome } from "../../../core/retry/attempt-outcome.ts";
import type { CallAttempt } from "../call-attempt.ts";
import type { Destination } from "../destination.ts";
import type { OutboundCall } from "../outbound-call.ts";
import type { EndpointAttempt } from "../endpoint-attempt.ts";
import type { PoolHooks } from "./pool-hooks.ts";
import type { UpstreamThrottle } from "./throttle.ts";
import type { WaitingCalls } from "./waiting-calls.ts";

const NO_DEADLINE_MS = 3_600_000; // a call without a deadline counts as in flight for no longer
const FAILURE_MS = 15_000; // latency that a failed call without a deadline counts as
const EVIDENT_MS = 1_000; // a timeout after less than this was set too short by the caller: it says nothing about the endpoint
const OWN_LIMIT_SHARE = 0.9; // share of the operator's time limit for an attempt: the attempt starts a moment after its timer

/** The parts of a pool that learn from its attempts. */
export interface PoolParts<C extends OutboundCall> {
  readonly fleet: Fleet;
  readonly throttle: UpstreamThrottle<C>;
  readonly waiting: WaitingCalls;
  readonly hooks: PoolHooks<C>;
}

/** What was picked for an attempt. */
export interface PickedEndpoint {
  readonly picked: PickResult & { readonly kind: "picked" };
  readonly destination: Destination;
  readonly cookie: string | undefined;
  readonly method: number; // hash of the method's path
  readonly mayRedirectShed: boolean;
  readonly now: number; // epoch ms
}

export class PoolAttempt<C extends OutboundCall> implements EndpointAttempt {
  readonly endpoint: string;
  readonly destination: Destination;
  readonly cookie: string | undefined;
  readonly medianMs: number;
  readonly maxMs: number | undefined;
  readonly mayRedirectShed: boolean;
  readonly #parts: PoolParts<C>;
  readonly #call: C;
  readonly #attempt: CallAttempt;
  readonly #picked: PickedEndpoint["picked"];
  readonly #method: number;
  readonly #permit: AttemptPermit;

  constructor(
    parts: PoolParts<C>,
    call: C,
    attempt: CallAttempt,
    { picked, destination, cookie, method, mayRedirectShed, now }: PickedEndpoint,
  ) {
    const { fleet, hooks } = parts;
    this.endpoint = picked.id;
    this.destination = destination;
    this.cookie = cookie;
    this.medianMs = fleet.medianMs(now);
    this.maxMs = picked.admission.probe === undefined ? undefined : PROBE_MS; // a probe that hangs longer has no effect any more
    this.mayRedirectShed = mayRedirectShed && fleet.size > 1;
    this.#parts = parts;
    this.#call = call;
    this.#attempt = attempt;
    this.#picked = picked;
    this.#method = method;
    if (!attempt.isCopy) hooks.attemptBegan(call, picked.id, now);
    this.#permit = fleet.begin(picked.id, now, Math.min(attempt.deadlineAt, now + NO_DEADLINE_MS), method)!; // it was picked from this fleet
  }

  redirect(isHot: boolean): boolean {
    return this.#parts.throttle.redirect(this.#call, isHot, Date.now());
  }

  recordReport(report: LoadReport | undefined, shedLevel: number): void {
    const now = Date.now();
    if (report !== undefined) this.#parts.fleet.report(this.endpoint, report, this.#permit, now);
    this.#parts.throttle.recordShedLevel(this.endpoint, shedLevel, now);
  }

  end(outcome: AttemptOutcome): void {
    const { fleet, throttle, waiting, hooks } = this.#parts;
    const { admission, isRepeated } = this.#picked;
    const now = Date.now();
    hooks.attemptEnded(this.#call, this.endpoint, outcome, this.#attempt.isCopy, now - this.#permit.startedAt, now);
    const end: AttemptEnd = { permit: this.#permit, admission, now, random: Math.random(), method: this.#method, isRepeated };
    const isFailure = outcome === "failed" || outcome === "unavailable" || outcome === "late";
    if (outcome === "responded") fleet.succeeded(this.endpoint, end);
    else if (isFailure) fleet.failed(this.endpoint, end, this.#failureMs(), outcome !== "late" || this.#isEvident(now));
    else fleet.drop(this.endpoint, end);
    // Failures of one call at one endpoint count once, however many attempts it makes there.
    if (!(isFailure && isRepeated)) throttle.record(this.#call, outcome, now);
    waiting.admitNext(now);
    hooks.endpointChanged(this.endpoint, now);
  }

  streamBroke(): void {
    this.#parts.fleet.streamBroke(this.endpoint, this.#picked.admission, Date.now(), Math.random());
  }

  /** The latency that a failure counts as: all the time that the call had, or an endpoint that fails fast would look fast. */
  #failureMs(): number {
    const { deadlineAt, receivedAt } = this.#attempt;
    return Number.isFinite(deadlineAt) ? deadlineAt - receivedAt : FAILURE_MS;
  }

  /** Whether a timeout says something about the endpoint: it had a second, or all that the operator gives an attempt. */
  #isEvident(now: number): boolean {
    return now - this.#permit.startedAt >= Math.min(EVIDENT_MS, OWN_LIMIT_SHARE * this.#attempt.maxMs);
  }
}
