// Plain HTTP behind the gateway, by the prefix of its paths, as an operator writes it.
import type { CacheInput, CachePolicy } from "./cache/policy.ts";
import type { Cost } from "./limit/cost.ts";
import type { RateLimitRule } from "./limit/rule.ts";
import { type Checks, join } from "./parse.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";

export interface HttpRouteInput {
  readonly upstream: UpstreamInput;
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
  readonly readTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly cache: CachePolicy | undefined;
}

const FIELDS = ["upstream", "readTimeoutMs", "maxBodyBytes", "rateLimits", "cost", "cache"];
const PREFIX = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]+\/)*$/;

/** @param routeOf reads the fields that such a route has in common with a method */
export function parseHttpRoutes(
  check: Checks,
  path: string,
  value: unknown,
  routeOf: (path: string, fields: Readonly<Record<string, unknown>>) => Omit<HttpRoutePolicy, "upstream">,
): ReadonlyMap<string, HttpRoutePolicy> {
  const routes = new Map<string, HttpRoutePolicy>();
  for (const [prefix, settings] of check.entries(path, value)) {
    const at = join(path, prefix);
    const isCanonical = PREFIX.test(prefix) && !/\/\.\.?\//.test(prefix);
    if (!isCanonical) check.report(at, prefix, 'write a path that starts and ends with "/": "/assets/"');
    const { upstream, ...fields } = check.fields(at, settings, FIELDS);
    const { readTimeoutMs, maxBodyBytes, rateLimits, cost, cache } = routeOf(at, fields);
    routes.set(prefix, {
      upstream: parseUpstream(check, join(at, "upstream"), upstream),
      readTimeoutMs,
      maxBodyBytes,
      rateLimits,
      cost,
      cache,
    });
  }
  return routes;
}
