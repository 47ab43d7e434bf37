// Plain HTTP behind the gateway, by the prefix of its paths, as an operator writes it.

import { type BreakerInput, type BreakerPolicy, parseBreaker } from "./breaker.ts";
import type { CacheInput, CachePolicy } from "./cache.ts";
import type { Cost } from "./cost.ts";
import { isInEveryRequest } from "./hash-on.ts";
import { parseThrottle, type ThrottleInput, type ThrottlePolicy } from "./overload.ts";
import { type Checks, join } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";

export interface HttpRouteInput {
  readonly upstream: UpstreamInput;
  /** When calls are refused at once, because the upstream is failing. */
  readonly breaker?: BreakerInput;
  /** What is kept from an upstream that turns most calls away. */
  readonly throttle?: ThrottleInput;
  /** Time for a call, its body among it. Default 15 000 ms. */
  readonly readTimeoutMs?: number;
  /** Largest request body. Default 1 048 576 bytes. */
  readonly maxBodyBytes?: number;
  /** Names of the rules in `rateLimits` that a call must pass. Default: those of `defaults`. */
  readonly rateLimits?: readonly string[];
  readonly cost?: number;
  /** Keeps answers; false for none. Default false. */
  readonly cache?: CacheInput | boolean;
}

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

const FIELDS = ["upstream", "breaker", "throttle", "readTimeoutMs", "maxBodyBytes", "rateLimits", "cost", "cache"];
const PREFIX = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]+\/)*$/;

/** @param routeOf reads the fields that such a route has in common with a method */
export function parseHttpRoutes(
  check: Checks,
  path: string,
  value: unknown,
  routeOf: (path: string, fields: Readonly<Record<string, unknown>>) => Omit<HttpRoutePolicy, "upstream" | "breaker" | "throttle">,
): ReadonlyMap<string, HttpRoutePolicy> {
  const routes = new Map<string, HttpRoutePolicy>();
  for (const [prefix, settings] of check.entries(path, value)) {
    const at = join(path, prefix);
    const isCanonical = PREFIX.test(prefix) && !/\/\.\.?\//.test(prefix);
    if (!isCanonical) check.report(at, prefix, 'write a path that starts and ends with "/": "/assets/"');
    const { upstream, breaker, throttle, ...fields } = check.fields(at, settings, FIELDS);
    const { readTimeoutMs, maxBodyBytes, rateLimits, cost, cache } = routeOf(at, fields);
    const target = parseUpstream(check, join(at, "upstream"), upstream);
    if (!isInEveryRequest(target.hashOn))
      check.report(`${at}.upstream.hashOn`, "a field, or a cookie to be made", "use what calls of plain HTTP bring by themselves");
    if (target.protocol === "grpc") check.report(`${at}.upstream.protocol`, "grpc", "leave it out: plain HTTP is forwarded as it comes");
    routes.set(prefix, {
      upstream: target,
      breaker: parseBreaker(check, join(at, "breaker"), breaker),
      throttle: parseThrottle(check, join(at, "throttle"), throttle),
      readTimeoutMs,
      maxBodyBytes,
      rateLimits,
      cost,
      cache,
    });
  }
  return routes;
}
