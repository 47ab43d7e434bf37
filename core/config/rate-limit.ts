// Settings of a rate-limit rule: a token bucket, the callers that share it, how isolates share it, and what happens while it is unavailable.
import * as v from "valibot";
import { type BucketLimit, MAX_CREDIT } from "../rate-limit/token-bucket.ts";
import type { Proves } from "./auth.ts";
import { type Cost, tokens } from "./cost.ts";
import { ENFORCED, ENFORCEMENT_SHAPE, type Enforcement, enforcement, parseEnforcement } from "./enforcement.ts";
import { checkPlatformLimit, PLATFORM_LIMIT } from "./platform-limit.ts";
import { type Checks, join } from "./problems.ts";
import { type Ceiling, ceilingOf } from "./rate-limit-ceiling.ts";
import {
  type Exemptions,
  exemptions,
  KEY_SETTINGS,
  type KeySource,
  keyName,
  keySource,
  NAMED_BY_SETTINGS,
  planKey,
  planSource,
} from "./rate-limit-key.ts";
import { readBlock } from "./read.ts";
import { block, choice, flag, type InputOf, type PolicyOf, readByCode, required, setting, whole } from "./setting.ts";

const SCOPES = ["region", "world"] as const;
const SHARING_MODES = ["auto", "exact", "leased", "local"] as const;
const TOKENS_MISSING = "write a whole number of tokens, at least 1";

export const LIMIT_SETTINGS = block({
  capacity: required(tokens, "Size of the bucket: the largest burst.", TOKENS_MISSING),
  rate: required(tokens, "Tokens returned every `intervalMs`.", TOKENS_MISSING),
  intervalMs: setting(whole(1, 86_400_000, "ms"), 1_000, "Interval of `rate`; `capacity` x `intervalMs` is at most 2^52."),
});

export const TIER_SETTINGS = block({
  by: readByCode(v.union([planSource, NAMED_BY_SETTINGS]), "What names the plan of a caller: `key` for the plan of its API key.", {
    shape: '`"key"`, `"principal"`, `{ header }`, `{ claim }`',
    shownDefault: "required",
  }),
  plans: readByCode(v.record(v.string(), LIMIT_SETTINGS), "Limits by the name of a plan.", {
    shape: "`{ capacity, rate, intervalMs }` by name",
  }),
});

const ENFORCE_FIX = 'write a whole number from 0 to 100 (per cent of callers; or "off" or "report")';
const enforce = v.union([v.picklist(["off", "report"]), whole(0, 100, "%")], ENFORCE_FIX);

const WAIT_MS = 1_000;
const OPEN_WAIT_MS = 250; // a cold isolate's calls beyond its debt; more than the round trip to a Durable Object of the region
const PER_ADDRESS_FIX = 'write a whole number from 1 to 1000000 (callers), or "off"';

