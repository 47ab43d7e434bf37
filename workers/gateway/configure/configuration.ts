// Holds gateway.config.ts against the protos and the Worker's bindings, and tells every problem at once.
import type { DescMethod, DescService, Registry } from "@bufbuild/protobuf";
import { type GatewayInput, type GatewayPolicy, parsePolicy } from "../../../core/config/gateway.ts";
import { describe, join, type Problem } from "../../../core/config/problems.ts";
import { needsMessage } from "../../../core/config/rate-limit.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import { cacheProblems, methodCacheProblems, tagProblems } from "../cache/cacheable.ts";
import type { PurgeLogNamespace } from "../cache/purge/purge-log-binding.ts";
import { compileRest, type RestTable } from "../transcode/rules/rules.ts";
import { canaryName, fallbackName, mirrorName } from "../upstream/breaker-names.ts";
import type { CircuitBreakers } from "../upstream/breaker-reports.ts";
import { versioned } from "../upstream/canary.ts";
import type { Bindings } from "../upstream/destination.ts";
import { endpointListSettings, type HashRings } from "../upstream/endpoint-list.ts";
import { pool } from "../upstream/pool.ts";
import type { ServedMethod, Upstream } from "../upstream/upstream.ts";
import { parseDescriptors } from "./descriptors.ts";
import { configuredRules, overridden, overrideProblems, refusedRule, skippedRule } from "./overrides.ts";
import {
  healthProblems,
  hedgingProblems,
  limitProblems,
  staticResponseOf,
  upstreamProblems,
  type Validator,
  validationProblem,
} from "./route-checks.ts";
import { typesOf } from "./types.ts";

/** A configuration that fits: what may be called, under which policy, and where it runs. */
export interface Configuration {
  readonly policy: GatewayPolicy;
  readonly services: readonly DescService[]; // those that are listed, with what the configuration says in place of their protos
  readonly endpoints: ReadonlyMap<DescMethod, ServedMethod>;
  readonly rest: RestTable;
  readonly types: Registry; // of error details and Any fields
  readonly warnings: readonly string[]; // what does not keep the gateway from starting, a line each
  readonly http: ReadonlyMap<string, Upstream>; // by prefix
  readonly validate: Validator | undefined;
  readonly buckets: unknown; // the binding TOKEN_BUCKET; there where a route is limited
  readonly rings: HashRings | undefined; // the binding HASH_RING; there where endpoints may register
  readonly registryToken: string; // "" where none may
  readonly breakers: unknown; // the binding CIRCUIT_BREAKER; there where operators have a word
  readonly operatorToken: string; // "" where they have none
  readonly namespace: unknown; // the binding CACHE; there where a route shares answers by KV
  readonly purgeLogs: PurgeLogNamespace | undefined; // the binding PURGE_LOG; there where answers may be purged
  readonly purgeToken: string; // "" where none may
}

/** All that is wrong with a configuration: path, what was found, and the fix. */
export class InvalidConfiguration extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(["gateway.config.ts is not valid:", ...problems.map((problem) => `  ${describe(problem)}`)].join("\n"));
    this.name = "InvalidConfiguration";
    this.problems = problems;
  }
}

/**
 * @param input    what gateway.config.ts exports
 * @param catalog  the services known by their protos
 * @param bindings the Worker's environment
 * @param validate what holds messages to their rules, where the entry brings it
 * @throws InvalidConfiguration with every problem
 */
