// What the owner of a pool adds to it: its policies, the key of a call, and what is counted and logged.
import type { IsolateLocation } from "../../../core/balance/locality.ts";
import type { Enforcement } from "../../../core/config/enforcement.ts";
import type { PolicyName } from "../../../core/enforcement/policy-counters.ts";
import type { AttemptOutcome } from "../../../core/retry/attempt-outcome.ts";
import type { OutboundCall } from "../outbound-call.ts";
import type { Decider } from "./decider.ts";

/** The key by which a call is hashed to an endpoint. */
export interface HashKey {
  readonly text: string;
  readonly cookie?: string; // `Set-Cookie` for the response, where the key was made for this call
}

export interface PoolHooks<C extends OutboundCall> {
  /** @param name of the pool */
  decider(policy: PolicyName, name: string, enforcement: Enforcement): Decider<C>;
  /** Read where the balancer hashes. */
  keyOf(call: C): HashKey;
  /** Read until it is known. @returns undefined where this call does not show it */
  locationOf(call: C): IsolateLocation | undefined;
  /** A call is not sent. @param point the limit that sheds it, such as `throttle USERS` */
  shed(call: C, point: string, reason: string, now: number): void;
  attemptBegan(call: C, endpoint: string, now: number): void;
  /** @param tookMs since it began @param isCopy it went to a mirror, and is no attempt of the call */
  attemptEnded(call: C, endpoint: string, outcome: AttemptOutcome, isCopy: boolean, tookMs: number, now: number): void;
  /** What is known of an endpoint may have changed; runs after each attempt. */
  endpointChanged(endpoint: string, now: number): void;
}
