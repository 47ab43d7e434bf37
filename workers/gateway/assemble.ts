// The routes of a configuration with their handlers. The pipeline of each is compiled once.
import type { DescMethod } from "@bufbuild/protobuf";
import { rewriteOf } from "../../core/config/http-route.ts";
import type { ConcurrencyPolicy } from "../../core/config/overload.ts";
import { ByteBudget } from "../../core/overload/byte-budget.ts";
import { NO_OTHERS, pathCheck } from "../../core/path/ambiguous-path.ts";
import { type PrefixRewrite, rewriteProblem } from "../../core/path/prefix-rewrite.ts";
import type { HeaderRules } from "../../core/protocol/received-headers.ts";
import type { Rejection } from "../../core/rejection.ts";
import { ownMethods } from "./admin/own-methods.ts";
import { authentication } from "./auth/authenticators.ts";
import type { ApiKeys } from "./auth/keys/api-keys.ts";
import { isolateKeys } from "./auth/keys/isolate-keys.ts";
import { tagKeys } from "./auth/keys/key-checks.ts";
import { createCaches } from "./cache/caches.ts";
import { KnownPurges, PurgeView } from "./cache/purge/purge-view.ts";
import { ConcurrencyScope, ISOLATE } from "./call/concurrency-scope.ts";
import type { CallObserver } from "./call/end/call-end.ts";
import { observerOf } from "./call/end/observers.ts";
import { type Handler, type Stack, stack } from "./call/layer.ts";
import { httpRoute, procedureOf, type Route, rpcRoute } from "./call/route.ts";
import { type GatewayBindings, readBindings } from "./configure/bindings.ts";
import type { Configuration } from "./configure/configuration.ts";
import { otherRoutes } from "./configure/other-routes.ts";
import { adminPages, type HandledPage } from "./exposition/admin-pages.ts";
import { collectLimiter, collectMemory, collectScope, collectStored } from "./metrics/collectors.ts";
import { httpPipeline, pipeline, refuse, type SharedParts } from "./pipeline.ts";
import type { Limiters } from "./rate-limit/charging.ts";
import { LimiterCounters } from "./rate-limit/counters.ts";
import { ExactBuckets } from "./rate-limit/exact-buckets.ts";
import { LeasedBuckets } from "./rate-limit/leased-buckets.ts";
import { LocalBuckets } from "./rate-limit/local-buckets.ts";
import { PlatformLimits } from "./rate-limit/platform-limits.ts";
import { MAX_BUCKETS } from "./rate-limit/rate-limiter.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import type { ServedMethod } from "./upstream/upstream.ts";

/** A route with the handler of its calls. */
export interface HandledRoute {
  readonly route: Route;
  readonly handle: Handler;
  /** The same layers once more, with the state that routes share, put around one another in another way. */
  readonly combined: (combine: Stack) => Handler;
  readonly served?: ServedMethod; // undefined for plain HTTP
}

export interface HandledProcedure extends HandledRoute {
  readonly method: DescMethod;
  readonly isAdmin: boolean; // only these are served at `admin.host`
}

export interface HandledPrefix extends HandledRoute {
  /** @returns what is wrong with a canonical path; undefined for one that may be forwarded */
  readonly problemOf: (path: string) => string | undefined;
}

export interface HandledRoutes {
  readonly pages: ReadonlyMap<string, HandledPage>; // keyed by path
  readonly procedures: ReadonlyMap<string, HandledProcedure>; // keyed by path
  readonly rules: ReadonlyMap<RestRoute, HandledRoute>;
  readonly prefixes: readonly HandledPrefix[]; // the longest one first
  /** Makes the handler of a call that no route takes. */
  readonly refuse: (rejection: Rejection) => Handler;
  readonly keys: ApiKeys | undefined; // undefined where the configuration has no API keys
  readonly observer: CallObserver | undefined; // it observes the ends of calls
}

/** @param observer of the ends of calls; that of the configuration where it is not given */
export function assemble(configuration: Configuration, observer = observerOf(configuration)): HandledRoutes {
  const { policy, endpoints, rest, http, identity } = configuration;
  const bindings = readBindings(configuration.env);
  const purges = purgeViewOf(configuration, bindings);
  const { parts, metrics } = configuration;
  const memory = parts.get("memory", policy.overload.memory, () => new ByteBudget(policy.overload.memory));
  metrics?.collectPart("memory", memory, collectMemory(memory), parts);
  const keys = keysOf(configuration);
  const shared = sharedParts(configuration, bindings, purges, keys, memory, observer);

  const handled = (method: DescMethod, served: ServedMethod, rule?: RestRoute): HandledProcedure => {
    // The admin services share one limit.
    const scopeName = served.access === undefined ? `route ${procedureOf(method).name}` : "admin services";
    const headers = headersFor(policy.headers, served.policy);
    const route = rpcRoute(method, served.policy, memory, headers, served.access === undefined ? identity : undefined);
    const scope = (): ConcurrencyScope => scopeOf(scopeName, served.policy.concurrency, configuration);
    const combined = (combine: Stack) => pipeline({ route, method, served, scope: scope() }, shared, rule, combine);
    return { method, isAdmin: served.access !== undefined, route, served, handle: atFirstUse(() => combined(stack)), combined };
  };

  const procedures = new Map<string, HandledProcedure>();
  // A method that the configuration lists replaces the gateway's own one of that name.
  for (const [method, served] of [...ownMethods(configuration, bindings, purges, keys), ...endpoints]) {
    const procedure = handled(method, served);
    procedures.set(procedure.route.path, procedure);
  }
  const rules = new Map(rest.routes.map((rule) => [rule, handled(rule.method, endpoints.get(rule.method)!, rule)] as const));
  const templates = rest.routes.map(({ template }) => template);
  const prefixes = [...policy.httpRoutes]
    .toSorted(([one], [other]) => other.length - one.length)
    .map(([prefix, settings]): HandledPrefix => {
      const check = (): HandledPrefix["problemOf"] => {
        const others = otherRoutes(prefix, policy.httpRoutes.keys(), procedures.keys(), templates);
        const forwardsAmbiguous = (settings.ambiguousPaths ?? (others === undefined ? "forward" : "refuse")) === "forward";
        return prefixCheck(pathCheck(forwardsAmbiguous, others ?? NO_OTHERS), rewriteOf(prefix, settings));
      };
      const route = httpRoute(prefix, settings, memory, headersFor(policy.headers, settings), identity);
      const combined = (combine: Stack) => httpPipeline({ route, policy: settings, upstream: http.get(prefix)! }, shared, combine);
      return { route, handle: atFirstUse(() => combined(stack)), combined, problemOf: atFirstUse(check) };
    });
  const pages = adminPages(configuration, bindings.audits, shared.auth, memory);
  return { pages, procedures, rules, prefixes, refuse: (rejection) => refuse(rejection, stack, observer), keys, observer };
}

