// Compiles the pipeline of each route, once, when the configuration loads.
import type { DescMethod } from "@bufbuild/protobuf";
import { breakerMethods } from "./admin/breakers.ts";
import { discoveryMethods } from "./admin/discovery.ts";
import { purgeMethods } from "./admin/purge.ts";
import { registryMethods } from "./admin/registry.ts";
import { createCaches } from "./cache/caches.ts";
import { PurgeView } from "./cache/purge/purge-view.ts";
import type { Handler } from "./call/layer.ts";
import { httpRoute, procedureOf, type Route, rpcRoute } from "./call/route.ts";
import { type GatewayBindings, readBindings } from "./configure/bindings.ts";
import type { Configuration } from "./configure/configuration.ts";
import type { Limiters } from "./layers/rate-limit.ts";
import { ConcurrencyScope } from "./layers/shed.ts";
import { httpPipeline, pipeline, type SharedParts } from "./pipeline.ts";
import { ExactBuckets } from "./rate-limit/exact-buckets.ts";
import { LeasedBuckets } from "./rate-limit/leased-buckets.ts";
import { LocalBuckets } from "./rate-limit/local-buckets.ts";
import { MAX_BUCKETS } from "./rate-limit/rate-limiter.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import type { ServedMethod } from "./upstream/upstream.ts";

/** A route with the handler of its calls. */
export interface HandledRoute {
  readonly route: Route;
  readonly handle: Handler;
}

export interface HandledProcedure extends HandledRoute {
  readonly method: DescMethod;
}

export interface HandledRoutes {
  readonly procedures: ReadonlyMap<string, HandledProcedure>; // keyed by path
  readonly rules: ReadonlyMap<RestRoute, HandledRoute>;
  readonly prefixes: readonly HandledRoute[]; // the longest prefix first
}

export function assemble(configuration: Configuration): HandledRoutes {
  const { policy, endpoints, rest, http } = configuration;
  const bindings = readBindings(configuration.env);
  const purges = purgeViewOf(configuration, bindings);
  const shared = sharedParts(configuration, bindings, purges);

  const scopes = new Map<DescMethod, ConcurrencyScope>();
  const handled = (method: DescMethod, served: ServedMethod, rule?: RestRoute): HandledProcedure => {
    const scope = scopes.get(method) ?? new ConcurrencyScope(`route ${procedureOf(method).name}`, served.policy.concurrency);
    scopes.set(method, scope);
    const route = rpcRoute(method, served.policy.maxBodyBytes, policy.principalHeader);
    return { method, route, handle: pipeline({ route, method, served, scope }, shared, rule) };
  };

  const procedures = new Map<string, HandledProcedure>();
  // A method that the configuration lists replaces the gateway's own one of that name.
  for (const [method, served] of [...ownMethods(configuration, bindings, purges), ...endpoints]) {
    const procedure = handled(method, served);
    procedures.set(procedure.route.path, procedure);
  }
  const rules = new Map(rest.routes.map((rule) => [rule, handled(rule.method, endpoints.get(rule.method)!, rule)] as const));
  const prefixes = [...policy.httpRoutes]
    .toSorted(([one], [other]) => other.length - one.length)
    .map(([prefix, settings]): HandledRoute => {
      const route = httpRoute(prefix, settings.maxBodyBytes, policy.principalHeader);
      return { route, handle: httpPipeline({ route, policy: settings, upstream: http.get(prefix)! }, shared) };
    });
  return { procedures, rules, prefixes };
}

function sharedParts(configuration: Configuration, bindings: GatewayBindings, purges: PurgeView | undefined): SharedParts {
  const { policy, endpoints, types, validate } = configuration;
  return {
    gateway: policy,
    limiters: limitersOf(policy.rateLimitShards, bindings),
    scope: new ConcurrencyScope("isolate", policy.overload.isolate),
    caches: createCaches(policy, endpoints, purges, bindings.cache),
    types,
    validator: validate,
  };
}

function limitersOf(shards: number, bindings: GatewayBindings): Limiters {
  const buckets = bindings.buckets!; // the configuration has been checked: the binding exists where a route is limited
  return {
    local: new LocalBuckets(MAX_BUCKETS),
    leased: new LeasedBuckets(buckets, shards, MAX_BUCKETS),
    exact: new ExactBuckets(buckets, shards),
  };
}

function purgeViewOf({ policy }: Configuration, { purgeLogs }: GatewayBindings): PurgeView | undefined {
  return purgeLogs === undefined || policy.purge === undefined ? undefined : new PurgeView({ logs: purgeLogs, ...policy.purge });
}

/** The methods of the gateway's own services, as far as they are configured. */
function ownMethods(configuration: Configuration, bindings: GatewayBindings, purges: PurgeView | undefined): [DescMethod, ServedMethod][] {
  const { policy, endpoints, tokens } = configuration;
  const { defaults, registry } = policy;
  const { rings, breakers } = bindings; // the configuration has been checked: those of services that are on exist
  const methods: [DescMethod, ServedMethod][] = [];
  if (policy.discovery) {
    const upstreams = new Map([...endpoints].map(([{ parent }, { upstream }]) => [parent.typeName, upstream] as const));
    methods.push(...discoveryMethods(endpoints, defaults, (service) => upstreams.get(service)?.status?.() ?? "serving"));
  }
  if (registry !== undefined) {
    const registered = [...policy.services].filter(([, { upstream }]) => upstream.registry);
    const services = new Set(registered.map(([name]) => name));
    const nativeGrpc = new Set(registered.filter(([, { upstream }]) => upstream.protocol === "grpc").map(([name]) => name));
    methods.push(...registryMethods({ ...registry, token: tokens.registry, services, nativeGrpc, rings: rings! }, defaults));
  }
  if (purges !== undefined) methods.push(...purgeMethods(purges, tokens.purge, defaults));
  if (policy.breakers !== undefined)
    methods.push(...breakerMethods(policy, policy.breakers, { token: tokens.breakers, breakers: breakers!, rings }));
  return methods;
}
