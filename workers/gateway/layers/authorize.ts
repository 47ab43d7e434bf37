// Whether the caller may do what it calls for, by the expression of the route.
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { type CompiledAllow, expressionFault } from "../auth/allowed.ts";
import { type RefusalParts, refuse } from "../auth/refuse.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { logFactsOf } from "../call.ts";

/** The expression, where it reads nothing of the message: refused calls cost no memory. */
export function authorizeByHead(parts: RefusalParts, allow: CompiledAllow | undefined): Layer | undefined {
  return allow === undefined || allow.expression.readsMessage ? undefined : authorize(parts, allow);
}

/** The expression, where it reads the message. */
export function authorizeByMessage(parts: RefusalParts, allow: CompiledAllow | undefined): Layer | undefined {
  return allow?.expression.readsMessage === true ? needsWholeBody(authorize(parts, allow)) : undefined;
}

function authorize(parts: RefusalParts, allow: CompiledAllow): Layer {
  const logged = sampled();
  return (next) => (call) => {
    const reason = expressionFault(allow, call);
    if (reason === undefined) return next(call);
    if (allow.mode === "enforce") refuse(parts, call, { kind: "permission_denied", reason });
    const calls = logged(Date.now());
    if (calls > 0) logEvent("authorization_would_refuse", { ...logFactsOf(call), reason, calls });
    return next(call);
  };
}
