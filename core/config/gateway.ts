// The settings of gateway.config.ts, and their parsing, which reports all problems at once.
import * as v from "valibot";
import type { HeaderRules } from "../protocol/received-headers.ts";
import {
  ADMIN_SETTINGS,
  type AdminPolicy,
  BREAKER_ADMIN_SETTINGS,
  type BreakerAdminPolicy,
  checkRegistrations,
  PURGE_SETTINGS,
  type PurgePolicy,
  parseAdmin,
  REGISTRY_SETTINGS,
  type RegistryPolicy,
} from "./admin.ts";
import { AUTH_SETTINGS, type AuthPolicy, FORMER_HEADER_FIX, parseAuth, provesOf } from "./auth.ts";
import { CACHE_STORE_SETTINGS, type CacheStorePolicy, parseCacheStore } from "./cache.ts";
import { CONSOLE_SETTINGS, type ConsolePolicy } from "./console.ts";
import { CONTROL_SETTINGS, type ControlPolicy, parseControl } from "./control.ts";
import { CORS_SETTINGS, type CorsPolicy } from "./cors.ts";
import type { TypedInput } from "./declared-protos.ts";
import { DISCOVERY_SETTINGS, type DiscoveryPolicy, parseDiscovery } from "./discovery.ts";
import { DURABLE_OBJECT_SETTINGS, type DurableObjectPolicy } from "./durable-objects.ts";
import { HEADER_SETTINGS, headerRules } from "./headers.ts";
import { HTTP_ROUTE_SETTINGS, type HttpRoutePolicy, parseHttpRoutes } from "./http-route.ts";
import { checkLog, LOG_SETTINGS, type LogPolicy } from "./log.ts";
import { METRICS_SETTINGS, type MetricsPolicy } from "./metrics.ts";
import { OPENAPI_SETTINGS, type OpenApiPolicy, parseOpenApi } from "./openapi.ts";
import { type OuterSettings, parseDefaults } from "./outer-settings.ts";
import { OVERLOAD_SETTINGS, type OverloadPolicy, parseOverload } from "./overload.ts";
import { ParsedBlocks } from "./parsed-blocks.ts";
import { type Checks, checks, join, type Problem, type SourceRecorder, suggest } from "./problems.ts";
import { parseRule, RATE_LIMIT_SETTINGS } from "./rate-limit.ts";
import { readBlock, readOptional } from "./read.ts";
import { REST_SETTINGS, type RestPolicy } from "./rest.ts";
import { ROUTE_SETTINGS, type RoutePolicy } from "./route.ts";
import type { Rules } from "./route-limits.ts";
import { parseService, SERVICE_SETTINGS, type ServicePolicy } from "./service.ts";
import { block, flag, type InputOf, nested, readByCode, setting, whole } from "./setting.ts";
import { parseTracing, TRACING_SETTINGS, type TracingPolicy } from "./tracing.ts";

