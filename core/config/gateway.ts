// What an operator may set: the shape of gateway.config.ts, its defaults, and the parsing that tells all problems at once.

import {
  type BreakerAdminInput,
  type BreakerAdminPolicy,
  type PurgeInput,
  type PurgePolicy,
  parseBreakerAdmin,
  parsePurge,
  parseRegistry,
  type RegistryInput,
  type RegistryPolicy,
} from "./admin.ts";
import { type BreakerInput, type BreakerPolicy, parseBreaker } from "./breaker.ts";
import { type CacheStoreInput, type CacheStorePolicy, parseCacheStore } from "./cache-store.ts";
import { type CorsInput, type CorsPolicy, parseCors } from "./cors.ts";
import { isInEveryRequest } from "./hash-on.ts";
import { type HttpRouteInput, type HttpRoutePolicy, parseHttpRoutes } from "./http-route.ts";
import { type MethodOverride, type MethodOverrideInput, OVERRIDE_FIELDS, parseMethodOverride } from "./method-override.ts";
import { type OpenApiInput, type OpenApiPolicy, parseOpenApi } from "./openapi.ts";
import * as overload from "./overload.ts";
import { type Checks, checks, join, type Problem, suggest } from "./problems.ts";
import { parseRule, type RateLimitInput } from "./rate-limit.ts";
import { parseRest, type RestInput, type RestPolicy } from "./rest.ts";
import { DEFAULTS, parseRoute, ROUTE_FIELDS, type RouteInput, type RoutePolicy, type Rules } from "./route.ts";
import { parseTraffic, type TrafficInput, type TrafficPolicy } from "./traffic.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";

/** What stands in gateway.config.ts. Every field is explained in docs/parameters.md. */
export interface GatewayInput {
  /** Header in which something you trust in front of the gateway (Cloudflare Access, mTLS) names the caller. */
  readonly principalHeader?: string;
  /** Token buckets, by a name that callers see in the `RateLimit` fields. */
  readonly rateLimits?: Readonly<Record<string, RateLimitInput>>;
  /** Objects over which the buckets are spread; changing it starts all buckets full. Default 16. */
  readonly rateLimitShards?: number;
  /** For every method that does not say otherwise. */
  readonly defaults?: RouteInput;
  /** Plain HTTP behind the gateway, by the prefix of its paths: "/assets/". What is no RPC call and no REST rule goes there. */
  readonly httpRoutes?: Readonly<Record<string, HttpRouteInput>>;
  /** What an isolate may keep of answers, for all routes together. */
  readonly cache?: CacheStoreInput;
  /** Which web pages may call. Default: those of the gateway's own origin. */
  readonly cors?: CorsInput;
  /** Longest URL, bytes; a Connect GET past it is refused with the advice to use POST. Default 8 192. */
  readonly maxUrlBytes?: number;
  /** How REST requests are read and answers written. */
  readonly rest?: RestInput;
  /** What `/openapi.json` and `/docs` say beside what the protos do: title, contact, servers, credentials. */
  readonly openapi?: OpenApiInput;
  /** Whether reflection and health are served for everything behind the gateway. Default true. */
  readonly discovery?: boolean;
  /** Lets endpoints register themselves, through tidegate.registry.v1.RegistryService. */
  readonly registry?: RegistryInput;
  /** Lets operators see, open and close breakers, through tidegate.breaker.v1.BreakerService. */
  readonly breakers?: BreakerAdminInput;
  /** Lets cached answers be purged, through tidegate.cache.v1.CacheService. */
  readonly purge?: PurgeInput;
  /** What is refused where more comes than can be served. */
  readonly overload?: overload.OverloadInput;
  /** Descriptor sets of services whose TypeScript is not compiled in: bytes, or base64. */
  readonly descriptors?: readonly (string | Uint8Array)[];
  /** The services behind the gateway, by their full proto name. What is not listed can't be called. */
  readonly services: Readonly<Record<string, ServiceInput>>;
}

