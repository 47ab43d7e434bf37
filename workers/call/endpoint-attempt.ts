// One attempt at one endpoint, for what sends it.
import type { LoadReport } from "../../core/balance/load.ts";
import type { AttemptOutcome } from "../../core/retry/attempt-outcome.ts";
import type { Destination } from "./destination.ts";

/** Exactly one call of `end` follows. */
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
