// Settings of the cache that do not fit a method, a route of plain HTTP, or the bindings.
import type { DescMethod } from "@bufbuild/protobuf";
import { provesOf } from "../../../core/config/auth.ts";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { join, type Problem } from "../../../core/config/problems.ts";
import { needsMessage } from "../../../core/config/rate-limit.ts";
import { cacheProblems, methodCacheProblems, tagProblems } from "../cache/cacheable.ts";
import type { ServedMethod } from "../upstream/upstream.ts";

/**
 * Each setting is reported once, however many methods it holds for.
 *
 * @param namespace the binding CACHE
 */
export function cachingProblems(policy: GatewayPolicy, endpoints: ReadonlyMap<DescMethod, ServedMethod>, namespace: unknown): Problem[] {
  const served = [...endpoints.values()];
  const routes = [...served.map((endpoint) => endpoint.policy), ...policy.httpRoutes.values()];
  const caches = new Set(routes.flatMap(({ cache }) => cache ?? []));
  const facts = { provesPrincipals: provesOf(policy.auth).principals, namespace };
  const users = new Map<unknown, number>(); // methods by the list of what they invalidate
  for (const { policy: route } of served) users.set(route.invalidates, (users.get(route.invalidates) ?? 0) + 1);
  const methodProblems = [...endpoints].flatMap(([method, { policy: route }]) => {
    const isOwn = users.get(route.invalidates) === 1;
    if (route.cache === undefined && !isOwn) return [];
    const path = join(`${join("services", method.parent.typeName)}.methods`, method.name);
    return [
      ...(route.cache === undefined ? [] : methodCacheProblems(method, route.cache, path)),
      ...(isOwn ? tagProblems(method, route.invalidates, join(path, "invalidates")) : []),
    ];
  });
  return [...[...caches].flatMap((cache) => cacheProblems(cache, facts)), ...methodProblems, ...httpLimitProblems(policy)];
}

/** Plain HTTP has no messages that a rule or a cost could read. */
function httpLimitProblems({ httpRoutes }: GatewayPolicy): Problem[] {
  const reading = [...httpRoutes].filter(([, { rateLimits, cost }]) => needsMessage(rateLimits, cost));
  const fix = "use rules and a cost that need none";
  return reading.map(([prefix]) => ({ path: join("httpRoutes", prefix), found: "a rule that looks into messages", fix }));
}
