// Settings of a route: of a method, of all methods of a service, or of all methods.
import * as v from "valibot";
import type { HeaderEdits } from "../header-edits/header-edits.ts";
import { WITHHELD_FIELDS } from "../headers.ts";
import { MAX_INFLATION } from "../protocol/inflation.ts";
import { type AddressPolicy, ALL_CALLERS, parseAddresses } from "./auth/addresses.ts";
import { type AllowPolicy, parseAllow } from "./auth/allow.ts";
import { checkRouteAuth, parseRouteAuth, ROUTE_AUTH, type RouteAuthPolicy } from "./auth.ts";
import { CACHE_SETTINGS, type CachePolicy, parseCache, tags } from "./cache.ts";
import { type Cost, cost, ONE } from "./cost.ts";
import { ENFORCED, ENFORCEMENT_SHAPE, type Enforcement, enforcement, parseEnforcement } from "./enforcement.ts";
import { FALLBACK_SETTINGS, type FallbackPolicy, NO_FALLBACK, parseFallback } from "./fallback.ts";
import { parseHeaderEdits, requestHeaders, responseHeaders } from "./header-edits.ts";
import { type LayersPolicy, layers, parseLayers } from "./layers.ts";
import { CONCURRENCY, CONCURRENCY_SETTINGS, type ConcurrencyPolicy, criticality, parseConcurrency } from "./overload.ts";
import { type Checks, join } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import { readFields } from "./read.ts";
import { HEDGING_SETTINGS, type HedgePolicy, parseHedging, parseRetries, RETRIES, RETRY_SETTINGS, type RetryPolicy } from "./retry.ts";
import { parseRouteLimits, type Rules } from "./route-limits.ts";
import { block, choice, defaultsOf, flag, type InputOf, list, type PolicyOf, readByCode, setting, unlimited, whole } from "./setting.ts";

const off = v.literal(false);

