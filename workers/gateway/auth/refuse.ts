// Refuses a call for its identity: counted by the network that it comes from, and logged with the exact reason.
import { type AuthFailure, type Challenge, rejectionOf } from "../../../core/auth/refusal.ts";
import { Rejected } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import { type Call, logFactsOf } from "../call.ts";
import type { AuthFailures } from "./failures.ts";

export interface RefusalParts {
  readonly failures: AuthFailures;
  readonly challenge: Challenge;
}

/** Counts a wrong credential, also one that is only reported: guesses are bounded in both cases. */
export function countFailure({ failures }: Pick<RefusalParts, "failures">, call: Call, { kind, reason }: AuthFailure, now: number): void {
  if (kind === "unauthenticated" && reason !== "credential_missing" && reason !== "too_many_failures")
    failures.count(call.caller.network, now);
}

/** @throws Rejected always */
export function refuse({ failures, challenge }: RefusalParts, call: Call, failure: AuthFailure): never {
  const now = Date.now();
  const { reason } = failure;
  countFailure({ failures }, call, failure, now);
  const calls = failures.logged(reason, now);
  if (calls > 0) logEvent("auth_refused", { ...logFactsOf(call), address: call.caller.network, reason, calls });
  throw new Rejected(rejectionOf(failure, challenge));
}
