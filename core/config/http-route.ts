// Settings of plain HTTP behind the gateway, by the prefix of its paths.
import * as v from "valibot";
import type { HeaderEdits } from "../header-edits/header-edits.ts";
import type { PrefixRewrite } from "../path/prefix-rewrite.ts";
import type { AddressPolicy } from "./auth/addresses.ts";
import type { AllowPolicy } from "./auth/allow.ts";
import type { RouteAuthPolicy } from "./auth.ts";
import { BREAKER_SETTINGS, type BreakerPolicy, parseBreaker } from "./breaker.ts";
import type { CachePolicy } from "./cache.ts";
import { type Cost, tokens } from "./cost.ts";
import { isInEveryRequest } from "./hash-on.ts";
import type { LayersPolicy } from "./layers.ts";
import { parseThrottle, THROTTLE_SETTINGS, type ThrottlePolicy } from "./overload.ts";
import { ParsedBlocks } from "./parsed-blocks.ts";
import { type Checks, join } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import { readFields } from "./read.ts";
import { parseRoute, ROUTE_SETTINGS, type RoutePolicy } from "./route.ts";
import type { Rules } from "./route-limits.ts";
import { block, choice, flag, type InputOf, type PolicyOf, readByCode, setting, text, whole } from "./setting.ts";
import { parseUpstream, type UpstreamPolicy, upstream } from "./upstream.ts";

const { readTimeoutMs, bodyIdleMs, maxBodyBytes, auth, scopes, forwardCredentials, addresses, allow, rateLimits, cache } =
  ROUTE_SETTINGS.entries;
const { requestHeaders, responseHeaders, layers, serverTiming } = ROUTE_SETTINGS.entries;

/** A path that starts and ends with a slash, without anything that servers read in different ways. */
const PREFIX = /^(?!.*\/\.\.?\/)\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]+\/)*$/;
const PREFIX_FIX = 'write a path that starts and ends with "/": "/v2/"';

/** Settings that only plain HTTP has, or whose values differ there. */
const OWN_SETTINGS = block({
  maxResponseBytes: setting(
    v.pipe(
      v.union([whole(1, 1_099_511_627_776, "bytes"), v.literal("unlimited")]),
      v.transform((limit) => (limit === "unlimited" ? Number.POSITIVE_INFINITY : limit)),
    ),
    16_777_216,
    'Largest response of the upstream, as it is sent. A larger one is refused, or broken off where its length was not known. `"unlimited"` is for downloads: the gateway does not hold them in memory, and `readTimeoutMs` still ends them.',
    {
      shape: '1 to 1,099,511,627,776 bytes, or `"unlimited"`',
      fix: 'write a whole number from 1 to 1099511627776 (bytes), or "unlimited"',
    },
  ),
  stripPrefix: setting(
    flag,
    false,
    "Whether paths lose the prefix of the route on their way to the upstream: `/shop/items` becomes `/items` ([prefixes](headers.md#prefixes)).",
  ),
  replacePrefix: setting(
    text(PREFIX, PREFIX_FIX, "path that starts and ends with `/`"),
    undefined,
    "What paths have at the upstream in the place of the prefix: with `/v2/`, `/shop/items` becomes `/v2/items`.",
    { shownDefault: "the prefix stays" },
  ),
  restorePrefix: setting(
    flag,
    false,
    "Whether `Location`, `Content-Location` and the `Path` of cookies, in which the upstream writes paths of its own, get the prefix of the route back. Without it the upstream gets `X-Forwarded-Prefix`, by which many write such paths themselves.",
  ),
  ambiguousPaths: setting(
    choice(["refuse", "forward"]),
    undefined,
    "What happens to paths that servers read in different ways: `//`, `%2F`, `%25` before an escape, `;`, dots and spaces at the end of a segment, and another route's path in another case. Hidden segments of dots (`..%2F`, `..;`) are always refused.",
    { shownDefault: '`"refuse"` where another route lies below the prefix, else `"forward"`' },
  ),
});

export const HTTP_ROUTE_SETTINGS = block({
  upstream: readByCode(upstream, "Where requests go.", { shape: "upstream", shownDefault: "required" }),
  breaker: readByCode(BREAKER_SETTINGS, "When calls are refused at once because the upstream is failing.", { shape: "see `breaker`" }),
  throttle: readByCode(THROTTLE_SETTINGS, "When calls are held back from an upstream that refuses most of them.", {
    shape: "see `throttle`",
  }),
  readTimeoutMs,
  bodyIdleMs,
  maxBodyBytes,
  auth,
  scopes,
  addresses,
  allow,
  forwardCredentials,
  rateLimits,
  cost: readByCode(tokens, "Tokens that one request takes from each rule.", { shape: "tokens", shownDefault: "1" }),
  cache,
  serverTiming,
  requestHeaders,
  responseHeaders,
  layers,
  ...OWN_SETTINGS.entries,
});

