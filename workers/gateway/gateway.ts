// Compiles each route's pipeline, once, and takes each request to its own.
import type { DescMethod } from "@bufbuild/protobuf";
import type { RoutePolicy } from "../../core/config/route.ts";
import { canonicalPath } from "../../core/path.ts";
import type { Rejection } from "../../core/rejection.ts";
import type { PathMatch } from "../../core/transcode/path-trie.ts";
import type { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
import type { HashRing } from "../../durable-objects/hash-ring.ts";
import type { TokenBucket } from "../../durable-objects/token-bucket.ts";
import { breakerMethods } from "./admin/breakers.ts";
import { discoveryMethods } from "./admin/discovery.ts";
import { redirectToReference, wantsPage } from "./admin/front-page.ts";
import { purgeMethods } from "./admin/purge.ts";
import { registryMethods } from "./admin/registry.ts";
import { warmUp } from "./background/warm-up.ts";
import { createCaches } from "./cache/caches.ts";
import { PurgeView } from "./cache/purge/purge-view.ts";
import type { Handler } from "./call/layer.ts";
import { httpRouteOf, NO_ROUTE, type Route, routeOf } from "./call/route.ts";
import { Call } from "./call.ts";
import type { Configuration } from "./configure/configuration.ts";
import { ConcurrencyScope } from "./layers/shed.ts";
import { httpPipeline, pipeline, refuse } from "./pipeline.ts";
import { asGet, withoutBody } from "./protocol/head.ts";
import { allowsConnectGet, CONNECT_UNARY, detectProtocol, negotiateProtocol, REST } from "./protocol/protocol.ts";
import { inTextMode, isTextMode } from "./protocol/text-mode.ts";
import { ExactBuckets } from "./rate-limit/exact-buckets.ts";
import { LeasedBuckets } from "./rate-limit/leased-buckets.ts";
import { LocalBuckets } from "./rate-limit/local-buckets.ts";
import { MAX_BUCKETS } from "./rate-limit/rate-limiter.ts";
import type { RestRoute } from "./transcode/rules/rules.ts";
import type { ServedMethod } from "./upstream/upstream.ts";

/** @param url of the request, where somebody has asked for it already: making the string costs something */
export type Gateway = (request: Request, url?: string) => Promise<Response>;

interface Served {
  readonly route: Route;
  readonly handler: Handler;
}

/** What a resource of plain HTTP may allow; which of them it does, its upstream decides. */
const FORWARDED_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/** One request after the other, each to the handler of its own route. */
export function createGateway({ policy, endpoints, rest, types, validate, ...bound }: Configuration): Gateway {
  const buckets = bound.buckets as DurableObjectNamespace<TokenBucket>;
  const shards = policy.rateLimitShards;
  const limiters = {
    local: new LocalBuckets(MAX_BUCKETS),
    leased: new LeasedBuckets(buckets, shards, MAX_BUCKETS),
    exact: new ExactBuckets(buckets, shards),
  };
  const maxBytes = policy.maxUrlBytes;
  const isolate = new ConcurrencyScope("isolate", policy.overload.isolate);
  const byMethod = new Map<DescMethod, ConcurrencyScope>();
  const placesOf = (method: DescMethod, { concurrency }: RoutePolicy) => {
    const route = byMethod.get(method) ?? new ConcurrencyScope(`route ${method.parent.typeName}/${method.name}`, concurrency);
    byMethod.set(method, route);
    return { isolate, route };
  };
  const { principalHeader } = policy;
  const byProcedure = new Map<string, Served & { method: DescMethod }>();
  // What an operator has listed goes where the configuration says; discovery is ours where nobody has.
  const upstreams = new Map([...endpoints].map(([{ parent }, { upstream }]) => [parent.typeName, upstream] as const));
  const statusOf = (service: string) => upstreams.get(service)?.status?.() ?? "serving";
  const own = policy.discovery ? discoveryMethods(endpoints, policy.defaults, statusOf) : [];
  const { registry } = policy;
  const services = new Set([...policy.services].filter(([, { upstream }]) => upstream.registry).map(([name]) => name));
  const nativeGrpc = new Set([...services].filter((name) => policy.services.get(name)?.upstream.protocol === "grpc"));
  const registering =
    registry === undefined
      ? []
      : registryMethods(
          { ...registry, token: bound.registryToken, services, nativeGrpc, rings: bound.rings as DurableObjectNamespace<HashRing> },
          policy.defaults,
        );
  const objects = { breakers: bound.breakers as DurableObjectNamespace<CircuitBreaker>, rings: bound.rings };
  const operating =
    policy.breakers === undefined ? [] : breakerMethods(policy, policy.breakers, { token: bound.operatorToken, ...objects });
  const purges =
    bound.purgeLogs === undefined || policy.purge === undefined ? undefined : new PurgeView({ logs: bound.purgeLogs, ...policy.purge });
  const purging = purges === undefined ? [] : purgeMethods(purges, bound.purgeToken, policy.defaults);
  const caches = createCaches(policy, endpoints, purges, bound.namespace);
  const routed = (method: DescMethod, endpoint: ServedMethod, rule?: RestRoute): Served => {
    const places = placesOf(method, endpoint.policy);
    const route = routeOf(method, endpoint.policy.maxBodyBytes, principalHeader);
    const handler = pipeline({ method, ...endpoint, limiters, places, gateway: policy, validate, caches, types }, rule);
    return { route, handler };
  };
  for (const [method, endpoint] of [...own, ...registering, ...purging, ...operating, ...endpoints]) {
    const served = routed(method, endpoint);
    byProcedure.set(served.route.path, { method, ...served });
  }
  const byRule = new Map<RestRoute, Served>();
  for (const rule of rest.routes) byRule.set(rule, routed(rule.method, endpoints.get(rule.method)!, rule));
  const byPrefix = [...policy.httpRoutes]
    .toSorted(([one], [other]) => other.length - one.length) // the longest one that fits
    .map(([prefix, policyOf]): Served => {
      const upstream = bound.http.get(prefix)!;
      const cache = caches.of(prefix);
      const handler = httpPipeline({ route: prefix, policy: policyOf, upstream, limiters, place: isolate, cache, gateway: policy });
      return { route: httpRouteOf(prefix, policyOf.maxBodyBytes, principalHeader), handler };
    });

  const warm = warmUp(new Set([...endpoints.values()].map(({ upstream }) => upstream)));
  return async (request, url = request.url) => {
    const receivedAt = Date.now();
    const at = canonicalPath(url);
    if (at.kind === "invalid") return refused(request, "", receivedAt, { kind: "invalid_path", message: at.problem });
    const { path, query } = at;
    if (url.length > maxBytes) {
      const spoken = request.method === "GET" && byProcedure.has(path) ? CONNECT_UNARY : detectProtocol(request);
      return refused(request, path, receivedAt, { kind: "url_too_long", maxBytes }, spoken);
    }
    if (!path.startsWith("/tidegate.")) warm(); // who registers comes before those who call

    const rpc = byProcedure.get(path);
    if (rpc !== undefined) {
      if (request.method === "HEAD" && allowsConnectGet(rpc.method))
        return withoutBody(await rpc.handler(new Call(asGet(request), CONNECT_UNARY, rpc.route, path, query, receivedAt)), false);
      const protocol = negotiateProtocol(request, rpc.method);
      if ("refusal" in protocol) return refused(request, path, receivedAt, protocol.refusal, protocol.spoken);
      if (protocol.kind === "grpc_web" && isTextMode(request, protocol.contentType)) {
        return inTextMode(request, protocol.contentType, (binary, contentType) =>
          rpc.handler(new Call(binary, { kind: "grpc_web", contentType }, rpc.route, path, query, receivedAt)),
        );
      }
      return rpc.handler(new Call(request, protocol, rpc.route, path, query, receivedAt));
    }
    const match = rest.match(request.method, path);
    const isTrace = request.method === "TRACE"; // never forwarded: it would show a script what the gateway adds to a request
    if (match.kind === "found" && !isTrace) {
      const { route, handler } = byRule.get(match.route)!;
      if (request.method !== "HEAD") return handler(new Call(request, REST, route, path, query, receivedAt, match.variables));
      const response = await handler(new Call(asGet(request), REST, route, path, query, receivedAt, match.variables));
      return withoutBody(response, match.route.method.methodKind === "unary");
    }
    const http = byPrefix.find(({ route }) => path.startsWith(route.path));
    if (isTrace && (http !== undefined || match.kind === "found"))
      return refused(request, path, receivedAt, { kind: "method_not_allowed", method: "TRACE", allow: FORWARDED_METHODS });
    if (http !== undefined) return http.handler(new Call(request, REST, http.route, path, query, receivedAt));
    if (detectProtocol(request).kind !== "rest") return refused(request, path, receivedAt, { kind: "unknown_procedure", procedure: path });
    if (match.kind === "unknown_path") {
      if (path === "/" && wantsPage(request)) return redirectToReference();
      return refused(request, path, receivedAt, { kind: "unknown_path", path });
    }
    return refused(request, path, receivedAt, { kind: "method_not_allowed", method: request.method, allow: allowed(match) });
  };
}

/** The methods at a path, as Allow lists them: HEAD comes with GET. */
function allowed(match: PathMatch<RestRoute>): readonly string[] {
  if (match.kind !== "method_not_allowed") return FORWARDED_METHODS;
  const { allow } = match;
  return allow.includes("GET") && !allow.includes("HEAD") ? [...allow, "HEAD"].sort() : allow;
}

function refused(
  request: Request,
  path: string,
  receivedAt: number,
  rejection: Rejection,
  protocol = detectProtocol(request),
): Promise<Response> {
  return refuse(rejection)(new Call(request, protocol, NO_ROUTE, path, "", receivedAt));
}
