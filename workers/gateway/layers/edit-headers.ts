// Edits header fields as the route is configured: those of requests to its upstream, and those of responses to callers.
import { editFields, type HeaderEdits } from "../../../core/header-edits/header-edits.ts";
import type { BoundValue, CallFact } from "../../../core/header-edits/value-template.ts";
import { callFact } from "../call/call-facts.ts";
import type { Layer } from "../call/layer.ts";

type Edits = HeaderEdits<BoundValue> | undefined;

/** Once per call: all its attempts, copies and fallbacks have the same fields. @returns undefined for a route without edits */
export function editRequest(edits: Edits): Layer | undefined {
  if (edits === undefined) return undefined;
  return (next) => (call) => {
    editFields(call.outgoing.headers, edits, (fact: CallFact) => callFact(call, fact));
    return next(call);
  };
}

/** Stored responses and refusals are edited, too, each for its own caller: nothing of it is stored. @returns undefined for a route without edits */
export function editResponse(edits: Edits): Layer | undefined {
  if (edits === undefined) return undefined;
  return (next) => async (call) => {
    const response = await next(call);
    editFields(response.headers, edits, (fact: CallFact) => callFact(call, fact), response.status >= 400);
    return response;
  };
}