export type HttpRouteInput = InputOf<typeof HTTP_ROUTE_SETTINGS>;

export interface HttpRoutePolicy extends PolicyOf<typeof OWN_SETTINGS>, RouteAuthPolicy {
  readonly upstream: UpstreamPolicy;
  readonly breaker: BreakerPolicy;
  readonly throttle: ThrottlePolicy;
  readonly readTimeoutMs: number;
  readonly bodyIdleMs: number;
  readonly maxBodyBytes: number;
  readonly scopes: readonly string[];
  readonly addresses: AddressPolicy;
  readonly allow: AllowPolicy | undefined;
  readonly forwardCredentials: boolean;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly cache: CachePolicy | undefined;
  readonly serverTiming: boolean;
  readonly requestHeaders: HeaderEdits | undefined;
  readonly responseHeaders: HeaderEdits | undefined;
  readonly layers: LayersPolicy | undefined;
}

/** @param outer the defaults of all routes, without those of the cache */
export function parseHttpRoutes(
  check: Checks,
  path: string,
  value: unknown,
  outer: RoutePolicy,
  rules: Rules,
  known = new ParsedBlocks(),
): ReadonlyMap<string, HttpRoutePolicy> {
  const routes = check.entries(path, value).map(([prefix, settings]) => {
    const at = join(path, prefix);
    if (!PREFIX.test(prefix)) check.report(at, prefix, 'write a path that starts and ends with "/": "/assets/"');
    const parse = (used: Rules): HttpRoutePolicy => parseHttpRoute(check, at, prefix, settings, outer, used);
    return [prefix, known.read(check, at, settings, [outer], parse, rules)] as const;
  });
  return new Map(routes);
}

function parseHttpRoute(check: Checks, path: string, prefix: string, value: unknown, outer: RoutePolicy, rules: Rules): HttpRoutePolicy {
  const fields = check.fields(path, value, Object.keys(HTTP_ROUTE_SETTINGS.entries));
  const { upstream: target, breaker, throttle, maxResponseBytes: _, ...shared } = fields;
  const route = parseRoute(check, path, shared, outer, rules, "http");
  const read = parseUpstream(check, join(path, "upstream"), target);
  if (!isInEveryRequest(read.hashOn))
    check.report(`${path}.upstream.hashOn`, "a field, or a cookie to be made", "use what calls of plain HTTP bring by themselves");
  if (read.protocol === "grpc") check.report(`${path}.upstream.protocol`, "grpc", "leave it out: plain HTTP is forwarded as it comes");
  checkRewrite(check, path, fields, prefix);
  const policy: HttpRoutePolicy = {
    ...readFields(check, path, OWN_SETTINGS, fields, { maxResponseBytes: route.maxResponseBytes }),
    upstream: read,
    breaker: parseBreaker(check, join(path, "breaker"), breaker),
    throttle: parseThrottle(check, join(path, "throttle"), throttle),
    readTimeoutMs: route.readTimeoutMs,
    bodyIdleMs: route.bodyIdleMs,
    maxBodyBytes: route.maxBodyBytes,
    auth: route.auth,
    authEnforcement: route.authEnforcement,
    scopes: route.scopes,
    addresses: route.addresses,
    allow: route.allow,
    forwardCredentials: route.forwardCredentials,
    rateLimits: route.rateLimits,
    cost: route.cost,
    cache: route.cache,
    serverTiming: route.serverTiming,
    requestHeaders: route.requestHeaders,
    responseHeaders: route.responseHeaders,
    layers: route.layers,
  };
  check.sources?.inherits(policy, path, outer);
  return policy;
}

function checkRewrite(
  check: Checks,
  path: string,
  { stripPrefix, replacePrefix }: Readonly<Record<string, unknown>>,
  prefix: string,
): void {
  if (stripPrefix !== true) return;
  if (replacePrefix !== undefined) check.report(`${path}.replacePrefix`, replacePrefix, "write one of stripPrefix and replacePrefix");
  if (prefix === "/") check.report(`${path}.stripPrefix`, true, 'leave it out: the route has no prefix but "/"');
}

/** The prefix as the upstream reads it; undefined where paths are forwarded as they come. */
export function rewriteOf(
  prefix: string,
  { stripPrefix, replacePrefix, restorePrefix }: Pick<HttpRoutePolicy, "stripPrefix" | "replacePrefix" | "restorePrefix">,
): PrefixRewrite | undefined {
  const to = stripPrefix ? "/" : (replacePrefix ?? prefix);
  return to === prefix && !restorePrefix ? undefined : { from: prefix, to };
}