export const RATE_LIMIT_SETTINGS = block({
  ...LIMIT_SETTINGS.entries,
  key: readByCode(
    v.union([keyName, KEY_SETTINGS]),
    "The calls that share a bucket. IPv6 addresses count by /64. A caller that cannot be named so, or whose message cannot be read, is counted by address.",
    { shape: '`"ip"`, `"principal"`, `"route"`, `"all"`, `{ header }`, `{ claim }`, `{ field }`', shownDefault: '`"ip"`' },
  ),
  mode: setting(choice(SHARING_MODES), undefined, "How isolates share the bucket ([rate limiting](rate-limiting.md)).", {
    shownDefault: '`"auto"`; `"exact"` with `compat`',
  }),
  binding: PLATFORM_LIMIT,
  scope: setting(
    choice(SCOPES),
    undefined,
    "Where a key has a bucket: one in each region from which its calls come, or one for the whole world ([regions](rate-limiting.md#regions)).",
    { shownDefault: '`"region"` with key `"ip"`, else `"world"`' },
  ),
  perAddress: setting(
    v.union([v.literal("off"), whole(1, 1_000_000, "callers")], PER_ADDRESS_FIX),
    20,
    "With a key that callers choose (`{ header }`, `{ field }`): as many of them as one address may use up in an isolate, so that it gains nothing by making names up. `off` where many callers share an address and something in front verifies the key.",
    { shape: '1 to 1,000,000 callers, or `"off"`', fix: PER_ADDRESS_FIX },
  ),
  tiers: readByCode(TIER_SETTINGS, "Other limits for callers on a plan.", { shownDefault: "none" }),
  exempt: readByCode(v.array(v.string()), "Address ranges, and values of the key, to which the rule does not apply.", {
    shape: "list",
    shownDefault: "none",
  }),
  enforcement: readByCode(
    enforcement(),
    "Whether calls above the limit are refused, only reported, or refused for a share of the callers ([dry run](dry-run.md)). `report` takes the same tokens.",
    { shape: ENFORCEMENT_SHAPE, shownDefault: '`"enforce"`' },
  ),
  enforce: setting(enforce, undefined, "Former spelling of `enforcement`: a share of callers in %, `off` or `report`.", {
    shape: '`"off"`, `"report"`, or 0 to 100 % of callers',
    fix: ENFORCE_FIX,
    shownDefault: "see `enforcement`",
  }),
  fail: setting(
    choice(["open", "closed", "reuse"]),
    "open",
    "What happens to calls while the bucket is unavailable: they pass, get `unavailable`, or spend a quarter of the last lease.",
  ),
  waitMs: setting(
    whole(1, 60_000, "ms"),
    undefined,
    'How long a call waits for the bucket at most; never beyond its deadline. With `fail: "open"` and leases only calls beyond the [debt](rate-limiting.md#waiting) of a cold isolate wait.',
    { shownDefault: '250 with `fail: "open"` and mode `auto` or `leased`, else 1000' },
  ),
  compat: setting(
    flag,
    false,
    "Whether buckets are forgotten two intervals after their last call, like the script that this replaces, instead of when they are full.",
  ),
});

export type RateLimitInput = InputOf<typeof RATE_LIMIT_SETTINGS>;
type Policy = PolicyOf<typeof RATE_LIMIT_SETTINGS>;

export interface RateLimitRule {
  readonly name: string;
  readonly key: KeySource;
  readonly limit: BucketLimit;
  readonly tiers: { readonly by: KeySource; readonly plans: ReadonlyMap<string, BucketLimit> } | undefined;
  readonly ceiling: Ceiling<RateLimitRule> | undefined; // where callers choose the keys
  readonly exempt: Exemptions;
  readonly enforcement: Enforcement;
  readonly mode: (typeof SHARING_MODES)[number];
  readonly scope: (typeof SCOPES)[number];
  readonly binding: string | undefined; // the platform's limit beside the isolate's
  readonly fail: Policy["fail"];
  readonly waitMs: number;
}

export function parseRule(check: Checks, name: string, value: unknown, proves: Proves): RateLimitRule {
  const path = join("rateLimits", name);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) check.report(path, name, "name the rule with 1 to 64 letters, digits, '-', '_' or '.'");
  const read = readBlock(check, path, RATE_LIMIT_SETTINGS, withoutOptimistic(check, path, value));
  const { compat, mode: written, scope, fail, waitMs, perAddress } = read;
  const mode = written ?? (compat ? "exact" : "auto");
  checkSharing(check, path, { compat, mode, fail, scope });
  checkPlatformLimit(check, path, read.binding, mode);
  const key = keySource(check, `${path}.key`, read.key, proves);
  const rule: RateLimitRule = {
    name,
    key,
    limit: limitOf(check, path, read, compat),
    tiers: tiersIn(check, `${path}.tiers`, read.tiers, proves, compat),
    ceiling: undefined,
    exempt: exemptions(check, `${path}.exempt`, read.exempt),
    enforcement: enforcementOf(check, path, read),
    mode,
    scope: scope ?? (key.kind === "ip" ? "region" : "world"), // calls of an address come from one place
    binding: read.binding,
    fail,
    waitMs: waitMs ?? (fail === "open" && isLeased(mode) ? OPEN_WAIT_MS : WAIT_MS),
  };
  const isChosen = rule.key.kind === "header" || rule.key.kind === "field";
  if (!isChosen || perAddress === "off") return rule;
  // The isolate counts it by itself: it costs no message, and calls of one address come to few isolates.
  return {
    ...rule,
    ceiling: ceilingOf(rule, perAddress, { key: { kind: "ip" }, mode: "local", binding: undefined, fail: "open" }),
  };
}

