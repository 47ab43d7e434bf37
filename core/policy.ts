// What an operator may set: the shape of gateway.config.ts, its defaults, and the parsing that tells all problems at once.
import { type BucketLimit, MAX_CREDIT } from "./limit/token-bucket.ts";
import { type Checks, checks, join, type Problem, suggest } from "./parse.ts";

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
  /** Names of the rules in `rateLimits` that a call must pass, all of them. Default none. */
  readonly rateLimits?: readonly string[];
  /** Tokens that one call takes from each rule. Default 1. */
  readonly cost?: number;
}

export interface ServiceInput extends RouteInput {
  readonly upstream: UpstreamInput;
  readonly methods?: Readonly<Record<string, RouteInput>>;
}

/** Where a service runs: a service binding of wrangler.toml, or a base URL. */
export type UpstreamInput = { readonly binding: string } | { readonly url: string };

export interface RateLimitInput extends Partial<BucketLimit> {
  /** Tokens; the largest burst (G4). */
  readonly capacity: number;
  /** Tokens returned every `intervalMs` (default 1 000 ms). */
  readonly rate: number;
  /** Whom a bucket belongs to. A caller without that header or principal is counted by address. Default "ip". */
  readonly key?: "ip" | "principal" | { readonly header: string };
  /** What happens to calls while the bucket can't be asked. Default "open": they pass. */
  readonly fail?: "open" | "closed";
  /** How long a call waits for the bucket, at most 50 ms. Default 50. */
  readonly waitMs?: number;
}

export interface GatewayPolicy {
  readonly principalHeader: string | undefined;
  readonly rateLimitShards: number;
  readonly services: ReadonlyMap<string, ServicePolicy>;
}

export interface ServicePolicy {
  readonly upstream: UpstreamInput;
  readonly methods: ReadonlyMap<string, RoutePolicy>;
}

export interface RoutePolicy {
  readonly readTimeoutMs: number;
  readonly streamTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: number;
}

export interface RateLimitRule {
  readonly name: string;
  readonly key: { readonly kind: "ip" } | { readonly kind: "principal" } | { readonly kind: "header"; readonly header: string };
  readonly limit: BucketLimit;
  readonly fail: "open" | "closed";
  readonly waitMs: number;
}

/** The services that could be listed, and their methods: what the protos promise. */
export type Promised = ReadonlyMap<string, readonly string[]>;

export type ParsedPolicy =
  | { readonly kind: "ok"; readonly policy: GatewayPolicy }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

const ROUTE_FIELDS = ["readTimeoutMs", "streamTimeoutMs", "maxBodyBytes", "rateLimits", "cost"] as const;
const HEADER_NAME = /^[a-z0-9-]{1,64}$/i;
const DEFAULTS: RoutePolicy = { readTimeoutMs: 15_000, streamTimeoutMs: 3_600_000, maxBodyBytes: 1_048_576, rateLimits: [], cost: 1 };

/** Gives gateway.config.ts its types; everything else is checked when it loads. */
export function defineGateway(input: GatewayInput): GatewayInput {
  return input;
}

/** Parses what gateway.config.ts exports, once, when it loads. Never throws. */
export function parsePolicy(input: unknown, promised: Promised): ParsedPolicy {
  const check = checks();
  const top = check.fields("", input, ["principalHeader", "rateLimits", "rateLimitShards", "defaults", "services"]);
  const principalHeader = headerName(check, "principalHeader", top["principalHeader"]);
  const rules = new Map(
    check.entries("rateLimits", top["rateLimits"]).map(([name, rule]) => [name, rateLimit(check, name, rule, principalHeader)] as const),
  );
  const rateLimitShards = check.integer("rateLimitShards", top["rateLimitShards"], { min: 1, max: 4096, fallback: 16, unit: "objects" });
  const defaults = route(check, "defaults", check.fields("defaults", top["defaults"], ROUTE_FIELDS), DEFAULTS, rules);

  const services = new Map<string, ServicePolicy>();
  if (top["services"] === undefined)
    check.report("services", undefined, 'list at least one service: { "users.v1.UserService": { upstream: ... } }');
  for (const [name, value] of check.entries("services", top["services"])) {
    const path = join("services", name);
    const methods = promised.get(name);
    if (methods === undefined)
      check.report(path, name, `write ${suggest(name, [...promised.keys()])}, or add the service to workers/services/catalog.ts`);
    services.set(name, service(check, path, value, methods ?? [], defaults, rules));
  }
  if (check.problems.length > 0) return { kind: "invalid", problems: check.problems };
  return { kind: "ok", policy: { principalHeader, rateLimitShards, services } };
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
  const fields = check.fields(path, value, ["upstream", "methods", ...ROUTE_FIELDS]);
  const own = route(check, path, fields, defaults, rules);
  const methods = new Map(promised.map((name) => [name, own]));
  for (const [name, settings] of check.entries(`${path}.methods`, fields["methods"])) {
    const at = join(`${path}.methods`, name);
    if (promised.length > 0 && !promised.includes(name)) check.report(at, name, `write ${suggest(name, promised)}`);
    methods.set(name, route(check, at, check.fields(at, settings, ROUTE_FIELDS), own, rules));
  }
  return { upstream: upstream(check, `${path}.upstream`, fields["upstream"]), methods };
}

