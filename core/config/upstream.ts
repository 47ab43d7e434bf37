// Where a service runs, as an operator writes it: one binding or URL, or a list of weighted endpoints.
import { BALANCERS, type BalancerName } from "../balance/balancers.ts";
import { isNativeGrpcUrl } from "../protocol/native-grpc.ts";
import { type HashOnInput, type HashSource, parseHashOn } from "./hash-on.ts";
import { type Checks, join } from "./problems.ts";
import { readBlock } from "./read.ts";
import { RETRY_BUDGET_SETTINGS, type RetryBudgetInput, type RetryBudgetPolicy } from "./retry.ts";

/** A service binding of wrangler.toml, or a base URL. */
export type TargetInput = { readonly binding: string } | { readonly url: string };

export type EndpointInput = TargetInput & {
  /** Share of the calls, 1 to 1000. Default 1. */
  readonly weight?: number;
  /** 0 to 15; endpoints of a higher number are used where none of a lower one is left. Default 0. */
  readonly priority?: number;
};

export type SpokenProtocol = "both" | "connect" | "grpc_web" | "grpc";

export type UpstreamInput = (TargetInput | PoolInput) & SpokenInput;

/** How an upstream is spoken to. */
export interface SpokenInput {
  /**
   * What it speaks. Where that is one of the two, calls in the other are translated. "grpc" is native gRPC: Cloudflare's edge makes it
   * from gRPC-Web, for https URLs at port 443. Default "both".
   */
  readonly protocol?: SpokenProtocol;
  /**
   * With protocol "grpc", for methods that take a stream of requests, which the edge does not convert: whether the configuration is
   * refused, or such methods respond `unimplemented`. Default "refuse".
   */
  readonly requestStreams?: "refuse" | "unimplemented";
  /** Whether it is told how long it may take with every call, or only where the caller has set a timeout. Default "always". */
  readonly timeoutHeader?: "always" | "as_called";
  /** What pays for retries and hedged attempts. */
  readonly retryBudget?: RetryBudgetInput;
}

export interface PoolInput {
  /** Endpoints that are always there. */
  readonly endpoints?: readonly EndpointInput[];
  /** Whether endpoints may register themselves, too. Default false; needs `registry` at the top. */
  readonly registry?: boolean;
  /** How registered endpoints are asked whether they are well, by their ring's object. Default: not at all. */
  readonly health?: HealthInput;
  /** Time in which an endpoint that comes later grows into its share. Default 10 000 ms. */
  readonly slowStartMs?: number;
  /** Default "least_time". */
  readonly balancer?: BalancerName;
  /** What consistent_hash, maglev and rendezvous go by. Default "ip". */
  readonly hashOn?: HashOnInput;
  /** Endpoints of the isolate's own zone come first: true, or the zones of locations: { AMS: "eu" }. Default: zones mean nothing. */
  readonly zones?: true | Readonly<Record<string, string>>;
  /** Endpoints of each priority that an isolate uses, 2 to 1 000; another isolate uses others. Default: all. */
  readonly subset?: number;
  /** Calls of one isolate in flight at one endpoint. Default 500. */
  readonly maxConcurrent?: number;
  /** Calls of one isolate that wait while every endpoint is full; more are refused at once. Default 100. */
  readonly maxQueued?: number;
  /** How long they wait at most. Default 1 000 ms. */
  readonly queueMs?: number;
  /** Hashing: most that an endpoint takes of the calls in flight, in percent of its fair share. Default: no bound. */
  readonly maxLoadPercent?: number;
}

export interface HealthInput {
  /** A path that answers 2xx to GET, or "grpc" for grpc.health.v1. Default "grpc". */
  readonly check?: "grpc" | `/${string}`;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** Checks in a row. Default 2 and 3. */
  readonly healthyAfter?: number;
  readonly unhealthyAfter?: number;
}

