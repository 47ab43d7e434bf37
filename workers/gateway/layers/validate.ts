// Checks the message of a call against the rules of its proto, before the call is sent to the upstream.

import type { DescMessage, Message } from "@bufbuild/protobuf";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { UnevaluatedRule, type Validate } from "../../../core/validation.ts";
import { logEvent } from "../../log.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { logFactsOf } from "../call.ts";

const MAX_REASON = 200; // characters of the text of a rule that fails

export interface ValidationSettings {
  readonly input: DescMessage; // type of the request message
  readonly mode: "off" | "report" | "enforce";
  readonly validator: Validate<DescMessage, Message> | undefined;
}

/**
 * A message that cannot be read is refused where the rules are enforced: the upstream may read it, and as one that breaks them. Streams
 * of requests are not checked.
 */
export function validate({ input, mode, validator }: ValidationSettings): Layer | undefined {
  if (mode === "off" || validator === undefined) return undefined;
  return needsWholeBody((next) => async (call) => {
    const decoded = call.decoded();
    const rejection = decoded.kind === "unreadable" ? decoded.rejection : brokenRules(validator, input, decoded.message);
    if (rejection === undefined) return next(call);
    if (mode === "enforce") throw new Rejected(rejection);
    const violations = rejection.kind === "invalid_request" ? (rejection.violations ?? []) : [];
    const reason = decoded.kind === "unreadable" ? rejection.kind : "rules";
    logEvent("validation_would_refuse", { ...logFactsOf(call), reason, fields: violations.map(({ field }) => field) });
    return next(call);
  });
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
