// An upstream as the pipeline sees it: it picks an endpoint for each attempt, and learns from the outcome.

import type { Message } from "@bufbuild/protobuf";
import type { UpstreamView } from "../../../core/balance/endpoint-view.ts";
import type { LoadReport } from "../../../core/balance/load.ts";
import type { ServingStatus } from "../../../core/balance/member.ts";
import type { Budget } from "../../../core/budget.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { SpokenProtocol } from "../../../core/config/upstream.ts";
import type { AttemptOutcome } from "../../../core/retry/attempt-outcome.ts";
import type { HedgeState } from "../../../core/retry/hedge-state.ts";
import type { CallAttempt } from "../call/attempt.ts";
import type { Call } from "../call.ts";
import type { AdminAccess } from "../layers/admin-access.ts";
import type { UpstreamMetrics } from "../metrics/upstream-metrics.ts";
import type { Destination } from "./destination.ts";

export interface Upstream {
  readonly name: string; // shown in messages and logs
  readonly hashField: string | undefined; // message field by which endpoints are picked
  readonly protocol: SpokenProtocol; // the protocol that its endpoints speak
  readonly timeoutHeader: "always" | "as_called";
  readonly retryBudget: Budget; // pays for further attempts, of all its methods
  readonly hedging: HedgeState;
  readonly metrics?: UpstreamMetrics | undefined; // undefined where nothing is counted
  /** Runs before `pick`. @returns what the call has started in the background, or waits for first; undefined in the usual case */
  prepare(call: Call, attempt: CallAttempt): Preparation | undefined;
  /**
   * Picks an endpoint for the next attempt, and adds it to `attempt.tried`. It is one already tried only where there is no
   * other one.
   *
   * @throws Rejected where no endpoint takes the call
   */
  pick(call: Call, attempt: CallAttempt): EndpointAttempt;
  /** Whether the call itself names the version that serves it. Its response must not be shared with other calls then. */
  namesVersion?(call: Call): boolean;
  /** For health checks of the gateway. An upstream without it always serves. */
  status?(): ServingStatus | Promise<ServingStatus>;
  /** For operators. An upstream of several versions is listed by its versions. */
  view?(): UpstreamView;
  /** Draws whether a copy of a call is sent to the mirror. @returns the mirror, or undefined for no copy */
  mirror?(): Upstream | undefined;
}

/** What runs before an endpoint is picked: an exchange that brings the first endpoint list, or the wait for a place at a full upstream. */
export interface Preparation {
  readonly done: Promise<unknown>; // made by this call; never rejects; kept alive with `waitUntil`
  readonly waitMs: number; // longest time that the call waits for it; 0 where it need not wait
  readonly cause: "registry" | "endpoint";
}

/** One attempt at one endpoint. Exactly one call of `end` follows. */
export interface EndpointAttempt {
  readonly endpoint: string; // its id
  readonly destination: Destination;
  readonly cookie: string | undefined; // `Set-Cookie` for the response, by which the caller's next calls reach the same endpoint
  readonly medianMs: number; // median of the times that one more call would take at the endpoints, ms; 0 where it is unknown
  readonly maxMs: number | undefined; // time limit of the attempt, beside the deadline of the call
  readonly mayRedirectShed: boolean; // whether the call may be sent to another endpoint if this one sheds it
  /**
   * The endpoint refused the call before any work, and the call is sent to another one.
   *
   * @param isHot the endpoint is much slower than the others (host redirect); false: it sheds load
   * @returns whether the next attempt is marked as critical_plus
   */
  redirect(isHot: boolean): boolean;
  /** @param report undefined where the endpoint reports no load @param shedLevel of the calls that it would shed, 0 for none */
  recordReport(report: LoadReport | undefined, shedLevel: number): void;
  end(outcome: AttemptOutcome): void;
  /** A stream broke off after it had begun: after `end("responded")`, at most once. */
  streamBroke(): void;
}

/** A method as it is served: its settings and where it runs. */
export interface ServedMethod {
  readonly policy: RoutePolicy;
  readonly upstream: Upstream;
  readonly fallback?: Fallback;
  readonly access?: AdminAccess; // who may call it, where it is a method of an admin service
}

/** What responds while the upstream is down. */
export interface Fallback {
  readonly upstream: Upstream | undefined;
  readonly response: Message | undefined; // static fallback response, of a unary method
}