export interface HealthPolicy {
  readonly kind: "http" | "grpc" | "native_grpc"; // a GET; grpc.health.v1 by Connect; the same by gRPC-Web that the edge converts
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

export interface EndpointPolicy {
  readonly target: TargetInput;
  readonly weight: number;
  readonly priority: number;
  readonly zone?: string;
}

export interface UpstreamPolicy extends Required<Omit<SpokenInput, "retryBudget">> {
  readonly retryBudget: RetryBudgetPolicy;
  readonly endpoints: readonly EndpointPolicy[];
  readonly registry: boolean;
  readonly health: HealthPolicy | undefined;
  readonly slowStartMs: number;
  readonly balancer: BalancerName;
  readonly hashOn: readonly HashSource[];
  readonly zones: ReadonlyMap<string, string> | undefined; // by location; undefined: zones mean nothing
  readonly subset: number; // Infinity for all
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly queueMs: number;
  readonly maxLoadFactor: number;
}

const POOL_FIELDS = [
  "endpoints",
  "registry",
  "health",
  "slowStartMs",
  "balancer",
  "hashOn",
  "zones",
  "subset",
  "maxConcurrent",
  "maxQueued",
  "queueMs",
  "maxLoadPercent",
] as const;
const SPOKEN_FIELDS = ["protocol", "requestStreams", "timeoutHeader", "retryBudget"] as const;
const MAX_ENDPOINTS = 1_000;

export function parseUpstream(check: Checks, path: string, value: unknown): UpstreamPolicy {
  const isPool = typeof value === "object" && value !== null && POOL_FIELDS.some((name) => name in value);
  const fields = isPool ? check.fields(path, value, [...POOL_FIELDS, ...SPOKEN_FIELDS]) : objectOr(value);
  const percent = check.integer(join(path, "maxLoadPercent"), fields["maxLoadPercent"], { min: 101, max: 1_000, fallback: 0, unit: "%" });
  const registry = check.oneOf(join(path, "registry"), fields["registry"], [true, false], false);
  const needsNone = registry && fields["endpoints"] === undefined;
  const fixed = () => (needsNone ? [] : endpoints(check, join(path, "endpoints"), fields["endpoints"]));
  const protocol = check.oneOf(join(path, "protocol"), fields["protocol"], ["both", "connect", "grpc_web", "grpc"], "both");
  const listed = isPool ? fixed() : [one(target(check, path, value, SPOKEN_FIELDS))];
  if (protocol === "grpc")
    for (const [index, { target }] of listed.entries()) checkNativeGrpc(check, isPool ? `${path}.endpoints[${index}]` : path, target);
  else if (fields["requestStreams"] !== undefined)
    check.report(join(path, "requestStreams"), fields["requestStreams"], 'leave it out, or write protocol: "grpc"');
  return {
    endpoints: listed,
    registry,
    health: health(check, join(path, "health"), fields["health"], protocol),
    slowStartMs: check.integer(join(path, "slowStartMs"), fields["slowStartMs"], { min: 0, max: 600_000, fallback: 10_000, unit: "ms" }),
    protocol,
    requestStreams: check.oneOf(join(path, "requestStreams"), fields["requestStreams"], ["refuse", "unimplemented"], "refuse"),
    timeoutHeader: check.oneOf(join(path, "timeoutHeader"), fields["timeoutHeader"], ["always", "as_called"], "always"),
    retryBudget: readBlock(check, join(path, "retryBudget"), RETRY_BUDGET_SETTINGS, fields["retryBudget"]),
    balancer: check.oneOf(join(path, "balancer"), fields["balancer"], Object.keys(BALANCERS) as BalancerName[], "least_time"),
    hashOn: parseHashOn(check, join(path, "hashOn"), fields["hashOn"]),
    zones: zones(check, join(path, "zones"), fields["zones"]),
    subset: subset(check, join(path, "subset"), fields["subset"], fields["balancer"]),
    maxConcurrent: check.integer(join(path, "maxConcurrent"), fields["maxConcurrent"], {
      min: 1,
      max: 10_000,
      fallback: 500,
      unit: "calls",
    }),
    maxQueued: check.integer(join(path, "maxQueued"), fields["maxQueued"], { min: 0, max: 10_000, fallback: 100, unit: "calls" }),
    queueMs: check.integer(join(path, "queueMs"), fields["queueMs"], { min: 1, max: 60_000, fallback: 1_000, unit: "ms" }),
    maxLoadFactor: percent === 0 ? Number.POSITIVE_INFINITY : percent / 100,
  };
}

const ZONE = /^[\w.-]{1,64}$/;

function zoneOf(check: Checks, path: string, value: unknown): { readonly zone?: string } {
  if (value === undefined) return {};
  if (typeof value === "string" && ZONE.test(value)) return { zone: value };
  check.report(path, value, "write 1 to 64 letters, digits, '-', '_' or '.'");
  return {};
}

/** A location that is not listed is a zone of its own. */
function zones(check: Checks, path: string, value: unknown): ReadonlyMap<string, string> | undefined {
  if (value === undefined) return undefined;
  if (value === true) return new Map();
  const listed = check
    .entries(path, value)
    .map(([location, zone]) => [location, zoneOf(check, join(path, location), zone).zone ?? ""] as const);
  return new Map(listed);
}

function subset(check: Checks, path: string, value: unknown, balancer: unknown): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (BALANCERS[balancer as BalancerName]?.usesKey === true)
    check.report(path, value, "leave it out: isolates that use different endpoints don't agree on keys");
  return check.integer(path, value, { min: 2, max: 1_000, fallback: 2, unit: "endpoints" });
}

