// What attempts are sent to: it picks an endpoint for each of them, and learns from the outcome.
import type { CallAttempt } from "./call-attempt.ts";
import type { EndpointAttempt } from "./endpoint-attempt.ts";
import type { OutboundCall } from "./outbound-call.ts";

export interface AttemptTarget<C extends OutboundCall> {
  readonly name: string; // shown in messages and logs
  /** Runs before `pick`. @returns what the call has started in the background, or waits for first; undefined in the usual case */
  prepare(call: C, attempt: CallAttempt): Preparation | undefined;
  /**
   * Picks an endpoint for the next attempt, and adds it to `attempt.tried`. It is one already tried only where there is no
   * other one.
   *
   * @throws Rejected where no endpoint takes the call
   */
  pick(call: C, attempt: CallAttempt): EndpointAttempt;
}

/** What runs before an endpoint is picked: an exchange that brings the first endpoint list, or the wait for a place at a full upstream. */
export interface Preparation {
  readonly done: Promise<unknown>; // made by this call; never rejects; kept alive with `waitUntil`
  readonly waitMs: number; // longest time that the call waits for it; 0 where it need not wait
  readonly cause: "registry" | "endpoint";
}