function route(check: Checks, path: string, fields: Readonly<Record<string, unknown>>, outer: RoutePolicy, rules: Rules): RoutePolicy {
  const number = (name: "readTimeoutMs" | "streamTimeoutMs" | "maxBodyBytes" | "cost", min: number, max: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback: outer[name], unit });
  const policy: RoutePolicy = {
    readTimeoutMs: number("readTimeoutMs", 1, 3_600_000, "ms"),
    streamTimeoutMs: number("streamTimeoutMs", 1, 86_400_000, "ms"),
    maxBodyBytes: number("maxBodyBytes", 1, 104_857_600, "bytes"),
    rateLimits:
      fields["rateLimits"] === undefined ? outer.rateLimits : namedRules(check, `${path}.rateLimits`, fields["rateLimits"], rules),
    cost: number("cost", 1, 1_000_000_000, "tokens"),
  };
  for (const { name, limit } of policy.rateLimits) {
    const isNew = fields["cost"] !== undefined || fields["rateLimits"] !== undefined;
    if (isNew && policy.cost > limit.capacity) {
      check.report(
        join(path, "cost"),
        policy.cost,
        `write at most ${limit.capacity}, the capacity of rateLimits.${name}: such a call could never pass`,
      );
    }
  }
  return policy;
}

function namedRules(check: Checks, path: string, value: unknown, rules: Rules): RateLimitRule[] {
  if (!Array.isArray(value)) {
    check.report(path, value, 'write a list of names from rateLimits: ["per-caller"]');
    return [];
  }
  return value.flatMap((name: unknown, index) => {
    const rule = typeof name === "string" ? rules.get(name) : undefined;
    if (rule !== undefined && value.indexOf(name) === index) return [rule];
    const mend = rule === undefined ? `write ${suggest(String(name), [...rules.keys()])}, defined in rateLimits` : "name each rule once";
    check.report(`${path}[${index}]`, name, mend);
    return [];
  });
}

function rateLimit(check: Checks, name: string, value: unknown, principalHeader: string | undefined): RateLimitRule {
  const path = join("rateLimits", name);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) check.report(path, name, "name the rule with 1 to 64 letters, digits, '-', '_' or '.'");
  const fields = check.fields(path, value, ["capacity", "rate", "intervalMs", "key", "fail", "waitMs"]);
  const tokens = (field: "capacity" | "rate") => {
    if (fields[field] === undefined) check.report(`${path}.${field}`, undefined, "write a whole number of tokens, at least 1");
    return check.integer(`${path}.${field}`, fields[field], { min: 1, max: 1_000_000_000, fallback: 1, unit: "tokens" });
  };
  const limit: BucketLimit = {
    capacity: tokens("capacity"),
    rate: tokens("rate"),
    intervalMs: check.integer(`${path}.intervalMs`, fields["intervalMs"], { min: 1, max: 86_400_000, fallback: 1_000, unit: "ms" }),
  };
  if (limit.capacity * limit.intervalMs > MAX_CREDIT) {
    check.report(path, limit, `make capacity x intervalMs at most ${MAX_CREDIT}: a shorter interval with a smaller rate says the same`);
  }
  return {
    name,
    key: bucketKey(check, `${path}.key`, fields["key"], principalHeader),
    limit,
    fail: check.oneOf(`${path}.fail`, fields["fail"], ["open", "closed"], "open"),
    waitMs: check.integer(`${path}.waitMs`, fields["waitMs"], { min: 1, max: 50, fallback: 50, unit: "ms" }),
  };
}

function bucketKey(check: Checks, path: string, value: unknown, principalHeader: string | undefined): RateLimitRule["key"] {
  if (typeof value === "object" && value !== null) {
    const header = headerName(check, `${path}.header`, check.fields(path, value, ["header"])["header"] ?? "");
    return { kind: "header", header: header ?? "" };
  }
  const kind = check.oneOf(path, value, ["ip", "principal"], "ip");
  if (kind === "principal" && principalHeader === undefined) {
    check.report(path, value, "set principalHeader, the header in which a trusted front names the caller");
  }
  return { kind };
}

function upstream(check: Checks, path: string, value: unknown): UpstreamInput {
  const { binding, url } = check.fields(path, value, ["binding", "url"]);
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

function headerName(check: Checks, path: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && HEADER_NAME.test(value)) return value.toLowerCase();
  check.report(path, value, "write the name of a header: 1 to 64 letters, digits and '-'");
  return undefined;
}
