// Checks the message of a call against the rules of its proto, before the call is sent to the upstream.

import type { DescMessage, Message } from "@bufbuild/protobuf";
import { Rejected } from "../../../core/rejection.ts";
import type { Validate } from "../../../core/validation.ts";
import { logEvent } from "../../log.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { logFactsOf } from "../call.ts";

export interface ValidationSettings {
  readonly input: DescMessage; // type of the request message
  readonly mode: "off" | "report" | "enforce";
  readonly validator: Validate<DescMessage, Message> | undefined;
}

/**
 * A message that cannot be decoded is left to the upstream, which reports the error better. JSON that a less strict upstream would read as
 * another message than the one checked here (2026-02-30, a key given twice) is refused where the rules are enforced.
 */
export function validate({ input, mode, validator }: ValidationSettings): Layer | undefined {
  if (mode === "off" || validator === undefined) return undefined;
  return needsWholeBody((next) => async (call) => {
    const message = call.message();
    if (mode === "enforce" && call.invalidMessage !== undefined) throw call.invalidMessage;
    const violations = message === undefined ? [] : validator(input, message);
    if (violations.length === 0) return next(call);
    if (mode === "enforce") {
      const problems = violations.map(({ field, description }) => `${field === "" ? input.name : field}: ${description}`).join("; ");
      throw new Rejected({ kind: "invalid_request", message: problems, violations });
    }
    logEvent("validation_would_refuse", { ...logFactsOf(call), fields: violations.map(({ field }) => field) });
    return next(call);
  });
}