export function configure(input: GatewayInput, catalog: readonly DescService[], bindings: Bindings, validate?: Validator): Configuration {
  const described = parseDescriptors(input?.descriptors, catalog);
  const known = [...catalog, ...described.services];
  const linked = known.map(({ typeName, methods }) => [typeName, methods.map(({ name }) => name)] as const);
  const parsed = parsePolicy(
    input,
    new Map([...described.unlinked.map(({ typeName, methods }) => [typeName, methods] as const), ...linked]),
  );
  if (parsed.kind === "invalid") throw new InvalidConfiguration([...described.problems, ...parsed.problems]);
  const { policy } = parsed;

  const types = typesOf(known, described.files);
  const byName = new Map(known.map((service) => [service.typeName, service]));
  const served = [...policy.services].flatMap(([name, { methodOverrides: overrides }]) => {
    const service = byName.get(name);
    return service === undefined ? [] : [overridden(service, overrides)];
  });
  const unlinked = described.unlinked.filter(({ typeName }) => policy.services.has(typeName));
  const {
    table,
    problems: unsupported,
    mistakes,
  } = compileRest(served, { ...policy.rest, registry: types }, configuredRules(policy.services));
  const isRefused = policy.rest.onUnsupportedRule === "refuse";
  const problems = [
    ...described.problems,
    ...unlinked.map(({ problem }) => problem),
    ...mistakes,
    ...(isRefused ? unsupported.map(refusedRule) : []),
  ];
  const endpoints = new Map<DescMethod, ServedMethod>();
  for (const service of served) {
    const settings = policy.services.get(service.typeName)!;
    problems.push(
      ...upstreamProblems(service, settings),
      ...overrideProblems(service, settings.methodOverrides),
      ...hedgingProblems(service, settings),
    );
    const upstream = upstreamOf(service.typeName, policy, bindings);
    if (upstream === undefined) {
      const { upstream: base, traffic } = settings;
      const all = [
        base,
        ...(traffic?.canaries ?? []).map(({ upstream }) => upstream),
        ...(traffic?.mirror ? [traffic.mirror.upstream] : []),
      ];
      const found = JSON.stringify(all.flatMap(({ endpoints }) => endpoints.map(({ target }) => target)));
      const fix = "name a service binding that wrangler.toml has, or add this one to it";
      problems.push({ path: `${join("services", service.typeName)}.upstream`, found, fix: fix });
      continue;
    }
    const pools = new Map<UpstreamPolicy, Upstream | undefined>(); // a fallback that methods share is one upstream
    for (const method of service.methods) {
      const route = settings.methods.get(method.name)!;
      const { upstream: other } = route.fallback;
      if (other !== undefined && !pools.has(other))
        pools.set(other, poolOf(fallbackName(service.typeName, pools.size), service.typeName, other, policy, bindings));
      const answer = staticResponseOf(method, route.fallback.response);
      if ("found" in answer) problems.push({ path: `fallback.response of ${service.typeName}.${method.name}`, ...answer });
      else if (other !== undefined && pools.get(other) === undefined) {
        const found = JSON.stringify(other.endpoints.map(({ target }) => target));
        const fix = "name a service binding that wrangler.toml has, or add this one to it";
        problems.push({ path: `fallback.upstream of ${service.typeName}.${method.name}`, found, fix: fix });
      } else
        endpoints.set(method, { policy: route, upstream, fallback: { upstream: other && pools.get(other), response: answer.message } });
    }
  }
  const http = new Map<string, Upstream>();
  for (const [prefix, { upstream: policyOf }] of policy.httpRoutes) {
    const upstream = poolOf(prefix, prefix, { ...policyOf, timeoutHeader: "as_called" }, policy, bindings);
    const fix = "name a service binding that wrangler.toml has, or add this one to it";
    if (upstream === undefined) problems.push({ path: `${join("httpRoutes", prefix)}.upstream`, found: "no such binding", fix: fix });
    else http.set(prefix, upstream);
  }
  const policies = [
    ...[...endpoints.values()].map((endpoint) => endpoint.policy),
    ...(policy.discovery ? [policy.defaults] : []),
    ...policy.httpRoutes.values(),
  ];
  if (bindings["TOKEN_BUCKET"] === undefined && policies.some(({ rateLimits }) => rateLimits.length > 0)) {
    const fix = "bind the Durable Object class TokenBucket as TOKEN_BUCKET in wrangler.toml";
    problems.push({ path: "rateLimits", found: "no binding TOKEN_BUCKET", fix: fix });
  }
  const { registry, purge, breakers } = policy;
  if (bindings["HASH_RING"] === undefined) problems.push(...healthProblems(policy));
  if (registry !== undefined) problems.push(...adminProblems("registry", registry.tokenBinding, "HashRing", "HASH_RING", bindings));
  if (purge !== undefined) problems.push(...adminProblems("purge", purge.tokenBinding, "PurgeLog", "PURGE_LOG", bindings));
  if (breakers !== undefined)
    problems.push(...adminProblems("breakers", breakers.tokenBinding, "CircuitBreaker", "CIRCUIT_BREAKER", bindings));
  for (const [method, endpoint] of endpoints) {
    const problem = endpoint.policy.validate === "off" ? undefined : validationProblem(method, validate);
    if (problem !== undefined) problems.push({ path: `validate of ${method.parent.typeName}.${method.name}`, ...problem });
  }
  for (const [method, { policy: route }] of endpoints) problems.push(...limitProblems(method, route));
  problems.push(...cachingProblems(policy, endpoints, bindings["CACHE"]));
  if (problems.length > 0) throw new InvalidConfiguration(problems);
  return {
    policy,
    services: served,
    endpoints,
    rest: table,
    types,
    warnings: unsupported.map(skippedRule),
    http,
    validate,
    buckets: bindings["TOKEN_BUCKET"],
    rings: ringsOf(bindings),
    registryToken: registry === undefined ? "" : String(bindings[registry.tokenBinding]),
    breakers: bindings["CIRCUIT_BREAKER"],
    operatorToken: breakers === undefined ? "" : String(bindings[breakers.tokenBinding]),
    namespace: bindings["CACHE"],
    purgeLogs: bindings["PURGE_LOG"] as PurgeLogNamespace | undefined,
    purgeToken: purge === undefined ? "" : String(bindings[purge.tokenBinding]),
  };
}