/** The check of a route, and that of paths whose prefix is another one at the upstream. */
function prefixCheck(check: HandledPrefix["problemOf"], rewrite: PrefixRewrite | undefined): HandledPrefix["problemOf"] {
  return rewrite === undefined ? check : (path) => check(path) ?? rewriteProblem(path, rewrite);
}

/** What a route needs is made with its first call: most versions of a large configuration serve few of their routes. */
function atFirstUse<In, Out>(make: () => (input: In) => Out): (input: In) => Out {
  let made: ((input: In) => Out) | undefined;
  return (input) => {
    made ??= make();
    return made(input);
  };
}

/** The rules for headers of a route, whose upstream may need the credentials of the caller. */
function headersFor(rules: HeaderRules, { forwardCredentials }: { readonly forwardCredentials: boolean }): HeaderRules {
  return forwardCredentials ? { ...rules, credentials: NO_CREDENTIALS } : rules;
}

const NO_CREDENTIALS: ReadonlySet<string> = new Set();

function scopeOf(name: string, policy: ConcurrencyPolicy, { parts, metrics }: Configuration): ConcurrencyScope {
  const scope = parts.get(`scope ${name}`, policy, () => new ConcurrencyScope(name, policy));
  metrics?.collectPart(`scope ${name}`, scope, collectScope(scope), parts);
  return scope;
}

function sharedParts(
  configuration: Configuration,
  bindings: GatewayBindings,
  purges: PurgeView | undefined,
  keys: ApiKeys | undefined,
  memory: ByteBudget,
  observer: CallObserver | undefined,
): SharedParts {
  const { policy, endpoints, types, validate, parts, metrics } = configuration;
  const caches = createCaches(policy, endpoints, purges, bindings.cache, memory, parts);
  metrics?.collectPart("stored responses", caches.stores, collectStored(caches.stores), parts);
  return {
    gateway: policy,
    limiters: limitersOf(policy.rateLimitShards, bindings, configuration),
    scope: scopeOf(ISOLATE, policy.overload.isolate, configuration),
    caches,
    types,
    validator: validate,
    auth: authentication(policy.auth, {
      exchange: configuration.exchange,
      nonceLogs: bindings.nonceLogs,
      env: configuration.env,
      keys,
      parts,
    }),
    expressions: configuration.expressions,
    layers: configuration.layers,
    observer,
    secretOf: (name) => String(configuration.env[name]), // the configuration has been checked: it is a text
  };
}

function limitersOf(shards: number, bindings: GatewayBindings, { env, parts, metrics }: Configuration): Limiters {
  const buckets = bindings.buckets!; // the configuration has been checked: the binding exists where a route is limited
  const counters = parts.get("limiter counters", undefined, () => new LimiterCounters());
  metrics?.collectPart("limiters", counters, collectLimiter(counters), parts);
  return {
    local: parts.get("local buckets", undefined, () => new PlatformLimits(new LocalBuckets(MAX_BUCKETS), env)),
    leased: parts.get("leases", shards, () => new LeasedBuckets(buckets, shards, MAX_BUCKETS, counters)),
    exact: parts.get("exact buckets", shards, () => new ExactBuckets(buckets, shards, counters)),
  };
}

function keysOf({ policy: { auth }, exchange, env, parts }: Configuration): ApiKeys | undefined {
  if (auth.keys === undefined || exchange === undefined) return undefined;
  return isolateKeys(auth.keys, tagKeys(auth.keys, env), exchange, parts);
}

function purgeViewOf({ policy, exchange, parts }: Configuration, { purgeLogs }: GatewayBindings): PurgeView | undefined {
  if (purgeLogs === undefined || exchange === undefined || policy.purge === undefined) return undefined;
  const create = (): KnownPurges => {
    const made = new KnownPurges();
    exchange.add(made);
    return made;
  };
  const known = parts.get("purges", undefined, create, (ended) => exchange.remove(ended));
  return new PurgeView({ logs: purgeLogs, exchange, ...policy.purge }, known);
}
