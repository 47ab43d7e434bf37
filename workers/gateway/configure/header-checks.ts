// Values of header fields that do not fit the route or the secrets of the Worker.
import type { DescMethod } from "@bufbuild/protobuf";
import type { CachePolicy } from "../../../core/config/cache.ts";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { Problem } from "../../../core/config/problems.ts";
import { editedValues, type HeaderEdits, secretsOf } from "../../../core/header-edits/header-edits.ts";
import { type CallFact, factsIn, isSendable } from "../../../core/header-edits/value-template.ts";
import { isCacheable } from "../cache/cacheable.ts";
import type { Bindings } from "../upstream/destination.ts";
import type { ServedMethod } from "../upstream/upstream.ts";

interface EditedRoute {
  readonly name: string; // shown in the path of a problem
  readonly requestHeaders: HeaderEdits | undefined;
  readonly cache: CachePolicy | undefined; // undefined where responses are not stored
}

export function headerProblems(policy: GatewayPolicy, endpoints: ReadonlyMap<DescMethod, ServedMethod>, env: Bindings): Problem[] {
  const methods = [...endpoints].map(([method, { policy: route }]): EditedRoute => {
    const cache = isCacheable(method) ? route.cache : undefined;
    return { name: `${method.parent.typeName}.${method.name}`, requestHeaders: route.requestHeaders, cache };
  });
  const routes = [...methods, ...[...policy.httpRoutes].map(([name, route]): EditedRoute => ({ name, ...route }))];
  return [...routes.flatMap(cachedFactProblems), ...secretProblems(routes, env)];
}

const OF_PRINCIPAL: readonly CallFact[] = ["auth.principal", "auth.subject", "auth.owner", "auth.plan"];

/** A response that was requested with a fact of one caller would be stored for others. */
function cachedFactProblems({ name, requestHeaders, cache }: EditedRoute): Problem[] {
  if (cache === undefined || requestHeaders === undefined) return [];
  const facts = editedValues(requestHeaders).flatMap(factsIn);
  const isFit = (fact: CallFact): boolean => fact === "route.name" || (cache.scope === "principal" && OF_PRINCIPAL.includes(fact));
  const found = facts.find((fact) => !isFit(fact));
  if (found === undefined) return [];
  const scope = OF_PRINCIPAL.includes(found) ? ', write cache: { scope: "principal" }' : "";
  const fix = `leave it out${scope}, or turn the cache of this route off: a stored response is for other callers, too`;
  return [{ path: `requestHeaders of ${name}`, found: `{${found}} on a route with a cache`, fix }];
}

/** Each secret is reported once. */
function secretProblems(routes: readonly EditedRoute[], env: Bindings): Problem[] {
  const owners = new Map<string, string>();
  for (const { name, requestHeaders } of routes) {
    if (requestHeaders === undefined) continue;
    for (const secret of secretsOf(requestHeaders)) if (!owners.has(secret)) owners.set(secret, name);
  }
  return [...owners].flatMap(([secret, owner]): Problem[] => {
    const path = `requestHeaders of ${owner}`;
    const value = env[secret];
    const fix = `set the secret ${secret}: ${secret}=... in .dev.vars here, wrangler secret put ${secret} when deployed`;
    if (value === undefined) return [{ path, found: "no secret of that name", fix, missingSecret: secret }];
    if (typeof value === "string" && isSendable(value)) return [];
    return [
      { path, found: `${secret} with characters that no header can have`, fix: "store visible ASCII characters, without a line end" },
    ];
  });
}
