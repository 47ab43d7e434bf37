// Settings of a rate-limit rule: a token bucket, the callers that share it, how isolates share it, and what happens while it is unavailable.
import * as v from "valibot";
import { type AddressRange, parseAddressRange } from "../ip.ts";
import { type BucketLimit, MAX_CREDIT } from "../rate-limit/token-bucket.ts";
import { type Cost, tokens } from "./cost.ts";
import { type Checks, join } from "./problems.ts";
import { readBlock, readSetting } from "./read.ts";
import {
  type Block,
  block,
  choice,
  type Entries,
  flag,
  headerName,
  type InputOf,
  type PolicyOf,
  readByCode,
  required,
  setting,
  text,
  whole,
} from "./setting.ts";

const SHARING_MODES = ["auto", "exact", "leased", "local"] as const;
const KEYS = ["ip", "route", "all", "principal"] as const;
const TOKENS_MISSING = "write a whole number of tokens, at least 1";

export const LIMIT_SETTINGS = block({
  capacity: required(tokens, "Size of the bucket: the largest burst.", TOKENS_MISSING),
  rate: required(tokens, "Tokens returned every `intervalMs`.", TOKENS_MISSING),
  intervalMs: setting(whole(1, 86_400_000, "ms"), 1_000, "Interval of `rate`; `capacity` x `intervalMs` is at most 2^52."),
});

const named = text(/^[\w.:/-]{1,128}$/, "write a name: 1 to 128 letters, digits and . : / - _", "name");
/** Header or claim: the gateway verifies neither. Something you trust in front of it has to set or verify them. */
export const NAMED_BY_SETTINGS = block({
  header: setting(headerName, undefined, "Request header that names the caller."),
  claim: setting(named, undefined, "Claim of the JWT in `Authorization` that names the caller. It is not verified here."),
});
export const KEY_SETTINGS = block({
  ...NAMED_BY_SETTINGS.entries,
  field: setting(named, undefined, "Field of the request message, for which the call waits."),
});

const keyName = choice(KEYS, { everybody: "all" });
const planSource = choice(["principal"]);
export const TIER_SETTINGS = block({
  by: readByCode(v.union([planSource, NAMED_BY_SETTINGS]), "What names the plan of a caller.", {
    shape: '`"principal"`, `{ header }`, `{ claim }`',
    shownDefault: "required",
  }),
  plans: readByCode(v.record(v.string(), LIMIT_SETTINGS), "Limits by the name of a plan.", {
    shape: "`{ capacity, rate, intervalMs }` by name",
  }),
});

const ENFORCE_FIX = 'write a whole number from 0 to 100 (per cent of callers; or "off" or "report")';
const enforce = v.pipe(
  v.union([v.picklist(["off", "report"]), whole(0, 100, "%")], ENFORCE_FIX),
  v.transform((share) => (share === "report" ? 0 : share)),
);

export const RATE_LIMIT_SETTINGS = block({
  ...LIMIT_SETTINGS.entries,
  key: readByCode(
    v.union([keyName, KEY_SETTINGS]),
    "The calls that share a bucket. IPv6 addresses count by /64. A caller that cannot be named so is counted by address.",
    { shape: '`"ip"`, `"principal"`, `"route"`, `"all"`, `{ header }`, `{ claim }`, `{ field }`', shownDefault: '`"ip"`' },
  ),
  mode: setting(choice(SHARING_MODES), undefined, "How isolates share the bucket ([rate limiting](rate-limiting.md)).", {
    shownDefault: '`"auto"`; `"exact"` with `compat`',
  }),
  optimistic: setting(flag, false, "With `auto`, where the limit is small: the first call passes before the bucket has responded."),
  tiers: readByCode(TIER_SETTINGS, "Other limits for callers on a plan.", { shownDefault: "none" }),
  exempt: readByCode(v.array(v.string()), "Address ranges, and values of the key, to which the rule does not apply.", {
    shape: "list",
    shownDefault: "none",
  }),
  enforce: setting(
    enforce,
    100,
    "Share of callers that are refused above the limit; for the others it is logged. `off` and `report` refuse no call.",
    { shape: '`"off"`, `"report"`, or 0 to 100 % of callers', fix: ENFORCE_FIX },
  ),
  fail: setting(
    choice(["open", "closed", "reuse"]),
    "open",
    "What happens to calls while the bucket is unavailable: they pass, get `unavailable`, or spend a quarter of the last lease.",
  ),
  waitMs: setting(whole(1, 60_000, "ms"), 50, "How long a call waits for the bucket; never beyond its deadline."),
  compat: setting(
    flag,
    false,
    "Whether buckets are forgotten two intervals after their last call, like the script that this replaces, instead of when they are full.",
  ),
});

export type RateLimitInput = InputOf<typeof RATE_LIMIT_SETTINGS>;
type Policy = PolicyOf<typeof RATE_LIMIT_SETTINGS>;

export type KeySource =
  | { readonly kind: (typeof KEYS)[number] }
  | { readonly kind: "header"; readonly header: string }
  | { readonly kind: "claim"; readonly claim: string }
  | { readonly kind: "field"; readonly field: string };

export interface RateLimitRule {
  readonly name: string;
  readonly key: KeySource;
  readonly limit: BucketLimit;
  readonly tiers: { readonly by: KeySource; readonly plans: ReadonlyMap<string, BucketLimit> } | undefined;
  readonly exempt: { readonly ranges: readonly AddressRange[]; readonly names: ReadonlySet<string> };
  readonly enforce: "off" | number; // share of callers, %; 0 only reports
  readonly mode: (typeof SHARING_MODES)[number];
  readonly isOptimistic: boolean;
  readonly fail: Policy["fail"];
  readonly waitMs: number;
}

