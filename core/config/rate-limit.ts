// A rate-limit rule as an operator writes it: a token bucket, whom it belongs to, how it is shared, and what happens when it can't be asked.
import { type AddressRange, parseRange } from "../ip.ts";
import { type BucketLimit, MAX_CREDIT } from "../rate-limit/token-bucket.ts";
import type { Cost } from "./cost.ts";
import { type Checks, join } from "./problems.ts";

/** What names a caller: nothing here is verified by the gateway. Let something you trust in front of it set or verify it. */
export type NamedBy = "principal" | { readonly header: string } | { readonly claim: string };

interface LimitInput {
  /** Tokens; the largest burst (G4). */
  readonly capacity: number;
  /** Tokens returned every `intervalMs` (default 1 000 ms). */
  readonly rate: number;
  readonly intervalMs?: number;
}

export interface RateLimitInput extends LimitInput {
  /** Whom a bucket belongs to. A caller that can't be named so is counted by address. Default "ip". */
  readonly key?: "ip" | "route" | "all" | NamedBy | { readonly field: string };
  /** How isolates share the bucket. Default "auto": leased where it is large enough for that, else asked for each call. */
  readonly mode?: (typeof MODES)[number];
  /** Where `auto` asks for each call: the first one passes without waiting for the answer. Default false. */
  readonly optimistic?: boolean;
  /** Other limits for callers on a plan. */
  readonly tiers?: { readonly by: NamedBy; readonly plans: Readonly<Record<string, LimitInput>> };
  /** Whom the rule does not hold: address ranges, and values of the key. */
  readonly exempt?: readonly string[];
  /** "off", "report", or the percentage of callers that are refused; the others are reported. Default 100. */
  readonly enforce?: "off" | "report" | number;
  /** What happens to calls while the bucket can't be asked. Default "open": they pass. */
  readonly fail?: (typeof FAILS)[number];
  /** How long a call waits for the bucket, 1 to 60,000 ms, and never beyond its deadline. Default 50. */
  readonly waitMs?: number;
  /** Forgets buckets after two intervals, full or not, as the script did that this replaces. */
  readonly compat?: boolean;
}

export type KeySource =
  | { readonly kind: "ip" | "route" | "all" | "principal" }
  | { readonly kind: "header"; readonly header: string }
  | { readonly kind: "claim"; readonly claim: string }
  | { readonly kind: "field"; readonly field: string };

export interface RateLimitRule {
  readonly name: string;
  readonly key: KeySource;
  readonly limit: BucketLimit;
  readonly tiers: { readonly by: KeySource; readonly plans: ReadonlyMap<string, BucketLimit> } | undefined;
  readonly exempt: { readonly ranges: readonly AddressRange[]; readonly names: ReadonlySet<string> };
  readonly enforce: "off" | number; // per cent of callers; 0 reports only
  readonly mode: (typeof MODES)[number];
  readonly isOptimistic: boolean;
  readonly fail: (typeof FAILS)[number];
  readonly waitMs: number;
}

const MODES = ["auto", "exact", "leased", "local"] as const;
const FAILS = ["open", "closed", "reuse"] as const;
const LIMIT_FIELDS = ["capacity", "rate", "intervalMs"] as const;
const FIELDS = ["key", "mode", "optimistic", "tiers", "exempt", "enforce", "fail", "waitMs", "compat"] as const;

/**
 * @param principalHeader what names the caller, where the configuration has it
 * @returns undefined for a rule that is off
 */
export function parseRule(check: Checks, name: string, value: unknown, principalHeader: string | undefined): RateLimitRule {
  const path = join("rateLimits", name);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) check.report(path, name, "name the rule with 1 to 64 letters, digits, '-', '_' or '.'");
  const fields = check.fields(path, value, [...LIMIT_FIELDS, ...FIELDS]);
  const compat = check.oneOf(`${path}.compat`, fields["compat"], [true, false], false);
  const mode = check.oneOf(`${path}.mode`, fields["mode"], MODES, compat ? "exact" : "auto");
  const fail = check.oneOf(`${path}.fail`, fields["fail"], FAILS, "open");
  const isOptimistic = check.oneOf(`${path}.optimistic`, fields["optimistic"], [true, false], false);
  const isShared = mode === "auto" || mode === "leased";
  if (compat && mode !== "exact" && mode !== "local")
    check.report(`${path}.compat`, compat, 'write mode: "exact": leases have no such expiry');
  if (fail === "reuse" && !isShared)
    check.report(`${path}.fail`, fail, `write mode: "auto" or "leased": a bucket that is ${mode} has no lease to reuse`);
  if (isOptimistic && mode !== "auto") check.report(`${path}.optimistic`, true, 'write mode: "auto", whose small limits it is for');
  return {
    name,
    key: keySource(check, `${path}.key`, fields["key"], principalHeader, ["ip", "route", "all", "principal"]),
    limit: bucketLimit(check, path, fields, compat),
    tiers: tiersOf(check, `${path}.tiers`, fields["tiers"], principalHeader, compat),
    exempt: exemptions(check, `${path}.exempt`, fields["exempt"]),
    enforce: enforced(check, `${path}.enforce`, fields["enforce"]),
    mode,
    isOptimistic,
    fail,
    waitMs: check.integer(`${path}.waitMs`, fields["waitMs"], { min: 1, max: 60_000, fallback: 50, unit: "ms" }),
  };
}