export interface ServiceInput extends RouteInput {
  readonly upstream: UpstreamInput;
  /** When calls to the upstream are refused at once, because it is failing. */
  readonly breaker?: BreakerInput;
  /** When calls to the upstream are held back, because it turns them away. */
  readonly throttle?: overload.ThrottleInput;
  /** Canaries and mirroring. Default: all calls go to `upstream`. */
  readonly traffic?: TrafficInput;
  readonly methods?: Readonly<Record<string, MethodInput>>;
}

/** What may be set for one method: its route, and what stands in place of its proto's options. */
export interface MethodInput extends RouteInput, MethodOverrideInput {}

export interface GatewayPolicy {
  readonly principalHeader: string | undefined;
  readonly rateLimitShards: number;
  readonly cors: CorsPolicy | undefined;
  readonly maxUrlBytes: number;
  readonly rest: RestPolicy;
  readonly openapi: OpenApiPolicy;
  readonly httpRoutes: ReadonlyMap<string, HttpRoutePolicy>;
  readonly cache: CacheStorePolicy;
  readonly discovery: boolean;
  readonly registry: RegistryPolicy | undefined;
  readonly breakers: BreakerAdminPolicy | undefined;
  readonly purge: PurgePolicy | undefined;
  readonly overload: overload.OverloadPolicy;
  readonly defaults: RoutePolicy;
  readonly services: ReadonlyMap<string, ServicePolicy>;
}

export interface ServicePolicy {
  readonly upstream: UpstreamPolicy;
  readonly breaker: BreakerPolicy;
  readonly throttle: overload.ThrottlePolicy;
  readonly traffic: TrafficPolicy | undefined;
  readonly methods: ReadonlyMap<string, RoutePolicy>;
  readonly hedgedMethods: readonly string[]; // methods whose own settings ask for hedging
  readonly methodOverrides: ReadonlyMap<string, MethodOverride>; // by the names of methods; those that set none are not in it
}

/** The services that could be listed, and their methods: what the protos promise. */
export type DeclaredServices = ReadonlyMap<string, readonly string[]>;

export type ParsedPolicy =
  | { readonly kind: "ok"; readonly policy: GatewayPolicy }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

const TOP_FIELDS = [
  ...[
    "principalHeader",
    "rateLimits",
    "rateLimitShards",
    "cors",
    "maxUrlBytes",
    "rest",
    "discovery",
    "registry",
    "breakers",
    "overload",
    "purge",
    "httpRoutes",
    "cache",
  ],
  ...["descriptors", "defaults", "openapi", "services"],
];

/** Gives gateway.config.ts its types; everything else is checked when it loads. */
export function defineGateway(input: GatewayInput): GatewayInput {
  return input;
}