/** @param principalHeader the header that names the caller, where the configuration has it */
export function parseRule(check: Checks, name: string, value: unknown, principalHeader: string | undefined): RateLimitRule {
  const path = join("rateLimits", name);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) check.report(path, name, "name the rule with 1 to 64 letters, digits, '-', '_' or '.'");
  const { compat, mode: written, optimistic, enforce, fail, waitMs, ...read } = readBlock(check, path, RATE_LIMIT_SETTINGS, value);
  const mode = written ?? (compat ? "exact" : "auto");
  checkSharing(check, path, { compat, mode, optimistic, fail });
  return {
    name,
    key: keySource(check, `${path}.key`, read.key, principalHeader),
    limit: limitOf(check, path, read, compat),
    tiers: tiersIn(check, `${path}.tiers`, read.tiers, principalHeader, compat),
    exempt: exemptions(check, `${path}.exempt`, read.exempt),
    enforce,
    mode,
    isOptimistic: optimistic,
    fail,
    waitMs,
  };
}

/** Whether a call can be charged only when its message is there. */
export function needsMessage(rules: readonly RateLimitRule[], cost: Cost): boolean {
  return rules.length > 0 && (cost.kind === "message" || rules.some(({ key }) => key.kind === "field"));
}

interface Sharing extends Pick<Policy, "compat" | "optimistic" | "fail"> {
  readonly mode: RateLimitRule["mode"];
}

function checkSharing(check: Checks, path: string, { compat, mode, optimistic, fail }: Sharing): void {
  const isShared = mode === "auto" || mode === "leased";
  if (compat && isShared) check.report(`${path}.compat`, compat, 'write mode: "exact": leases have no such expiry');
  if (fail === "reuse" && !isShared)
    check.report(`${path}.fail`, fail, `write mode: "auto" or "leased": a bucket that is ${mode} has no lease to reuse`);
  if (optimistic && mode !== "auto") check.report(`${path}.optimistic`, true, 'write mode: "auto", whose small limits it is for');
}

function limitOf(check: Checks, path: string, { capacity, rate, intervalMs }: BucketLimit, compat: boolean): BucketLimit {
  const limit = { capacity, rate, intervalMs };
  if (capacity * intervalMs > MAX_CREDIT)
    check.report(path, limit, `make capacity x intervalMs at most ${MAX_CREDIT}: a shorter interval with a smaller rate says the same`);
  return compat ? { ...limit, compat } : limit;
}

function keySource(check: Checks, path: string, value: unknown, principalHeader: string | undefined): KeySource {
  if (typeof value === "object" && value !== null) return namedSource(check, path, value, KEY_SETTINGS);
  const kind = readSetting(check, path, keyName, value, { value: "ip" }) as (typeof KEYS)[number];
  if (kind === "principal") checkPrincipal(check, path, kind, principalHeader);
  return { kind };
}

function planKey(check: Checks, path: string, value: unknown, principalHeader: string | undefined): KeySource {
  if (typeof value === "object" && value !== null) return namedSource(check, path, value, NAMED_BY_SETTINGS);
  readSetting(check, path, planSource, value, { value: "principal" });
  checkPrincipal(check, path, value, principalHeader);
  return { kind: "principal" };
}

function checkPrincipal(check: Checks, path: string, value: unknown, principalHeader: string | undefined): void {
  if (principalHeader === undefined) check.report(path, value, "set principalHeader, the header in which a trusted front names the caller");
}

function namedSource<E extends Entries>(check: Checks, path: string, value: object, settings: Block<E>): KeySource {
  const { header, claim, field } = readBlock(check, path, settings, value) as { header?: string; claim?: string; field?: string };
  if (Object.keys(value).length !== 1) check.report(path, value, 'name one thing: { header: "x-api-key" }');
  if (claim !== undefined) return { kind: "claim", claim };
  if (field !== undefined) return { kind: "field", field };
  return { kind: "header", header: header ?? "" };
}

function tiersIn(
  check: Checks,
  path: string,
  value: unknown,
  principalHeader: string | undefined,
  compat: boolean,
): RateLimitRule["tiers"] {
  if (value === undefined) return undefined;
  const { by, plans } = readBlock(check, path, TIER_SETTINGS, value);
  if (by === undefined) check.report(`${path}.by`, undefined, 'say what names the plan: { header: "x-plan" }');
  const limits = check.entries(`${path}.plans`, plans).map(([plan, limit]) => {
    const at = join(`${path}.plans`, plan);
    return [plan, limitOf(check, at, readBlock(check, at, LIMIT_SETTINGS, limit), compat)] as const;
  });
  return { by: planKey(check, `${path}.by`, by, principalHeader), plans: new Map(limits) };
}

function exemptions(check: Checks, path: string, value: unknown): RateLimitRule["exempt"] {
  const ranges: AddressRange[] = [];
  const names = new Set<string>();
  if (value !== undefined && !Array.isArray(value)) check.report(path, value, 'write a list: ["10.0.0.0/8", "batch-import"]');
  for (const [index, one] of (Array.isArray(value) ? value : []).entries()) {
    const range = typeof one === "string" ? parseAddressRange(one) : undefined;
    if (range !== undefined) ranges.push(range);
    else if (typeof one === "string" && one.length > 0 && one.length <= 128 && !/^[\d.:a-f]+\/\d+$/i.test(one)) names.add(one);
    else check.report(`${path}[${index}]`, one, "write an address range such as 10.0.0.0/8, or a value of the key of 1 to 128 letters");
  }
  return { ranges, names };
}
