// What an operator may set: the shape of gateway.config.ts, its defaults, and the parsing that tells all problems at once.
import { type BreakerInput, type BreakerPolicy, parseBreaker } from "./breaker/policy.ts";
import { type CorsInput, type CorsPolicy, parseCors } from "./cors.ts";
import { type Cost, type CostInput, mostBefore, ONE, parseCost } from "./limit/cost.ts";
import { parseRule, parseRuleNames, type RateLimitInput, type RateLimitRule } from "./limit/rule.ts";
import { CRITICAL, type Criticality, type Rank } from "./overload/criticality.ts";
import * as overload from "./overload/policy.ts";
import { type Checks, checks, join, type Problem, suggest } from "./parse.ts";
import { parseRegistry, type RegistryInput, type RegistryPolicy } from "./registry-policy.ts";
import { parseRest, type RestInput } from "./rest-policy.ts";
import { parseRetries, RETRIES, type RetryInput } from "./retry/policy.ts";
import type { RetryPolicy } from "./retry/retry.ts";
import { parseTraffic, type TrafficInput, type TrafficPolicy } from "./traffic.ts";
import { parseUpstream, type UpstreamInput, type UpstreamPolicy } from "./upstream.ts";
import type { ValidationMode } from "./validation.ts";

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
  /** Which web pages may call. Default: those of the gateway's own origin. */
  readonly cors?: CorsInput;
  /** How REST requests are read and answers written. */
  readonly rest?: RestInput;
  /** Whether reflection and health are served for everything behind the gateway. Default true. */
  readonly discovery?: boolean;
  /** Lets endpoints register themselves, through tidegate.registry.v1.RegistryService. */
  readonly registry?: RegistryInput;
  /** What is refused where more comes than can be served. */
  readonly overload?: overload.OverloadInput;
  /** Descriptor sets of services whose TypeScript is not compiled in: bytes, or base64. */
  readonly descriptors?: readonly (string | Uint8Array)[];
  /** The services behind the gateway, by their full proto name. What is not listed can't be called. */
  readonly services: Readonly<Record<string, ServiceInput>>;
}

/** The most specific setting of a field wins whole: method, else service, else defaults. Nothing is merged. */
export interface RouteInput {
  /** Time for a unary call, all of it (`read_timeout`, G6). Default 15 000 ms. */
  readonly readTimeoutMs?: number;
  /** Longest life of a stream whose caller sets no timeout. Default 3 600 000 ms. */
  readonly streamTimeoutMs?: number;
  /** Largest request message. Default 1 048 576 bytes. */
  readonly maxBodyBytes?: number;
  /** Whether messages are held to the protovalidate rules of their protos. Default "off"; needs the entry validating.ts. */
  readonly validate?: ValidationMode;
  /** Names of the rules in `rateLimits` that a call must pass, all of them. Default none. */
  readonly rateLimits?: readonly string[];
  /** Another attempt for calls that fail and are safe to repeat; false for none. */
  readonly retries?: RetryInput | false;
  /** How much a call matters where not all can be served. Default "critical". */
  readonly criticality?: Criticality;
  /** Calls of one method in flight, in one isolate. */
  readonly concurrency?: overload.ConcurrencyInput;
  /** Tokens that one call takes from each rule; a number, or where it is to be read. Default 1. */
  readonly cost?: CostInput;
}

export interface ServiceInput extends RouteInput {
  readonly upstream: UpstreamInput;
  /** When calls to the upstream are refused at once, because it is failing. */
  readonly breaker?: BreakerInput;
  /** When calls to the upstream are held back, because it turns them away. */
  readonly throttle?: overload.ThrottleInput;
  /** Canaries and mirroring. Default: all calls go to `upstream`. */
  readonly traffic?: TrafficInput;
  readonly methods?: Readonly<Record<string, RouteInput>>;
}

export interface GatewayPolicy {
  readonly principalHeader: string | undefined;
  readonly rateLimitShards: number;
  readonly cors: CorsPolicy | undefined;
  readonly rest: RestInput;
  readonly discovery: boolean;
  readonly registry: RegistryPolicy | undefined;
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
}

export interface RoutePolicy {
  readonly readTimeoutMs: number;
  readonly streamTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly validate: ValidationMode;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly retries: RetryPolicy;
  readonly criticality: Rank;
  readonly concurrency: overload.PlacePolicy;
}

/** The services that could be listed, and their methods: what the protos promise. */
export type Promised = ReadonlyMap<string, readonly string[]>;

export type ParsedPolicy =
  | { readonly kind: "ok"; readonly policy: GatewayPolicy }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

const TOP_FIELDS = [
  "principalHeader",
  "rateLimits",
  "rateLimitShards",
  "cors",
  "rest",
  "discovery",
  "registry",
  "overload",
  "descriptors",
  "defaults",
  "services",
] as const;
const ROUTE_FIELDS = [
  "readTimeoutMs",
  "streamTimeoutMs",
  "maxBodyBytes",
  "validate",
  "rateLimits",
  "cost",
  "retries",
  "criticality",
  "concurrency",
] as const;
const DEFAULTS: RoutePolicy = {
  readTimeoutMs: 15_000,
  streamTimeoutMs: 3_600_000,
  maxBodyBytes: 1_048_576,
  validate: "off",
  rateLimits: [],
  cost: ONE,
  retries: RETRIES,
  criticality: CRITICAL,
  concurrency: overload.CONCURRENCY,
};

