// Settings of plain HTTP behind the gateway, by the prefix of its paths.
import { BREAKER_SETTINGS, type BreakerPolicy, parseBreaker } from "./breaker.ts";
import type { CachePolicy } from "./cache.ts";
import { type Cost, tokens } from "./cost.ts";
import { isInEveryRequest } from "./hash-on.ts";
import { parseThrottle, THROTTLE_SETTINGS, type ThrottlePolicy } from "./overload.ts";
import { type Checks, join } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import { parseRoute, ROUTE_SETTINGS, type RoutePolicy } from "./route.ts";
import type { Rules } from "./route-limits.ts";
import { block, type InputOf, readByCode } from "./setting.ts";
import { parseUpstream, type UpstreamPolicy, upstream } from "./upstream.ts";

const { readTimeoutMs, maxBodyBytes, rateLimits, cache } = ROUTE_SETTINGS.entries;

export const HTTP_ROUTE_SETTINGS = block({
  upstream: readByCode(upstream, "Where requests go.", { shape: "upstream", shownDefault: "required" }),
  breaker: readByCode(BREAKER_SETTINGS, "When calls are refused at once because the upstream is failing.", { shape: "see `breaker`" }),
  throttle: readByCode(THROTTLE_SETTINGS, "When calls are held back from an upstream that refuses most of them.", {
    shape: "see `throttle`",
  }),
  readTimeoutMs,
  maxBodyBytes,
  rateLimits,
  cost: readByCode(tokens, "Tokens that one request takes from each rule.", { shape: "tokens", shownDefault: "1" }),
  cache,
});

export type HttpRouteInput = InputOf<typeof HTTP_ROUTE_SETTINGS>;

export interface HttpRoutePolicy {
  readonly upstream: UpstreamPolicy;
  readonly breaker: BreakerPolicy;
  readonly throttle: ThrottlePolicy;
  readonly readTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly cache: CachePolicy | undefined;
}

const PREFIX = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]+\/)*$/;

/** @param outer the defaults of all routes, without those of the cache */
export function parseHttpRoutes(
  check: Checks,
  path: string,
  value: unknown,
  outer: RoutePolicy,
  rules: Rules,
): ReadonlyMap<string, HttpRoutePolicy> {
  const routes = check.entries(path, value).map(([prefix, settings]) => {
    const at = join(path, prefix);
    const isCanonical = PREFIX.test(prefix) && !/\/\.\.?\//.test(prefix);
    if (!isCanonical) check.report(at, prefix, 'write a path that starts and ends with "/": "/assets/"');
    return [prefix, parseHttpRoute(check, at, settings, outer, rules)] as const;
  });
  return new Map(routes);
}

function parseHttpRoute(check: Checks, path: string, value: unknown, outer: RoutePolicy, rules: Rules): HttpRoutePolicy {
  const fields = check.fields(path, value, Object.keys(HTTP_ROUTE_SETTINGS.entries));
  const { upstream: target, breaker, throttle } = fields;
  const route = parseRoute(check, path, fields, outer, rules, "http");
  const read = parseUpstream(check, join(path, "upstream"), target);
  if (!isInEveryRequest(read.hashOn))
    check.report(`${path}.upstream.hashOn`, "a field, or a cookie to be made", "use what calls of plain HTTP bring by themselves");
  if (read.protocol === "grpc") check.report(`${path}.upstream.protocol`, "grpc", "leave it out: plain HTTP is forwarded as it comes");
  return {
    upstream: read,
    breaker: parseBreaker(check, join(path, "breaker"), breaker),
    throttle: parseThrottle(check, join(path, "throttle"), throttle),
    readTimeoutMs: route.readTimeoutMs,
    maxBodyBytes: route.maxBodyBytes,
    rateLimits: route.rateLimits,
    cost: route.cost,
    cache: route.cache,
  };
}
