// Settings of an upstream: one binding or URL, or a list of weighted endpoints; how it is called, and how its endpoints are chosen.
import * as v from "valibot";
import { HASH_ON_FACTS, type HashSource, hashOn, parseHashOn } from "./hash-on.ts";
import { HEALTH_SETTINGS, type HealthPolicy, parseHealth } from "./health.ts";
import { type Checks, join } from "./problems.ts";
import { readFields, readSetting } from "./read.ts";
import { RETRY_BUDGET_SETTINGS } from "./retry.ts";
import { block, choice, flag, type InputOf, nested, type PolicyOf, readByCode, setting, text, unlimited, whole } from "./setting.ts";
import { checkNativeGrpc, endpointId, parseTarget, TARGET, type TargetInput } from "./target.ts";

/** The balancers; `core/balance/balancers.ts` has one algorithm for each. */
export const BALANCER_NAMES = [
  "least_time",
  "learned",
  "round_robin",
  "weighted",
  "random",
  "least_request",
  "p2c_ewma",
  "consistent_hash",
  "maglev",
  "rendezvous",
] as const;
export type BalancerName = (typeof BALANCER_NAMES)[number];
const HASHING: ReadonlySet<BalancerName> = new Set(["consistent_hash", "maglev", "rendezvous"]);

const PROTOCOLS = ["both", "connect", "grpc_web", "grpc"] as const;
export type SpokenProtocol = (typeof PROTOCOLS)[number];

const MAX_ENDPOINTS = 1_000;
const zone = text(/^[\w.-]{1,64}$/, "write 1 to 64 letters, digits, '-', '_' or '.'", "name");

/** How an upstream is called, whether it is one target or several. */
const CALL = {
  protocol: setting(
    choice(PROTOCOLS),
    "both",
    "The protocol of the upstream. `both`: calls pass as they are; `connect` or `grpc_web`: calls in the other protocol are translated; `grpc`: native gRPC, which Cloudflare's edge makes from gRPC-Web, for `https://` URLs at port 443 ([protocols](protocols.md#upstreams-that-speak-native-grpc)).",
  ),
  requestStreams: setting(
    choice(["refuse", "unimplemented"]),
    "refuse",
    'With `protocol: "grpc"`, for methods that take a stream of requests, which the edge does not convert: refuse the configuration, or let them respond `unimplemented`.',
  ),
  timeoutHeader: setting(
    choice(["always", "as_called"]),
    "always",
    "Whether the upstream is sent the time that is left with every call, or only where the caller has set a timeout.",
  ),
  retryBudget: nested(RETRY_BUDGET_SETTINGS, "What pays for retries and hedged attempts: one budget for all methods, in each isolate."),
};

export const ENDPOINT_SETTINGS = block({
  weight: setting(whole(1, 1_000, "shares"), 1, "Share of the calls."),
  priority: setting(whole(0, 15, "0 is first"), 0, "Endpoints of a higher number are used while none of a lower one is left.", {
    shape: "0 to 15",
  }),
  zone: setting(zone, undefined, "The zone of the endpoint, for `zones`.", { shownDefault: "none" }),
});
const BINDING = block({ binding: TARGET.binding, ...CALL });
const URL_TARGET = block({ url: TARGET.url, ...CALL });
const BOUND_URL = block({ ...TARGET, ...CALL });
const endpoint = v.union([
  v.strictObject({ binding: TARGET.binding, ...ENDPOINT_SETTINGS.entries }),
  v.strictObject({ url: TARGET.url, ...ENDPOINT_SETTINGS.entries }),
  v.strictObject({ ...TARGET, ...ENDPOINT_SETTINGS.entries }),
]);

export const POOL_SETTINGS = block({
  endpoints: readByCode(v.array(endpoint), "Endpoints that are always there, 1 to 1,000.", {
    shape: "list of `{ url or binding or both, weight, priority, zone }`",
    shownDefault: "required, unless `registry` is true",
  }),
  registry: setting(
    flag,
    false,
    "Whether endpoints may register themselves, beside those listed. Needs `registry` at the top ([upstreams](upstreams.md)).",
  ),
  health: readByCode(
    HEALTH_SETTINGS,
    "Health checks of registered and listed endpoints, by the Durable Object of the ring. Needs the binding `HASH_RING`.",
    { shownDefault: "no checks" },
  ),
  slowStartMs: setting(whole(0, 600_000, "ms"), 10_000, "Time in which an endpoint that is added later grows into its share."),
  balancer: setting(choice(BALANCER_NAMES), "least_time", "How an endpoint is chosen ([upstreams](upstreams.md))."),
  hashOn: readByCode(
    hashOn,
    "What hashing balancers hash: the first source that a call has counts, the address is always the last. `{ cookie: \"tg\", ttlSeconds: 3600 }` sets the cookie where a call has none (`HttpOnly`, `Secure`, `SameSite=Lax`; 0 for one of the browser's session), and is not allowed beside `cache`. Streams of requests have no field, and neither has a message that cannot be read. Fields and cookies that are set work for a service's own upstream, not for canaries, fallbacks and plain HTTP.",
    HASH_ON_FACTS,
  ),
  zones: readByCode(
    v.union([v.literal(true), v.record(v.string(), zone)]),
    'The zones of locations: `{ AMS: "eu", FRA: "eu" }`; a location (`request.cf.colo`) that is not listed is a zone of its own. Endpoints in the isolate\'s zone come first within each priority; while more than 30 % of them are out, all of the priority are used.',
    { shape: "`true`, or zones by location", shownDefault: "zones are ignored" },
  ),
  subset: unlimited(
    whole(2, 1_000, "endpoints"),
    "Endpoints of each priority that an isolate uses; each isolate uses others. While more than 30 % of them are out, all are used. Not for hashing balancers.",
    "all",
  ),
  maxConcurrent: setting(whole(1, 10_000, "calls"), 500, "Calls of one isolate in flight at one endpoint."),
  maxQueued: setting(
    whole(0, 10_000, "calls"),
    100,
    "Calls of one isolate that wait while every endpoint is full. Further calls are refused at once.",
  ),
  queueMs: setting(whole(1, 60_000, "ms"), 1_000, "Longest wait of such a call."),
  maxLoadPercent: unlimited(
    whole(101, 1_000, "%"),
    "For hashing balancers: largest share of the calls in flight at an endpoint, in percent of its fair share.",
  ),
  ...CALL,
});

