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
  audit(call, failure);
  throw new Rejected(rejectionOf(failure, challenge));
}

/** Written for each call: what a known caller may not do, and each use of a key that was taken away. Strangers are only counted. */
function audit(call: Call, { kind, reason }: AuthFailure): void {
  const facts = { ...logFactsOf(call), address: call.caller.network, reason };
  if (reason === "key_revoked" || reason === "key_replaced") logEvent("audit_revoked_key", facts);
  else if (kind === "permission_denied" && call.principal !== undefined)
    logEvent("audit_denied", { ...facts, identity: call.principal.id });
}
