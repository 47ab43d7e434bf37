// How a policy decides about a call, and counts it.
import type { OutboundCall } from "../outbound-call.ts";

/** A policy in force. It is enforced, or its decisions are only reported. */
export interface Decider<C extends OutboundCall> {
  /** Whether a refusal holds for the caller of this call; false where it is only reported. */
  isEnforcedFor(call: C): boolean;
  /** Counts a call that the policy does not object to. */
  allowed(call: C): void;
  /** Counts a call that the policy refuses. */
  refused(call: C): void;
  /** Counts a call that goes on although the policy objects to it. @param reason for the developer who reads the log */
  reported(call: C, reason: string): void;
  /** Decides about a call that the policy objects to, and counts it. @returns whether it is refused; else it was reported */
  refuses(call: C, reason: string): boolean;
}