/** What a service's calls go to; undefined where a binding is missing. */
function upstreamOf(service: string, gateway: GatewayPolicy, bindings: Bindings): Upstream | undefined {
  const { upstream, traffic } = gateway.services.get(service)!;
  const own = poolOf(service, service, upstream, gateway, bindings);
  if (own === undefined || traffic === undefined) return own;
  const canaries = traffic.canaries.map(({ name, upstream: policy }) =>
    poolOf(canaryName(service, name), service, policy, gateway, bindings),
  );
  const mirror = traffic.mirror && poolOf(mirrorName(service), service, traffic.mirror.upstream, gateway, bindings);
  if (canaries.includes(undefined) || (traffic.mirror !== undefined && mirror === undefined)) return undefined;
  return versioned({ own, canaries: canaries as Upstream[], mirror }, traffic);
}

/** A pool of endpoints. Its name stands in messages to callers: it is never the address or the binding of an endpoint. */
function poolOf(name: string, service: string, policy: UpstreamPolicy, gateway: GatewayPolicy, bindings: Bindings): Upstream | undefined {
  const { registry } = gateway;
  const rings = ringsOf(bindings);
  const endpointList = rings && endpointListSettings({ name, service, policy, pollMs: registry?.pollMs, rings });
  const { breaker, throttle } = (gateway.services.get(service) ?? gateway.httpRoutes.get(service))!;
  const breakers = bindings["CIRCUIT_BREAKER"] as CircuitBreakers | undefined;
  return pool({ name, service: name, policy, breaker, breakers, throttle, endpointList }, bindings);
}

/** What a service of the gateway's own needs: its object, and a secret that is hard to guess. */
function adminProblems(path: string, secret: string, className: string, binding: string, bindings: Bindings): Problem[] {
  const problems: Problem[] = [];
  const token = bindings[secret];
  if (bindings[binding] === undefined) {
    const fix = `bind the Durable Object class ${className} as ${binding} in wrangler.toml`;
    problems.push({ path, found: `no binding ${binding}`, fix: fix });
  }
  if (typeof token !== "string" || token.length < 16) {
    const fix = `set the secret ${secret} to at least 16 characters: ${secret}=... in .dev.vars here, wrangler secret put ${secret} when deployed`;
    const at = `${path}.tokenBinding`;
    if (token === undefined) problems.push({ path: at, found: "no secret of that name", fix: fix, missingSecret: secret });
    else
      problems.push({
        path: at,
        found: typeof token === "string" ? "a shorter secret" : `a binding ${secret} that is no secret`,
        fix: fix,
      });
  }
  return problems;
}

function ringsOf(bindings: Bindings): HashRings | undefined {
  return bindings["HASH_RING"] as HashRings | undefined;
}

/** Each setting once, however many methods it holds for. */
function cachingProblems(policy: GatewayPolicy, endpoints: ReadonlyMap<DescMethod, ServedMethod>, namespace: unknown): Problem[] {
  const problems: Problem[] = [];
  const routes = [...[...endpoints.values()].map((endpoint) => endpoint.policy), ...policy.httpRoutes.values()];
  const caches = new Set(routes.flatMap(({ cache }) => cache ?? []));
  for (const cache of caches) problems.push(...cacheProblems(cache, { principalHeader: policy.principalHeader, namespace }));
  for (const [method, { policy: route }] of endpoints) {
    const at = join(`${join("services", method.parent.typeName)}.methods`, method.name);
    if (route.cache !== undefined) problems.push(...methodCacheProblems(method, route.cache, at));
    const isOwn = [...endpoints.values()].filter((other) => other.policy.invalidates === route.invalidates).length === 1;
    if (isOwn) problems.push(...tagProblems(method, route.invalidates, join(at, "invalidates")));
  }
  for (const [prefix, { rateLimits, cost }] of policy.httpRoutes) {
    if (needsMessage(rateLimits, cost))
      problems.push({
        path: join("httpRoutes", prefix),
        found: "a rule that looks into messages",
        fix: "use rules and a cost that need none",
      });
  }
  return problems;
}