/** By `enforcement`, or by its former spelling. */
function enforcementOf(check: Checks, path: string, { enforcement: value, enforce }: Pick<Policy, "enforcement" | "enforce">): Enforcement {
  if (enforce === undefined) return parseEnforcement(check, `${path}.enforcement`, value, ENFORCED);
  if (value !== undefined) check.report(`${path}.enforce`, enforce, "remove it: enforcement says the same");
  return typeof enforce === "number" ? { mode: "enforce", percent: enforce } : { mode: enforce, percent: 100 };
}

/** Whether a call can be charged only when its message is there. */
export function needsMessage(rules: readonly RateLimitRule[], cost: Cost): boolean {
  return rules.length > 0 && (cost.kind === "message" || rules.some(({ key }) => key.kind === "field"));
}

interface Sharing extends Pick<Policy, "compat" | "fail" | "scope"> {
  readonly mode: RateLimitRule["mode"];
}

function checkSharing(check: Checks, path: string, { compat, mode, fail, scope }: Sharing): void {
  if (mode === "local" && scope !== undefined)
    check.report(`${path}.scope`, scope, "remove it: a bucket of mode local is in the isolate, wherever that runs");
  if (compat && isLeased(mode)) check.report(`${path}.compat`, compat, 'write mode: "exact": leases have no such expiry');
  if (fail === "reuse" && !isLeased(mode))
    check.report(`${path}.fail`, fail, `write mode: "auto" or "leased": a bucket that is ${mode} has no lease to reuse`);
}

function isLeased(mode: RateLimitRule["mode"]): boolean {
  return mode === "auto" || mode === "leased";
}

/** The first version had a setting `optimistic`. What it did is what every rule that fails open does now. */
function withoutOptimistic(check: Checks, path: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("optimistic" in value)) return value;
  const { optimistic, ...rest } = value;
  const fix = 'remove it: with fail: "open" calls pass before the bucket has responded (docs/rate-limiting.md, "Waiting")';
  check.report(`${path}.optimistic`, optimistic, fix);
  return rest;
}

function limitOf(check: Checks, path: string, { capacity, rate, intervalMs }: BucketLimit, compat: boolean): BucketLimit {
  const limit = { capacity, rate, intervalMs };
  if (capacity * intervalMs > MAX_CREDIT)
    check.report(path, limit, `make capacity x intervalMs at most ${MAX_CREDIT}: a shorter interval with a smaller rate says the same`);
  return compat ? { ...limit, compat } : limit;
}

function tiersIn(check: Checks, path: string, value: unknown, proves: Proves, compat: boolean): RateLimitRule["tiers"] {
  if (value === undefined) return undefined;
  const { by, plans } = readBlock(check, path, TIER_SETTINGS, value);
  if (by === undefined) check.report(`${path}.by`, undefined, 'say what names the plan: { header: "x-plan" }');
  const limits = check.entries(`${path}.plans`, plans).map(([plan, limit]) => {
    const at = join(`${path}.plans`, plan);
    return [plan, limitOf(check, at, readBlock(check, at, LIMIT_SETTINGS, limit), compat)] as const;
  });
  return { by: planKey(check, `${path}.by`, by, proves), plans: new Map(limits) };
}
