// Settings without any effect, since something else that they need is missing or off.
import { join } from "../../../core/config/problems.ts";
import { type CheckedRoute, type Facts, fieldsOf, type Rule, type Suspicion, warning, writtenAt, writtenIn } from "./facts.ts";

export const elsewhereRules: Rule = (facts) => [
  ...facts.routes.flatMap((route) => [...streamSettings(route), ...retries(route, facts), ...bodies(route, facts)]),
  ...services(facts),
  ...floors(facts),
];

/** Settings of streams, in the own settings of a unary method. */
function streamSettings({ path, method, levels }: CheckedRoute): Suspicion[] {
  if (method === undefined) return [];
  const own = levels[0]!.written;
  const takesStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const useless = [
    ...(takesStream ? [] : ["requestStreamIdleMs", "messageCost"]),
    ...(method.methodKind === "unary" ? ["streamTimeoutMs", "streamIdleMs"] : []),
    ...(method.methodKind === "unary" ? [] : ["retries"].filter((name) => takesStream && fieldsOf(own[name])["max"] !== undefined)),
  ];
  return useless
    .filter((name) => own[name] !== undefined && own[name] !== 0)
    .map((name) =>
      warning(
        join(path, name),
        `${name} of ${method.name}, which ${KINDS[method.methodKind]}`,
        "remove it, or write it for a method that it is about",
      ),
    );
}

const KINDS = {
  unary: "is unary",
  server_streaming: "takes one message",
  client_streaming: "takes a stream of requests",
  bidi_streaming: "takes a stream of requests",
};

function retries(route: CheckedRoute, { policy }: Facts): Suspicion[] {
  if (route.method === undefined || !("retries" in route.policy)) return [];
  const { max } = route.policy.retries;
  const at = writtenIn(route, "retries", "max") ?? writtenAt(route, "hedging");
  const { percent, minPerSecond } = policy.services.get(route.method.parent.typeName)!.upstream.retryBudget;
  if (at === undefined || percent > 0 || minPerSecond > 0 || (max === 0 && route.policy.hedging === undefined)) return [];
  return [
    warning(
      at,
      `${max} retries, and a retryBudget of the upstream that pays for none`,
      "write a percent or minPerSecond above 0 in upstream.retryBudget, or retries: false",
    ),
  ];
}

/** Bodies that no isolate has the memory for. */
function bodies(route: CheckedRoute, { policy: { overload } }: Facts): Suspicion[] {
  const most = Math.floor(overload.memory.maxBytes * overload.memory.callerShare);
  return (["maxBodyBytes", "maxResponseBytes"] as const).flatMap((name) => {
    const at = writtenAt(route, name);
    const bytes = route.policy[name];
    if (at === undefined || route.method === undefined || bytes <= most) return [];
    const fix = `write at most ${most}, or more overload.memoryBytes: one caller gets overload.callerShare of it`;
    return [
      warning(at, `${bytes} bytes above ${most}, the memory that one caller gets in an isolate: such calls are refused with 503`, fix),
    ];
  });
}

/** Limits of calls in flight in a method that are above those of the whole isolate. */
function floors({ policy: { overload }, routes }: Facts): Suspicion[] {
  return routes.flatMap((route) => {
    const at = writtenIn(route, "concurrency", "max");
    if (at === undefined || !("concurrency" in route.policy) || route.policy.concurrency.max <= overload.isolate.max) return [];
    return [
      warning(
        at,
        `${route.policy.concurrency.max} calls above overload.maxInFlight ${overload.isolate.max}`,
        "write less: the isolate refuses calls before",
      ),
    ];
  });
}

/** Settings of a service for methods it does not have. */
function services({ services: listed, written, policy }: Facts): Suspicion[] {
  return listed.flatMap(({ typeName, methods }) => {
    const own = fieldsOf(fieldsOf(written["services"])[typeName]);
    const path = join("services", typeName);
    const problems: Suspicion[] = [];
    const cacheable = [...policy.services.get(typeName)!.methods].some(
      ([name]) => methods.find((method) => method.name === name)?.idempotency === 1,
    );
    for (const name of ["hedging", "cache"]) {
      if (own[name] !== undefined && own[name] !== false && !cacheable)
        problems.push(
          warning(
            join(path, name),
            `${name} for ${typeName}, which has no method without side effects`,
            'write idempotency: "no_side_effects" for the methods that change nothing, or remove it',
          ),
        );
    }
    return problems;
  });
}