/** Gives gateway.config.ts its types; everything else is checked when it loads. */
export function defineGateway(input: GatewayInput): GatewayInput {
  return input;
}

/** Parses what gateway.config.ts exports, once, when it loads. Never throws. */
export function parsePolicy(input: unknown, promised: Promised): ParsedPolicy {
  const check = checks();
  const top = check.fields("", input, TOP_FIELDS);
  const principalHeader = check.header("principalHeader", top["principalHeader"]);
  const rules = new Map(
    check.entries("rateLimits", top["rateLimits"]).map(([name, rule]) => [name, parseRule(check, name, rule, principalHeader)] as const),
  );
  const rateLimitShards = check.integer("rateLimitShards", top["rateLimitShards"], { min: 1, max: 4096, fallback: 16, unit: "objects" });
  const defaults = route(check, "defaults", check.fields("defaults", top["defaults"], ROUTE_FIELDS), DEFAULTS, rules);

  const cors = parseCors(check, "cors", top["cors"]);
  const rest = parseRest(check, top["rest"]);
  const discovery = check.oneOf("discovery", top["discovery"], [true, false], true);

  const registry = parseRegistry(check, top["registry"]);
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
    policy: { principalHeader, rateLimitShards, cors, rest, discovery, registry, overload: shedding, defaults, services },
  };
}

type Rules = ReadonlyMap<string, RateLimitRule>;

function service(
  check: Checks,
  path: string,
  value: unknown,
  promised: readonly string[],
  defaults: RoutePolicy,
  rules: Rules,
): ServicePolicy {
  const fields = check.fields(path, value, ["upstream", "breaker", "throttle", "traffic", "methods", ...ROUTE_FIELDS]);
  const own = route(check, path, fields, defaults, rules);
  const methods = new Map(promised.map((name) => [name, own]));
  for (const [name, settings] of check.entries(`${path}.methods`, fields["methods"])) {
    const at = join(`${path}.methods`, name);
    if (promised.length > 0 && !promised.includes(name)) check.report(at, name, `write ${suggest(name, promised)}`);
    methods.set(name, route(check, at, check.fields(at, settings, ROUTE_FIELDS), own, rules));
  }
  const upstream = parseUpstream(check, `${path}.upstream`, fields["upstream"]);
  const traffic = parseTraffic(check, `${path}.traffic`, fields["traffic"]);
  const beside = [...(traffic?.canaries ?? []), ...(traffic?.mirror === undefined ? [] : [traffic.mirror])];
  const other = beside.find((one) => one.upstream.protocol !== upstream.protocol);
  if (other !== undefined)
    check.report(`${path}.traffic`, other.upstream.protocol, `let all versions speak ${upstream.protocol}, as the service does`);
  const breaker = parseBreaker(check, `${path}.breaker`, fields["breaker"]);
  return { upstream, breaker, throttle: overload.parseThrottle(check, `${path}.throttle`, fields["throttle"]), traffic, methods };
}

function route(check: Checks, path: string, fields: Readonly<Record<string, unknown>>, outer: RoutePolicy, rules: Rules): RoutePolicy {
  const number = (name: "readTimeoutMs" | "streamTimeoutMs" | "maxBodyBytes", min: number, max: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback: outer[name], unit });
  const policy: RoutePolicy = {
    readTimeoutMs: number("readTimeoutMs", 1, 3_600_000, "ms"),
    streamTimeoutMs: number("streamTimeoutMs", 1, 86_400_000, "ms"),
    maxBodyBytes: number("maxBodyBytes", 1, 104_857_600, "bytes"),
    rateLimits:
      fields["rateLimits"] === undefined ? outer.rateLimits : parseRuleNames(check, `${path}.rateLimits`, fields["rateLimits"], rules),
    validate: check.oneOf(join(path, "validate"), fields["validate"], ["off", "report", "enforce"], outer.validate),
    retries: parseRetries(check, join(path, "retries"), fields["retries"], outer.retries),
    criticality: overload.parseCriticality(check, join(path, "criticality"), fields["criticality"], outer.criticality),
    concurrency: overload.parseConcurrency(check, join(path, "concurrency"), fields["concurrency"], outer.concurrency),
    cost: parseCost(check, join(path, "cost"), fields["cost"], outer.cost),
  };
  const most = mostBefore(policy.cost);
  for (const { name, limit, tiers } of policy.rateLimits) {
    const isNew = fields["cost"] !== undefined || fields["rateLimits"] !== undefined;
    const least = Math.min(limit.capacity, ...[...(tiers?.plans.values() ?? [])].map(({ capacity }) => capacity));
    if (isNew && most > least)
      check.report(join(path, "cost"), most, `write at most ${least}, the capacity of rateLimits.${name}: such a call could never pass`);
  }
  return policy;
}