const BELOW = { shape: "the fields below" };
const OFF = { ...BELOW, shownDefault: "none" };
const FILLED = { ...BELOW, shownDefault: "the defaults below" };
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const GATEWAY_SETTINGS = block({
  services: readByCode(
    v.record(v.string(), SERVICE_SETTINGS),
    "The services behind the gateway, by their full proto names. A service that is not listed cannot be called.",
    { shape: "the fields below, by name", shownDefault: "required" },
  ),
  defaults: readByCode(ROUTE_SETTINGS, "For every method without a more specific setting.", {
    shape: "route fields",
    shownDefault: "the defaults below",
  }),
  auth: readByCode(AUTH_SETTINGS, "How callers prove who they are ([authentication](authentication.md)).", OFF),
  rateLimits: readByCode(
    v.record(v.string(), RATE_LIMIT_SETTINGS),
    "Token buckets, by a name that callers see in the `RateLimit` fields.",
    { shape: "the fields below, by name", shownDefault: "none" },
  ),
  rateLimitShards: setting(
    whole(1, 4096, "objects"),
    16,
    "Durable Objects over which the buckets are spread. Changing it starts all buckets full.",
  ),
  durableObjects: nested(DURABLE_OBJECT_SETTINGS, "Where the Durable Objects of the gateway may be."),
  cors: readByCode(CORS_SETTINGS, "Web pages of other origins that may call.", OFF),
  maxUrlBytes: setting(
    whole(256, 16_384, "bytes"),
    8_192,
    'The longest URL, scheme and host included. A longer Connect GET gets a Connect error (`resource_exhausted`, HTTP status 414) that says "use POST"; REST gets 414, too. Cloudflare\'s edge accepts 16,384.',
  ),
  headers: nested(HEADER_SETTINGS, "Headers of requests: how many are accepted, and which of them upstreams get."),
  rest: nested(REST_SETTINGS, "How REST requests are read and responses are written."),
  openapi: readByCode(
    OPENAPI_SETTINGS,
    "What `/openapi.json` and `/docs` contain beside the protos: title, contact, servers, credentials.",
    FILLED,
  ),
  discovery: readByCode(
    v.union([flag, DISCOVERY_SETTINGS]),
    "Whether `grpc.reflection.v1` (and `v1alpha`) and `grpc.health.v1` are served for all services behind the gateway. Every caller can then read the protos.",
    { shape: "the fields below, or a boolean", shownDefault: "`true`" },
  ),
  admin: readByCode(
    ADMIN_SETTINGS,
    "Who may call the admin services: registry, breakers, purge and keys ([admin plane](authentication.md#admin-plane)).",
    OFF,
  ),
  control: readByCode(
    CONTROL_SETTINGS,
    "Lets versions of this configuration be published while the gateway runs, through `tidegate.control.v1.ControlService` ([control plane](control-plane.md)). Requires `admin`.",
    OFF,
  ),
  registry: readByCode(
    REGISTRY_SETTINGS,
    "Lets endpoints register themselves, through `tidegate.registry.v1.RegistryService` ([upstreams](upstreams.md)).",
    OFF,
  ),
  breakers: readByCode(
    BREAKER_ADMIN_SETTINGS,
    "Lets operators list, open and close breakers, through `tidegate.breaker.v1.BreakerService` and `npm run breaker` ([resilience](resilience.md)). Without it the service is not served.",
    OFF,
  ),
  purge: readByCode(
    PURGE_SETTINGS,
    "Lets cached responses be purged, through `tidegate.cache.v1.CacheService` ([caching](caching.md)).",
    OFF,
  ),
  overload: readByCode(
    OVERLOAD_SETTINGS,
    "What an isolate refuses when more calls arrive than it can serve ([resilience](resilience.md#overload)).",
    FILLED,
  ),
  console: nested(CONSOLE_SETTINGS, "The pages at `/_tidegate/`, which show what the admin services know ([console](console.md))."),
  log: nested(LOG_SETTINGS, "The access log: one record for each call of a sample ([logs](logs.md#access-log))."),
  metrics: nested(METRICS_SETTINGS, "What the gateway measures of its calls, and who may read it ([monitoring](monitoring.md))."),
  tracing: readByCode(TRACING_SETTINGS, "Spans of calls: where they go, and which calls have one ([tracing](tracing.md)).", OFF),
  httpRoutes: readByCode(
    v.record(v.string(), HTTP_ROUTE_SETTINGS),
    "Plain HTTP behind the gateway, by the prefix of its paths. Requests that are no RPC call and match no REST rule go there.",
    { shape: "the fields below, by prefix", shownDefault: "none" },
  ),
  cache: readByCode(CACHE_STORE_SETTINGS, "The responses that an isolate stores, for all routes together.", FILLED),
  descriptors: readByCode(
    v.array(v.union([v.string(), bytes])),
    "Descriptor sets of services whose TypeScript is not compiled in: `buf build --as-file-descriptor-set --exclude-source-info -o set.binpb`. Such services can be listed in `services` like any other ([protos](protos.md)).",
    { shape: "bytes or base64, in a list", shownDefault: "none" },
  ),
});

type Listed = InputOf<typeof GATEWAY_SETTINGS>;
/** What stands in gateway.config.ts. Every setting is explained in docs/parameters.md. */
export type GatewayInput = Listed & { readonly services: NonNullable<Listed["services"]> };

export interface GatewayPolicy {
  readonly auth: AuthPolicy;
  readonly rateLimitShards: number;
  readonly durableObjects: DurableObjectPolicy;
  readonly cors: CorsPolicy | undefined;
  readonly maxUrlBytes: number;
  readonly headers: HeaderRules;
  readonly rest: RestPolicy;
  readonly openapi: OpenApiPolicy;
  readonly httpRoutes: ReadonlyMap<string, HttpRoutePolicy>;
  readonly cache: CacheStorePolicy;
  readonly discovery: DiscoveryPolicy | undefined;
  readonly admin: AdminPolicy | undefined;
  readonly control: ControlPolicy | undefined;
  readonly registry: RegistryPolicy | undefined;
  readonly breakers: BreakerAdminPolicy | undefined;
  readonly purge: PurgePolicy | undefined;
  readonly overload: OverloadPolicy;
  readonly console: ConsolePolicy;
  readonly log: LogPolicy;
  readonly metrics: MetricsPolicy;
  readonly tracing: TracingPolicy | undefined;
  readonly defaults: RoutePolicy;
  readonly services: ReadonlyMap<string, ServicePolicy>;
}

