// The routes of a configuration with their handlers. The pipeline of each is compiled once.
import type { DescMethod } from "@bufbuild/protobuf";
import { rewriteOf } from "../../core/config/http-route.ts";
import type { RoutePolicy } from "../../core/config/route.ts";
import { ByteBudget } from "../../core/overload/byte-budget.ts";
import { NO_OTHERS, pathCheck } from "../../core/path/ambiguous-path.ts";
import { type PrefixRewrite, rewriteProblem } from "../../core/path/prefix-rewrite.ts";
import type { HeaderRules } from "../../core/protocol/received-headers.ts";
import type { Rejection } from "../../core/rejection.ts";
import { ownMethods } from "./admin/own-methods.ts";
import type { ApiKeys } from "./auth/keys/api-keys.ts";
import type { VersionParts } from "./background/isolate-parts.ts";
import { keysOf, purgeViewOf, scopeOf, sharedParts } from "./background/shared-parts.ts";
import type { ConcurrencyScope } from "./call/concurrency-scope.ts";
import type { CallObserver } from "./call/end/call-end.ts";
import { observerOf } from "./call/end/observers.ts";
import { HANDLERS, LatestFrame, ROUTES } from "./call/handler-memory.ts";
import { type Handler, type Stack, stack } from "./call/layer.ts";
import { httpRoute, procedureOf, type Route, rpcRoute } from "./call/route.ts";
import { readBindings } from "./configure/bindings.ts";
import type { Configuration } from "./configure/configuration.ts";
import { otherRoutes } from "./configure/other-routes.ts";
import { adminPages, type HandledPage } from "./exposition/admin-pages.ts";
import { collectMemory } from "./metrics/collectors.ts";
import { httpPipeline, pipeline, refuse } from "./pipeline.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import type { ServedMethod } from "./upstream/upstream.ts";

/** A route with the handler of its calls. */
export interface HandledRoute {
  readonly route: Route;
  readonly handle: Handler;
  /** The pipeline behind `handle`, which versions of the configuration share where they say the same of all that it is made of. */
  readonly compiled: () => Handler;
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
  const frame = parts.get("frame of routes", undefined, () => new LatestFrame()).of(shared);
  const routeHeaders = headersOf(policy.headers, parts);

  /** The handler of a route: that of another version, where it is made of the same objects. */
  const handlerOf = (key: object, served: object, settings: RouteSettings, facts: RouteFacts, compile: () => Handler): Handler => {
    if (settings.layers !== undefined) return compile(); // what layers of the team hold is not known
    const { caches, expressions } = shared;
    const { route, scope } = facts;
    const allowed = route.method === undefined ? expressions.prefixes.get(route.path) : expressions.methods.get(route.method);
    const invalidating = (settings.invalidates ?? []).length > 0 ? caches : undefined;
    return HANDLERS.get(key, [served, settings, route, scope, frame, caches.of(route.name), allowed, invalidating], compile);
  };

  const handled = (method: DescMethod, served: ServedMethod, rule?: RestRoute): HandledProcedure => {
    // The admin services share one limit.
    const scopeName = served.access === undefined ? `route ${procedureOf(method).name}` : "admin services";
    const { policy: own, access } = served;
    const headers = routeHeaders(own);
    const caller = access === undefined ? identity : undefined;
    const key = rule ?? served;
    const made = (): Route => rpcRoute(method, own, memory, headers, caller, rule?.template.text);
    const route = ROUTES.get(key, [method, own, memory, headers, caller], made);
    const combined = (combine: Stack, scope = scopeOf(scopeName, own.concurrency, configuration)) =>
      pipeline({ route, method, served, scope }, shared, rule, combine);
    const compiled = once((): Handler => {
      const scope = scopeOf(scopeName, own.concurrency, configuration);
      return handlerOf(key, served, own, { route, scope }, () => combined(stack, scope));
    });
    return { method, isAdmin: access !== undefined, route, served, compiled, handle: (call) => compiled()(call), combined };
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
      const upstream = http.get(prefix)!;
      const headers = routeHeaders(settings);
      const route = ROUTES.get(settings, [memory, headers, identity], () => httpRoute(prefix, settings, memory, headers, identity));
      const combined = (combine: Stack) => httpPipeline({ route, policy: settings, upstream }, shared, combine);
      const compiled = once(() => handlerOf(settings, upstream, settings, { route, scope: shared.scope }, () => combined(stack)));
      const problemOf = once(check);
      return { route, compiled, handle: (call) => compiled()(call), combined, problemOf: (path) => problemOf()(path) };
    });
  const pages = adminPages(configuration, bindings, shared.auth, memory);
  return { pages, procedures, rules, prefixes, refuse: (rejection) => refuse(rejection, stack, observer), keys, observer };
}

/** The check of a route, and that of paths whose prefix is another one at the upstream. */
function prefixCheck(check: HandledPrefix["problemOf"], rewrite: PrefixRewrite | undefined): HandledPrefix["problemOf"] {
  return rewrite === undefined ? check : (path) => check(path) ?? rewriteProblem(path, rewrite);
}

/** What a route needs is made with its first call: most versions of a large configuration serve few of their routes. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What decides whether the handler of a route can be that of another version. */
type RouteSettings = Pick<RoutePolicy, "layers"> & Partial<Pick<RoutePolicy, "invalidates">>;

interface RouteFacts {
  readonly route: Route;
  readonly scope: ConcurrencyScope;
}

/** Makes the rules for headers of a route, whose upstream may need the credentials of the caller. */
function headersOf(rules: HeaderRules, parts: VersionParts): (route: { readonly forwardCredentials: boolean }) => HeaderRules {
  const create = () => ({ rules, forwarding: { ...rules, credentials: NO_CREDENTIALS } });
  const made = parts.get("header rules", rules, create);
  return ({ forwardCredentials }) => (forwardCredentials ? made.forwarding : made.rules);
}

const NO_CREDENTIALS: ReadonlySet<string> = new Set();
