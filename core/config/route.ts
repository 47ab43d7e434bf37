// Settings of a route: of a method, of all methods of a service, or of all methods.
import * as v from "valibot";
import { CACHE_SETTINGS, type CachePolicy, parseCache, tags } from "./cache.ts";
import { type Cost, cost, ONE } from "./cost.ts";
import { FALLBACK_SETTINGS, type FallbackPolicy, NO_FALLBACK, parseFallback } from "./fallback.ts";
import { CONCURRENCY, CONCURRENCY_SETTINGS, type ConcurrencyPolicy, criticality, parseConcurrency } from "./overload.ts";
import { type Checks, join } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import { readFields } from "./read.ts";
import { HEDGING_SETTINGS, type HedgePolicy, parseHedging, parseRetries, RETRIES, RETRY_SETTINGS, type RetryPolicy } from "./retry.ts";
import { parseRouteLimits, type Rules } from "./route-limits.ts";
import { block, choice, defaultsOf, type InputOf, MODES, type PolicyOf, readByCode, setting, unlimited, whole } from "./setting.ts";

const off = v.literal(false);

/** The most specific setting of a field holds as a whole: method, else service, else defaults. Nothing is merged. */
export const ROUTE_SETTINGS = block({
  readTimeoutMs: setting(
    whole(1, 3_600_000, "ms"),
    15_000,
    "Time for a unary call, all attempts included. A caller may request less, not more. The time that is left, less a margin of 10 % and at most 20 ms, is sent to the upstream.",
  ),
  streamTimeoutMs: setting(whole(1, 86_400_000, "ms"), 3_600_000, "Longest life of a stream; shorter where the caller requests it."),
  streamIdleMs: unlimited(whole(1, 86_400_000, "ms"), "Longest silence of the upstream within a stream.", "as long as the stream may live"),
  maxBodyBytes: setting(
    whole(1, 104_857_600, "bytes"),
    1_048_576,
    "Largest request message, decompressed and without its envelope. A compressed one has the same limit as it is sent.",
  ),
  validate: setting(
    choice(MODES),
    "off",
    'Whether request messages are checked against the protovalidate rules of their protos: violations are logged (`report`), or refused with `invalid_argument` and every violation (`enforce`). Needs `main = "workers/gateway/validating.ts"` in wrangler.toml; single messages only, no streams of requests.',
  ),
  rateLimits: readByCode(v.array(v.string()), "Names of the rules in `rateLimits` that a call has to pass, all of them.", {
    shape: "names",
    shownDefault: "none",
  }),
  cost: readByCode(
    cost,
    "Tokens that one call takes from each rule: a number of at most the smallest capacity, a value that the response states, or a function of the message.",
    { shape: "tokens, `{ header, estimate, max }`, or `{ of, max }`", shownDefault: "1" },
  ),
  retries: readByCode(v.union([off, RETRY_SETTINGS]), "Retries of calls that fail and are safe to repeat; `false` for none.", {
    shape: "the fields below, or `false`",
    shownDefault: "the defaults below",
  }),
  hedging: readByCode(
    v.union([off, HEDGING_SETTINGS]),
    "A second attempt at another endpoint for unary reads (`NO_SIDE_EFFECTS`) that take longer than nearly all calls of their method; `false` for none.",
    { shape: "the fields below, or `false`", shownDefault: "`false`" },
  ),
  fallback: readByCode(v.union([off, FALLBACK_SETTINGS]), "What responds while the upstream is down; `false` for nothing.", {
    shape: "the fields below, or `false`",
    shownDefault: "`false`",
  }),
  criticality: setting(criticality, "critical", "How important a call is where not all can be served.", {
    shape: '`"sheddable"`, `"sheddable_plus"`, `"critical"`, `"critical_plus"`',
  }),
  concurrency: readByCode(CONCURRENCY_SETTINGS, "Calls of the method in flight, in one isolate.", {
    shape: "the fields below",
    shownDefault: "the defaults below",
  }),
  cache: readByCode(
    v.union([v.boolean(), CACHE_SETTINGS]),
    "Whether responses are stored ([caching](caching.md)). Only for unary methods with `NO_SIDE_EFFECTS`, by their proto or by `idempotency`.",
    { shape: "the fields below, or a boolean", shownDefault: "`false`" },
  ),
  invalidates: setting(
    tags,
    [],
    "Tags that a successful call purges, such as `user:{user.id}` with fields of its message. For methods that are not cached.",
  ),
});

export type RouteInput = InputOf<typeof ROUTE_SETTINGS>;
type Plain = PolicyOf<typeof ROUTE_SETTINGS>;
type ReadByCode = "rateLimits" | "cost" | "retries" | "hedging" | "fallback" | "concurrency" | "cache";

export interface RoutePolicy extends Omit<Plain, ReadByCode> {
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly retries: RetryPolicy;
  readonly fallback: FallbackPolicy;
  readonly hedging: HedgePolicy | undefined;
  readonly concurrency: ConcurrencyPolicy;
  readonly cache: CachePolicy | undefined;
}

export const DEFAULTS: RoutePolicy = {
  ...defaultsOf(ROUTE_SETTINGS),
  rateLimits: [],
  cost: ONE,
  retries: RETRIES,
  fallback: NO_FALLBACK,
  hedging: undefined,
  concurrency: CONCURRENCY,
  cache: undefined,
};

/** @param fields an object whose keys have been checked */
export function parseRoute(
  check: Checks,
  path: string,
  fields: Readonly<Record<string, unknown>>,
  outer: RoutePolicy,
  rules: Rules,
  kind: "rpc" | "http" = "rpc",
): RoutePolicy {
  const read = readFields(check, path, ROUTE_SETTINGS, fields, outer);
  return {
    ...read,
    retries: parseRetries(check, join(path, "retries"), read.retries, outer.retries),
    fallback: parseFallback(check, join(path, "fallback"), read.fallback, outer.fallback),
    hedging: parseHedging(check, join(path, "hedging"), read.hedging, outer.hedging),
    concurrency: parseConcurrency(check, join(path, "concurrency"), read.concurrency, outer.concurrency),
    cache: parseCache(check, join(path, "cache"), read.cache, outer.cache, kind),
    ...parseRouteLimits(check, path, fields, outer, rules),
  };
}
