// Which Worker may call which methods of a service.
import { type MethodPattern, methodsNamed } from "./method-pattern.ts";

export interface CallRule {
  /** Name of a Worker in `identity.callers`, or of the gateway. */
  readonly from: string;
  /** `users.v1.UserService/GetUser`, `users.v1.UserService/*` or `*`. */
  readonly methods: readonly MethodPattern[];
}

/** Why a call is refused. The caller learns none of it. */
export type RuleRefusal = "caller_unproven" | "method_not_allowed";

/** Decides by the calling Worker and the method. @param from undefined where it is not proven */
export type Allow = (from: string | undefined, method: string) => RuleRefusal | undefined;

/**
 * A Worker may call what the rules with its name list, together. The gateway, which authorizes callers itself, may call everything unless
 * a rule has its name.
 *
 * @param callers names of the Workers that are believed
 * @param methods methods of the service, `users.v1.UserService/GetUser`
 * @throws Error for a rule about an unknown Worker or method
 */
export function callRules(rules: readonly CallRule[], gateway: string, callers: readonly string[], methods: readonly string[]): Allow {
  const allowed = new Map<string, Set<string>>();
  for (const [index, { from, methods: patterns }] of rules.entries()) {
    const path = `identity.allow[${index}]`;
    if (from !== gateway && !callers.includes(from)) {
      throw new Error(`${path}.from: found "${from}", which is neither the gateway nor listed in identity.callers; add it there`);
    }
    const named = allowed.get(from) ?? new Set();
    for (const method of methodsNamed(patterns, methods, `${path}.methods`)) named.add(method);
    allowed.set(from, named);
  }
  const isGatewayFree = !allowed.has(gateway);
  return (from, method) => {
    if (from === undefined) return "caller_unproven";
    if (from === gateway && isGatewayFree) return undefined;
    return allowed.get(from)?.has(method) === true ? undefined : "method_not_allowed";
  };
}
