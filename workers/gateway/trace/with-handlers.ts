// The routes of a gateway with other handlers: routing stays as it is.
import type { Rejection } from "../../../core/rejection.ts";
import type { HandledRoute, HandledRoutes } from "../assemble.ts";
import type { Handler } from "../call/layer.ts";

/**
 * @param handlerOf makes the handler of a route; `rule` is the HTTP rule by which calls come in, where they are REST
 * @param refuse    makes the handler of a call that no route takes
 */
export function withHandlers(
  { pages, procedures, rules, prefixes, keys, observer }: HandledRoutes,
  handlerOf: (handled: HandledRoute, rule?: string) => Handler,
  refuse: (rejection: Rejection) => Handler,
): HandledRoutes {
  return {
    pages: new Map([...pages].map(([path, handled]) => [path, { ...handled, handle: handlerOf(handled) }])),
    procedures: new Map([...procedures].map(([path, handled]) => [path, { ...handled, handle: handlerOf(handled) }])),
    rules: new Map(
      [...rules].map(([rule, handled]) => [rule, { ...handled, handle: handlerOf(handled, `${rule.httpMethod} ${rule.template.text}`) }]),
    ),
    prefixes: prefixes.map((handled) => ({ ...handled, handle: handlerOf(handled) })),
    refuse,
    keys,
    observer,
  };
}