/** Whether a call can be charged only when its message is there. */
export function needsMessage(rules: readonly RateLimitRule[], cost: Cost): boolean {
  return rules.length > 0 && (cost.kind === "message" || rules.some(({ key }) => key.kind === "field"));
}

function bucketLimit(check: Checks, path: string, fields: Readonly<Record<string, unknown>>, compat: boolean): BucketLimit {
  const tokens = (field: "capacity" | "rate") => {
    if (fields[field] === undefined) check.report(`${path}.${field}`, undefined, "write a whole number of tokens, at least 1");
    return check.integer(`${path}.${field}`, fields[field], { min: 1, max: 1_000_000_000, fallback: 1, unit: "tokens" });
  };
  const limit = {
    capacity: tokens("capacity"),
    rate: tokens("rate"),
    intervalMs: check.integer(`${path}.intervalMs`, fields["intervalMs"], { min: 1, max: 86_400_000, fallback: 1_000, unit: "ms" }),
  };
  if (limit.capacity * limit.intervalMs > MAX_CREDIT) {
    check.report(path, limit, `make capacity x intervalMs at most ${MAX_CREDIT}: a shorter interval with a smaller rate says the same`);
  }
  return compat ? { ...limit, compat } : limit;
}

function keySource(check: Checks, path: string, value: unknown, principalHeader: string | undefined, kinds: readonly string[]): KeySource {
  if (typeof value === "object" && value !== null) {
    const fields = check.fields(path, value, kinds.includes("ip") ? ["header", "claim", "field"] : ["header", "claim"]);
    const names = Object.keys(fields);
    if (names.length !== 1) check.report(path, value, 'name one thing: { header: "x-api-key" }');
    if (fields["claim"] !== undefined) return { kind: "claim", claim: nameOf(check, `${path}.claim`, fields["claim"]) };
    if (fields["field"] !== undefined) return { kind: "field", field: nameOf(check, `${path}.field`, fields["field"]) };
    return { kind: "header", header: check.header(`${path}.header`, fields["header"] ?? "") ?? "" };
  }
  const kind = check.oneOf(path, value, kinds as readonly ("ip" | "route" | "all" | "principal")[], kinds[0] as "ip");
  if (kind === "principal" && principalHeader === undefined) {
    check.report(path, value, "set principalHeader, the header in which a trusted front names the caller");
  }
  return { kind };
}

function nameOf(check: Checks, path: string, value: unknown): string {
  if (typeof value === "string" && /^[\w.:/-]{1,128}$/.test(value)) return value;
  check.report(path, value, "write a name: 1 to 128 letters, digits and . : / - _");
  return "";
}

function tiersOf(
  check: Checks,
  path: string,
  value: unknown,
  principalHeader: string | undefined,
  compat: boolean,
): RateLimitRule["tiers"] {
  if (value === undefined) return undefined;
  const fields = check.fields(path, value, ["by", "plans"]);
  if (fields["by"] === undefined) check.report(`${path}.by`, undefined, 'say what names the plan: { header: "x-plan" }');
  const plans = check.entries(`${path}.plans`, fields["plans"]).map(([plan, limit]) => {
    const at = join(`${path}.plans`, plan);
    return [plan, bucketLimit(check, at, check.fields(at, limit, LIMIT_FIELDS), compat)] as const;
  });
  return { by: keySource(check, `${path}.by`, fields["by"], principalHeader, ["principal"]), plans: new Map(plans) };
}

function exemptions(check: Checks, path: string, value: unknown): RateLimitRule["exempt"] {
  const ranges: AddressRange[] = [];
  const names = new Set<string>();
  if (value !== undefined && !Array.isArray(value)) check.report(path, value, 'write a list: ["10.0.0.0/8", "batch-import"]');
  for (const [index, one] of (Array.isArray(value) ? value : []).entries()) {
    const range = typeof one === "string" ? parseRange(one) : undefined;
    if (range !== undefined) ranges.push(range);
    else if (typeof one === "string" && one.length > 0 && one.length <= 128 && !/^[\d.:a-f]+\/\d+$/i.test(one)) names.add(one);
    else check.report(`${path}[${index}]`, one, "write an address range such as 10.0.0.0/8, or a value of the key of 1 to 128 letters");
  }
  return { ranges, names };
}

function enforced(check: Checks, path: string, value: unknown): RateLimitRule["enforce"] {
  if (value === "off") return value;
  if (value === "report") return 0;
  return check.integer(path, value, { min: 0, max: 100, fallback: 100, unit: 'per cent of callers; or "off" or "report"' });
}
