// Holds the message of a call to the rules of its proto, before it costs the upstream anything.

import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { Rejected } from "../../../core/rejection.ts";
import type { Validate } from "../../../core/validation.ts";
import { logEvent } from "../../log.ts";
import { type Layer, logFactsOf } from "../call.ts";
import { decodeMessage } from "../protocol/message.ts";

export interface ValidationSettings {
  readonly method: DescMethod; // of one request message
  readonly mode: "report" | "enforce";
  readonly maxBytes: number; // of the message, uncompressed
  readonly validate: Validate<DescMessage, Message>;
}

/**
 * Needs the body whole. What can't be decoded is left to the upstream, which says so better; JSON that a laxer upstream would take
 * for another message than the one checked here (2026-02-30, a key given twice) is refused where the rules are enforced.
 */
export function validate({ method, mode, maxBytes, validate }: ValidationSettings): Layer {
  return (next) => async (call) => {
    const message = await decodeMessage(call, method, maxBytes, mode === "enforce");
    const violations = message === undefined ? [] : validate(method.input, message);
    if (violations.length === 0) return next(call);
    if (mode === "enforce") {
      const told = violations.map(({ field, description }) => `${field === "" ? method.input.name : field}: ${description}`).join("; ");
      throw new Rejected({ kind: "invalid_request", message: told, violations });
    }
    logEvent("validation_would_refuse", { ...logFactsOf(call), fields: violations.map(({ field }) => field) });
    return next(call);
  };
}