export type EndpointInput = InputOf<typeof endpoint>;
export type PoolInput = InputOf<typeof POOL_SETTINGS>;
export type UpstreamInput = InputOf<typeof BINDING> | InputOf<typeof URL_TARGET> | InputOf<typeof BOUND_URL> | PoolInput;
/** For the types of settings that hold an upstream; `parseUpstream` reads them. */
export const upstream = v.union([BINDING, URL_TARGET, BOUND_URL, POOL_SETTINGS]);

export interface EndpointPolicy {
  readonly target: TargetInput;
  readonly weight: number;
  readonly priority: number;
  readonly zone?: string;
}

type Pool = PolicyOf<typeof POOL_SETTINGS>;

export interface UpstreamPolicy extends Omit<Pool, "endpoints" | "health" | "hashOn" | "zones" | "maxLoadPercent"> {
  readonly endpoints: readonly EndpointPolicy[];
  readonly health: HealthPolicy | undefined;
  readonly hashOn: readonly HashSource[];
  readonly zones: ReadonlyMap<string, string> | undefined; // zones by location; undefined: zones are ignored
  readonly maxLoadFactor: number; // multiple of the fair share; Infinity for no limit
}

export function parseUpstream(check: Checks, path: string, value: unknown): UpstreamPolicy {
  const names = Object.keys(POOL_SETTINGS.entries).filter((name) => !(name in CALL));
  const isPool = typeof value === "object" && value !== null && names.some((name) => name in value);
  const fields = isPool ? check.fields(path, value, Object.keys(POOL_SETTINGS.entries)) : objectOr(value);
  const { maxLoadPercent, ...pool } = readFields(check, path, POOL_SETTINGS, fields);
  const needsNone = pool.registry && fields["endpoints"] === undefined;
  const listed = () => (needsNone ? [] : parseEndpoints(check, `${path}.endpoints`, fields["endpoints"]));
  const endpoints = isPool ? listed() : [{ target: parseTarget(check, path, value, Object.keys(CALL)), weight: 1, priority: 0 }];
  if (pool.protocol === "grpc")
    for (const [index, { target }] of endpoints.entries()) checkNativeGrpc(check, isPool ? `${path}.endpoints[${index}]` : path, target);
  else if (fields["requestStreams"] !== undefined)
    check.report(`${path}.requestStreams`, fields["requestStreams"], 'leave it out, or write protocol: "grpc"');
  if (fields["subset"] !== undefined && HASHING.has(pool.balancer))
    check.report(`${path}.subset`, fields["subset"], "leave it out: isolates that use different endpoints don't agree on keys");
  return {
    ...pool,
    endpoints,
    health: parseHealth(check, `${path}.health`, pool.health, pool.protocol),
    hashOn: parseHashOn(check, `${path}.hashOn`, pool.hashOn),
    zones: parseZones(check, `${path}.zones`, pool.zones),
    maxLoadFactor: maxLoadPercent / 100,
  };
}

/** A location that is not listed is a zone of its own. */
function parseZones(check: Checks, path: string, value: unknown): ReadonlyMap<string, string> | undefined {
  if (value === undefined) return undefined;
  if (value === true) return new Map();
  const listed = check
    .entries(path, value)
    .map(([location, name]) => [location, readSetting(check, join(path, location), zone, name, { value: "" }) as string] as const);
  return new Map(listed);
}

function parseEndpoints(check: Checks, path: string, value: unknown): readonly EndpointPolicy[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ENDPOINTS) {
    check.report(path, value, `write a list of 1 to ${MAX_ENDPOINTS} endpoints: [{ url: "https://a.example", weight: 2 }]`);
    return [];
  }
  const known = new Set<string>();
  return value.map((item: unknown, index) => {
    const at = `${path}[${index}]`;
    const target = parseTarget(check, at, item, Object.keys(ENDPOINT_SETTINGS.entries));
    const { zone: name, ...share } = readFields(check, at, ENDPOINT_SETTINGS, objectOr(item));
    const id = endpointId(target);
    if (known.has(id) && id !== "") check.report(at, id, "list each endpoint once; give it more weight instead");
    known.add(id);
    return { target, ...share, ...(name !== undefined && { zone: name }) };
  });
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