/** Parses what gateway.config.ts exports, once, when it loads. Never throws. */
export function parsePolicy(input: unknown, promised: DeclaredServices): ParsedPolicy {
  const check = checks();
  const top = check.fields("", input, TOP_FIELDS);
  const principalHeader = check.header("principalHeader", top["principalHeader"]);
  const rules = new Map(
    check.entries("rateLimits", top["rateLimits"]).map(([name, rule]) => [name, parseRule(check, name, rule, principalHeader)] as const),
  );
  const rateLimitShards = check.integer("rateLimitShards", top["rateLimitShards"], { min: 1, max: 4096, fallback: 16, unit: "objects" });
  const defaults = parseRoute(check, "defaults", check.fields("defaults", top["defaults"], ROUTE_FIELDS), DEFAULTS, rules);

  const cors = parseCors(check, "cors", top["cors"]);
  const maxUrlBytes = check.integer("maxUrlBytes", top["maxUrlBytes"], { min: 256, max: 16_384, fallback: 8_192, unit: "bytes" });
  const rest = parseRest(check, top["rest"]);
  const openapi = parseOpenApi(check, "openapi", top["openapi"]);
  const discovery = check.oneOf("discovery", top["discovery"], [true, false], true);

  const registry = parseRegistry(check, top["registry"]);
  const breakers = parseBreakerAdmin(check, top["breakers"]);
  const cache = parseCacheStore(check, "cache", top["cache"]);
  const httpRoutes = parseHttpRoutes(check, "httpRoutes", top["httpRoutes"], (path, fields) =>
    parseRoute(check, path, fields, { ...defaults, cache: undefined }, rules, "http"),
  );
  const purge = parsePurge(check, top["purge"]);
  const shedding = overload.parseOverload(check, "overload", top["overload"], principalHeader);

  const services = new Map<string, ServicePolicy>();
  if (top["services"] === undefined)
    check.report("services", undefined, 'list at least one service: { "users.v1.UserService": { upstream: ... } }');
  for (const [name, value] of check.entries("services", top["services"])) {
    const path = join("services", name);
    const methods = promised.get(name);
    if (methods === undefined)
      check.report(path, name, `write ${suggest(name, [...promised.keys()])}, or add the service to workers/services/catalog.ts`);
    const own = service(check, path, value, methods ?? [], defaults, rules);
    if (own.upstream.registry && top["registry"] === undefined)
      check.report(`${path}.upstream.registry`, true, 'say who may register: registry: { tokenBinding: "REGISTRY_TOKEN" } at the top');
    services.set(name, own);
  }
  if (check.problems.length > 0) return { kind: "invalid", problems: check.problems };
  return {
    kind: "ok",
    policy: {
      principalHeader,
      rateLimitShards,
      cors,
      maxUrlBytes,
      rest,
      openapi,
      httpRoutes,
      cache,
      purge,
      discovery,
      registry,
      breakers,
      overload: shedding,
      defaults,
      services,
    },
  };
}

function service(
  check: Checks,
  path: string,
  value: unknown,
  promised: readonly string[],
  defaults: RoutePolicy,
  rules: Rules,
): ServicePolicy {
  const fields = check.fields(path, value, ["upstream", "breaker", "throttle", "traffic", "methods", ...ROUTE_FIELDS]);
  const own = parseRoute(check, path, fields, defaults, rules);
  const methods = new Map(promised.map((name) => [name, own]));
  const overrides = new Map<string, MethodOverride>();
  const hedged: string[] = [];
  for (const [name, settings] of check.entries(`${path}.methods`, fields["methods"])) {
    const at = join(`${path}.methods`, name);
    if (promised.length > 0 && !promised.includes(name)) check.report(at, name, `write ${suggest(name, promised)}`);
    const fields = check.fields(at, settings, [...ROUTE_FIELDS, ...OVERRIDE_FIELDS]);
    methods.set(name, parseRoute(check, at, fields, own, rules));
    if (fields["hedging"] !== undefined && fields["hedging"] !== false) hedged.push(name);
    const override = parseMethodOverride(check, at, fields);
    if (override !== undefined) overrides.set(name, override);
  }
  const upstream = parseUpstream(check, `${path}.upstream`, fields["upstream"]);
  const traffic = parseTraffic(check, `${path}.traffic`, fields["traffic"]);
  const beside = [...(traffic?.canaries ?? []), ...(traffic?.mirror === undefined ? [] : [traffic.mirror])];
  const others = [...methods.values()].flatMap(({ fallback }) =>
    fallback.upstream === undefined ? [] : [{ upstream: fallback.upstream }],
  );
  for (const { upstream: one } of [...beside, ...others]) {
    if (!isInEveryRequest(one.hashOn))
      check.report(`${path}.upstream.hashOn`, "a version or fallback", "use fields and made cookies for the service's own upstream alone");
  }
  const other = [...beside, ...others].find((one) => one.upstream.protocol !== upstream.protocol);
  if (other !== undefined)
    check.report(
      `${path}.upstream.protocol`,
      other.upstream.protocol,
      `let versions and fallbacks speak ${upstream.protocol}, as the service does`,
    );
  const breaker = parseBreaker(check, `${path}.breaker`, fields["breaker"]);
  return {
    upstream,
    breaker,
    throttle: overload.parseThrottle(check, `${path}.throttle`, fields["throttle"]),
    traffic,
    methods,
    hedgedMethods: hedged,
    methodOverrides: overrides,
  };
}
