// Checks the message of a call against the rules of its proto, before the call is sent to the upstream.

import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Enforcement } from "../../../core/config/enforcement.ts";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { UnevaluatedRule, type Validate } from "../../../core/validation.ts";
import { Enforcer } from "../call/enforcer.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";

const MAX_REASON = 200; // characters of the text of a rule that fails

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
    const decoded = call.decoded();
    const rejection = decoded.kind === "unreadable" ? decoded.rejection : brokenRules(validator, input, decoded.message);
    if (rejection === undefined) enforcer.allowed(call);
    else if (enforcer.refuses(call, reasonOf(decoded.kind === "unreadable" ? rejection.kind : "rules", rejection)))
      throw new Rejected(rejection);
    return next(call);
  });
}

/** Names the fields that are wrong, never their values. */
function reasonOf(fault: string, rejection: Rejection): string {
  const violations = rejection.kind === "invalid_request" ? (rejection.violations ?? []) : [];
  if (violations.length === 0) return fault;
  return `${fault}: ${violations.map(({ field }) => (field === "" ? "the message" : field)).join(", ")}`.slice(0, MAX_REASON);
}

/** A message for which a rule fails is refused like one that breaks it: callers choose the message. */
function brokenRules(validator: Validate<DescMessage, Message>, input: DescMessage, message: Message): Rejection | undefined {
  try {
    const violations = validator(input, message);
    return violations && { kind: "invalid_request", message: violations.describe(input.name), violations: violations.listed };
  } catch (error) {
    if (!(error instanceof UnevaluatedRule)) throw error;
    return { kind: "invalid_request", message: `${input.name}: a rule cannot be evaluated: ${error.message.slice(0, MAX_REASON)}` };
  }
}
