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

/** @throws Rejected always */
export function refuse({ failures, challenge }: RefusalParts, call: Call, failure: AuthFailure): never {
  const now = Date.now();
  const { reason } = failure;
  if (failure.kind === "unauthenticated" && reason !== "credential_missing" && reason !== "too_many_failures")
    failures.count(call.caller.network, now);
  const calls = failures.logged(reason, now);
  if (calls > 0) logEvent("auth_refused", { ...logFactsOf(call), address: call.caller.network, reason, calls });
  throw new Rejected(rejectionOf(failure, challenge));
}