/** The services that may be listed, by their full proto names, with the names of their methods. */
export type DeclaredServices = ReadonlyMap<string, readonly string[]>;

export type ParsedPolicy =
  | { readonly kind: "ok"; readonly policy: GatewayPolicy }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/** Gives gateway.config.ts its types, with the names of the protos; everything else is checked when it loads. */
export function defineGateway<const D extends GatewayInput["descriptors"] = undefined>(input: TypedInput<GatewayInput, D>): GatewayInput {
  return input as GatewayInput; // a typed input has the same form, with fewer names
}

/**
 * Parses what gateway.config.ts exports, once, when it loads. Never throws.
 *
 * @param sources records where each value is written; only explanations need it
 * @param known   blocks of the version before, where there is one: not with `sources`, for which each block has to be read
 */
export function parsePolicy(
  input: unknown,
  declared: DeclaredServices,
  sources?: SourceRecorder,
  known: ParsedBlocks = new ParsedBlocks(),
): ParsedPolicy {
  const check = checks(sources);
  known.begin();
  const top = readBlock(check, "", GATEWAY_SETTINGS, input, { moved: { principalHeader: FORMER_HEADER_FIX } });
  const auth = known.read(check, "auth", top.auth, [], () => parseAuth(check, "auth", top.auth));
  const proves = provesOf(auth);
  const { rateLimitShards, durableObjects, maxUrlBytes, rest, log, metrics } = top;
  const rules = new Map(
    check.entries("rateLimits", top.rateLimits).map(([name, rule]) => {
      return [name, known.read(check, join("rateLimits", name), rule, [proves], () => parseRule(check, name, rule, proves))] as const;
    }),
  );
  const parse = (used: Rules): OuterSettings => parseDefaults(check, top.defaults, proves.principals ? "optional" : "off", used);
  const { defaults, uncached } = known.read(check, "defaults", top.defaults, [proves.principals], parse, rules);
  const httpRoutes = parseHttpRoutes(check, "httpRoutes", top.httpRoutes, uncached, rules, known);
  const services = parseServices(check, top.services, declared, defaults, rules, known);
  const readers = { auth, rules: rules.values(), services: services.values(), httpRoutes: httpRoutes.values() };
  const policy: GatewayPolicy = {
    auth,
    headers: headerRules(check, "headers", top.headers, readers),
    rateLimitShards,
    durableObjects,
    maxUrlBytes,
    rest,
    discovery: parseDiscovery(check, "discovery", top.discovery),
    cors: readOptional(check, "cors", CORS_SETTINGS, top.cors),
    openapi: parseOpenApi(check, "openapi", top.openapi),
    admin: parseAdmin(check, "admin", top.admin),
    control: parseControl(check, "control", top.control, top.admin),
    registry: readOptional(check, "registry", REGISTRY_SETTINGS, top.registry),
    breakers: readOptional(check, "breakers", BREAKER_ADMIN_SETTINGS, top.breakers),
    cache: parseCacheStore(check, "cache", top.cache),
    httpRoutes,
    console: top.console,
    log,
    metrics,
    tracing: parseTracing(check, "tracing", top.tracing),
    purge: readOptional(check, "purge", PURGE_SETTINGS, top.purge),
    overload: parseOverload(check, "overload", top.overload, proves),
    defaults,
    services,
  };
  checkLog(check, "log", log, policy.headers.credentials);
  checkRegistrations(check, services, top.registry);
  if (check.problems.length > 0) return { kind: "invalid", problems: check.problems };
  known.end();
  return { kind: "ok", policy };
}

function parseServices(
  check: Checks,
  value: unknown,
  declared: DeclaredServices,
  defaults: RoutePolicy,
  rules: Rules,
  known: ParsedBlocks,
): ReadonlyMap<string, ServicePolicy> {
  if (value === undefined) check.report("services", undefined, 'list at least one service: { "users.v1.UserService": { upstream: ... } }');
  const services = check.entries("services", value).map(([name, settings]) => {
    const path = join("services", name);
    const methods = declared.get(name);
    if (methods === undefined)
      check.report(path, name, `write ${suggest(name, [...declared.keys()])}, or add the service to workers/services/catalog.ts`);
    const parse = (used: Rules): ServicePolicy => parseService(check, path, settings, methods ?? [], defaults, used, known);
    return [name, known.read(check, path, settings, [methods, defaults], parse, rules)] as const;
  });
  return new Map(services);
}