/** The most specific setting of a field holds as a whole: method, else service, else defaults. Nothing is merged. */
export const ROUTE_SETTINGS = block({
  readTimeoutMs: setting(
    whole(1, 3_600_000, "ms"),
    15_000,
    "Time for a unary call, all attempts included. A caller may request less, not more. The time that is left, less a margin of 10 % and at most 20 ms, is sent to the upstream.",
  ),
  bodyIdleMs: setting(
    whole(1, 3_600_000, "ms"),
    10_000,
    "Longest silence of a caller within its request message; a message of up to 64 KiB has to be complete in this time. A call that waits for it takes no place in the limits of calls in flight, and gets 408 then. All of a message has to come within `readTimeoutMs`, also where its response is a stream.",
  ),
  requestStreamIdleMs: setting(
    whole(1, 86_400_000, "ms"),
    300_000,
    "Longest silence between the messages of a stream of requests, while its response is silent, too.",
  ),
  streamTimeoutMs: setting(
    whole(1, 86_400_000, "ms"),
    3_600_000,
    "Longest life of a stream; shorter where the caller requests it, and where Cloudflare updates its runtime.",
  ),
  streamIdleMs: unlimited(whole(1, 86_400_000, "ms"), "Longest silence of the upstream within a stream.", "as long as the stream may live"),
  maxBodyBytes: setting(
    whole(1, 104_857_600, "bytes"),
    1_048_576,
    "Largest request message, decompressed and without its envelope. A compressed one has the same limit as it is sent.",
  ),
  maxInflation: setting(
    whole(1, 2_000, "times"),
    MAX_INFLATION,
    "How often a compressed request message may be larger than it is sent, beyond 64 KiB. 1,100 allows whatever gzip can do; a larger message is refused with `resource_exhausted`.",
  ),
  maxMessageElements: setting(
    whole(1, 10_000_000, "elements"),
    100_000,
    "Most elements of a request message that the gateway decodes: fields, including those of nested messages, list items and map entries; a nested message or unknown field of less than 11 bytes counts once more for each byte that it lacks. They are counted before it is decoded, in messages of at least 4 KiB.",
  ),
  maxResponseBytes: setting(
    whole(1, 104_857_600, "bytes"),
    16_777_216,
    "Largest response of the upstream: of a unary call the whole body as it is sent, of a stream each message. A larger one is a fault of the upstream (`resource_exhausted`).",
  ),
  maxResponseElements: setting(
    whole(1, 10_000_000, "elements"),
    500_000,
    "Most elements of a response message that the gateway decodes, for REST callers and to store it; counted as those of `maxMessageElements`. More are a fault of the upstream (`resource_exhausted`).",
  ),
  forwardResponseHeaders: setting(
    list(choice(WITHHELD_FIELDS), WITHHELD_FIELDS.length, `write a list of ${WITHHELD_FIELDS.join(", ")}`, "names of headers"),
    [],
    `Headers of the upstream that callers get although the gateway removes them by default: ${WITHHELD_FIELDS.map((name) => `\`${name}\``).join(", ")}.`,
  ),
  serverTiming: setting(
    flag,
    false,
    "Whether responses have `Server-Timing`: ms of the gateway (`gw`), at the upstream (`up`), until the call was sent (`q`), and whether the cache responded. Every caller can read it.",
  ),
  requestHeaders,
  responseHeaders,
  layers,
  validate: readByCode(
    enforcement(),
    'Whether request messages are checked against the protovalidate rules of their protos: violations are logged (`report`), or refused with `invalid_argument` and the first 20 violations (`enforce`). So are messages that cannot be read, or that servers read in different ways ([validation](protos.md#validation)). Needs `main = "workers/gateway/validating.ts"` in wrangler.toml; single messages only, no streams of requests.',
    { shape: ENFORCEMENT_SHAPE, shownDefault: '`"off"`' },
  ),
  ...ROUTE_AUTH,
  rateLimits: readByCode(v.array(v.string()), "Names of the rules in `rateLimits` that a call has to pass, all of them.", {
    shape: "names",
    shownDefault: "none",
  }),
  cost: readByCode(
    cost,
    "Tokens that one call takes from each rule: a number of at most the smallest capacity, a value that the response states, or a function of the message.",
    { shape: "tokens, `{ header, estimate, max }`, or `{ of, max }`", shownDefault: "1" },
  ),
  messageCost: setting(
    whole(0, 1_000, "tokens"),
    0,
    "Tokens that each further message of a request stream takes from each rule, as it arrives; 0 counts a stream as one call.",
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
    "Tags that a successful call purges, such as `user:{user.id}` with fields of its message. For methods that are not cached. Where a tag has fields, a message that cannot be read is refused.",
  ),
});

export type RouteInput = InputOf<typeof ROUTE_SETTINGS>;
type Plain = PolicyOf<typeof ROUTE_SETTINGS>;
type ReadByCode =
  | ("auth" | "validate" | "addresses" | "allow" | "rateLimits" | "cost" | "retries" | "hedging" | "fallback" | "concurrency" | "cache")
  | ("requestHeaders" | "responseHeaders" | "layers");

export interface RoutePolicy extends Omit<Plain, ReadByCode>, RouteAuthPolicy {
  readonly validate: Enforcement;
  readonly addresses: AddressPolicy;
  readonly allow: AllowPolicy | undefined;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly retries: RetryPolicy;
  readonly fallback: FallbackPolicy;
  readonly hedging: HedgePolicy | undefined;
  readonly concurrency: ConcurrencyPolicy;
  readonly cache: CachePolicy | undefined;
  readonly requestHeaders: HeaderEdits | undefined; // towards the upstream
  readonly responseHeaders: HeaderEdits | undefined; // towards the caller
  readonly layers: LayersPolicy | undefined; // layers of the team
}

export const DEFAULTS: RoutePolicy = {
  ...defaultsOf(ROUTE_SETTINGS),
  auth: "off",
  authEnforcement: ENFORCED,
  validate: { mode: "off", percent: 100 },
  addresses: ALL_CALLERS,
  allow: undefined,
  rateLimits: [],
  cost: ONE,
  retries: RETRIES,
  fallback: NO_FALLBACK,
  hedging: undefined,
  concurrency: CONCURRENCY,
  cache: undefined,
  requestHeaders: undefined,
  responseHeaders: undefined,
  layers: undefined,
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
  const { auth, authEnforcement } = parseRouteAuth(check, join(path, "auth"), read.auth, outer);
  checkRouteAuth(check, path, { auth, scopes: read.scopes }, fields);
  const policy: RoutePolicy = {
    ...read,
    auth,
    authEnforcement,
    validate: parseEnforcement(check, join(path, "validate"), read.validate, outer.validate),
    addresses: parseAddresses(check, join(path, "addresses"), read.addresses, outer.addresses),
    allow: parseAllow(check, join(path, "allow"), read.allow, outer.allow),
    retries: parseRetries(check, join(path, "retries"), read.retries, outer.retries),
    fallback: parseFallback(check, join(path, "fallback"), read.fallback, outer.fallback),
    hedging: parseHedging(check, join(path, "hedging"), read.hedging, outer.hedging),
    concurrency: parseConcurrency(check, join(path, "concurrency"), read.concurrency, outer.concurrency),
    cache: parseCache(check, join(path, "cache"), read.cache, outer.cache, kind),
    requestHeaders: parseHeaderEdits(check, join(path, "requestHeaders"), fields["requestHeaders"], outer.requestHeaders, "request", kind),
    responseHeaders: parseHeaderEdits(
      check,
      join(path, "responseHeaders"),
      fields["responseHeaders"],
      outer.responseHeaders,
      "response",
      kind,
    ),
    layers: parseLayers(check, join(path, "layers"), fields["layers"], outer.layers),
    ...parseRouteLimits(check, path, fields, outer, rules),
  };
  check.sources?.inherits(policy, path, outer);
  return policy;
}
