// Checks the message of a call against the rules of its proto, before the call is sent to the upstream.

import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Enforcement } from "../../../core/config/enforcement.ts";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { UnevaluatedRule, type Validate } from "../../../core/validation.ts";
import { Enforcer } from "../call/enforcer.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import type { Call } from "../call.ts";

const MAX_REASON = 200; // characters

export interface ValidationSettings {
  readonly input: DescMessage; // type of the request message
  readonly enforcement: Enforcement;
  readonly validator: Validate<DescMessage, Message> | undefined;
}

/**
 * A message that cannot be read is refused where the rules are enforced: the upstream may read it, and as one that breaks them. Streams
 * of requests are not checked.
 */
export function validate({ input, enforcement, validator }: ValidationSettings): Layer | undefined {
  if (enforcement.mode === "off" || validator === undefined) return undefined;
  const enforcer = new Enforcer("validate", "", enforcement);
  return needsWholeBody((next) => async (call) => {
    call.trace?.note("validate", { "validate.mode": enforcement.mode });
    const fault = faultOf(validator, input, call);
    if (fault === undefined) enforcer.allowed(call);
    else if (enforcer.refuses(call, fault.reason)) throw fault.error;
    return next(call);
  });
}

/** What is wrong with a message, for the log and for its caller. */
interface Fault {
  readonly reason: string; // names fields, never their values
  readonly error: unknown; // Rejected, or a fault of ours: the validator has failed
}

/** A message for which a rule fails is refused like one that breaks it: callers choose the message. Never throws. */
function faultOf(validator: Validate<DescMessage, Message>, input: DescMessage, call: Call): Fault | undefined {
  try {
    const decoded = call.decoded();
    if (decoded.kind === "unreadable") return faultFor(decoded.rejection.kind, decoded.rejection);
    const violations = validator(input, decoded.message);
    if (violations === undefined) return undefined;
    const message = violations.describe(input.name);
    return faultFor("rules", { kind: "invalid_request", message, violations: violations.listed });
  } catch (error) {
    if (error instanceof Rejected) return faultFor(error.rejection.kind, error.rejection); // too many elements to decode
    if (!(error instanceof UnevaluatedRule)) return { reason: `validator failed: ${String(error)}`.slice(0, MAX_REASON), error };
    const message = `${input.name}: a rule cannot be evaluated: ${error.message.slice(0, MAX_REASON)}`;
    return faultFor("rule cannot be evaluated", { kind: "invalid_request", message });
  }
}

function faultFor(reason: string, rejection: Rejection): Fault {
  const violations = rejection.kind === "invalid_request" ? (rejection.violations ?? []) : [];
  const fields = violations.map(({ field }) => (field === "" ? "the message" : field)).join(", ");
  return { reason: (fields === "" ? reason : `${reason}: ${fields}`).slice(0, MAX_REASON), error: new Rejected(rejection) };
}