function health(check: Checks, path: string, value: unknown, protocol: SpokenProtocol): HealthPolicy | undefined {
  if (value === undefined) return undefined;
  const fields = check.fields(path, value, ["check", "intervalMs", "timeoutMs", "healthyAfter", "unhealthyAfter"]);
  const number = (name: string, min: number, max: number, fallback: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback, unit });
  const asked = fields["check"] ?? "grpc";
  const isPath = typeof asked === "string" && /^\/[^\s?#\\]*$/.test(asked);
  if (asked !== "grpc" && !isPath) check.report(join(path, "check"), asked, 'write "grpc", or a path such as "/healthz"');
  return {
    kind: isPath ? "http" : protocol === "grpc" ? "native_grpc" : "grpc",
    path: isPath ? asked : "",
    intervalMs: number("intervalMs", 1_000, 600_000, 10_000, "ms"),
    timeoutMs: number("timeoutMs", 100, 60_000, 2_000, "ms"),
    healthyAfter: number("healthyAfter", 1, 100, 2, "checks"),
    unhealthyAfter: number("unhealthyAfter", 1, 100, 3, "checks"),
  };
}

const one = (target: TargetInput): EndpointPolicy => ({ target, weight: 1, priority: 0 });

/** What an endpoint is known by: its URL, or the name of its binding. */
export function endpointId(target: TargetInput): string {
  return "url" in target ? target.url : target.binding;
}

function endpoints(check: Checks, path: string, value: unknown): readonly EndpointPolicy[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ENDPOINTS) {
    check.report(path, value, `write a list of 1 to ${MAX_ENDPOINTS} endpoints: [{ url: "https://a.example", weight: 2 }]`);
    return [];
  }
  const known = new Set<string>();
  return value.map((item: unknown, index) => {
    const at = `${path}[${index}]`;
    const fields = objectOr(item);
    const endpoint = {
      target: target(check, at, item, ["weight", "priority", "zone"]),
      weight: check.integer(join(at, "weight"), fields["weight"], { min: 1, max: 1_000, fallback: 1, unit: "shares" }),
      priority: check.integer(join(at, "priority"), fields["priority"], { min: 0, max: 15, fallback: 0, unit: "0 is first" }),
      ...zoneOf(check, join(at, "zone"), fields["zone"]),
    };
    const id = endpointId(endpoint.target);
    if (known.has(id) && id !== "") check.report(at, id, "list each endpoint once; give it more weight instead");
    known.add(id);
    return endpoint;
  });
}

function objectOr(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function target(check: Checks, path: string, value: unknown, others: readonly string[]): TargetInput {
  const { binding, url } = check.fields(path, value, ["binding", "url", ...others]);
  if (typeof binding === "string" && url === undefined) {
    if (/^[A-Za-z_]\w*$/.test(binding)) return { binding };
    check.report(`${path}.binding`, binding, "write the name of a service binding of wrangler.toml");
  } else if (typeof url === "string" && binding === undefined) {
    if (/^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/.test(url)) return { url: url.replace(/\/+$/, "") };
    check.report(`${path}.url`, url, "write http(s)://host, with a port and a path where needed, without user, query or fragment");
  } else {
    check.report(path, value, 'write { binding: "USERS" } or { url: "https://users.example" }, one of them');
  }
  return { binding: "" };
}

export function checkNativeGrpc(check: Checks, path: string, target: { readonly url: string } | { readonly binding: string }): void {
  if ("url" in target) {
    const fix = 'write https:// and port 443: with protocol "grpc", Cloudflare\'s edge makes native gRPC of such calls alone';
    if (!isNativeGrpcUrl(target.url)) check.report(`${path}.url`, target.url, fix);
  } else if (target.binding !== "") {
    const fix = 'write the https:// URL of a gRPC server; a Worker behind a binding speaks "both", "connect" or "grpc_web"';
    check.report(`${path}.binding`, target.binding, fix);
  }
}
