// Whether the caller may do what it calls for, by the expression of the route.
import { type CompiledAllow, expressionFault } from "../auth/allowed.ts";
import { type RefusalParts, refuse } from "../auth/refuse.ts";
import { Enforcer } from "../call/enforcer.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";

/** The expression, where it reads nothing of the message: refused calls cost no memory. */
export function authorizeByHead(parts: RefusalParts, allow: CompiledAllow | undefined): Layer | undefined {
  return allow === undefined || allow.expression.readsMessage ? undefined : authorize(parts, allow);
}

/** The expression, where it reads the message. */
export function authorizeByMessage(parts: RefusalParts, allow: CompiledAllow | undefined): Layer | undefined {
  return allow?.expression.readsMessage === true ? needsWholeBody(authorize(parts, allow)) : undefined;
}

function authorize(parts: RefusalParts, allow: CompiledAllow): Layer {
  const enforcer = new Enforcer("allow", "", allow);
  return (next) => (call) => {
    const reason = expressionFault(allow, call);
    call.trace?.note("authorize", { "allow.mode": allow.mode, isAllowed: reason === undefined });
    if (reason === undefined) enforcer.allowed(call);
    else if (enforcer.refuses(call, reason)) refuse(parts, call, { kind: "permission_denied", reason });
    return next(call);
  };
}
