// A rate-limit rule as an operator writes it: a token bucket, whom it belongs to, and what happens when it can't be asked.
import { type Checks, join } from "../parse.ts";
import { type BucketLimit, MAX_CREDIT } from "./token-bucket.ts";

export interface RateLimitInput extends Partial<BucketLimit> {
  /** Tokens; the largest burst (G4). */
  readonly capacity: number;
  /** Tokens returned every `intervalMs` (default 1 000 ms). */
  readonly rate: number;
  /** Whom a bucket belongs to. A caller without that header or principal is counted by address. Default "ip". */
  readonly key?: "ip" | "principal" | { readonly header: string };
  /** "exact": the bucket is asked with every call. "leased": isolates spend parts of it without asking. Default "exact". */
  readonly mode?: "exact" | "leased";
  /** What happens to calls while the bucket can't be asked. Default "open": they pass. */
  readonly fail?: "open" | "closed";
  /** How long a call waits for the bucket, at most 50 ms. Default 50. */
  readonly waitMs?: number;
}

export interface RateLimitRule {
  readonly name: string;
  readonly key: { readonly kind: "ip" } | { readonly kind: "principal" } | { readonly kind: "header"; readonly header: string };
  readonly limit: BucketLimit;
  readonly mode: "exact" | "leased";
  readonly fail: "open" | "closed";
  readonly waitMs: number;
}

/** @param principalHeader what names the caller, where the configuration has it */
export function parseRule(check: Checks, name: string, value: unknown, principalHeader: string | undefined): RateLimitRule {
  const path = join("rateLimits", name);
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) check.report(path, name, "name the rule with 1 to 64 letters, digits, '-', '_' or '.'");
  const fields = check.fields(path, value, ["capacity", "rate", "intervalMs", "key", "mode", "fail", "waitMs"]);
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
    mode: check.oneOf(`${path}.mode`, fields["mode"], ["exact", "leased"], "exact"),
    fail: check.oneOf(`${path}.fail`, fields["fail"], ["open", "closed"], "open"),
    waitMs: check.integer(`${path}.waitMs`, fields["waitMs"], { min: 1, max: 50, fallback: 50, unit: "ms" }),
  };
}

function bucketKey(check: Checks, path: string, value: unknown, principalHeader: string | undefined): RateLimitRule["key"] {
  if (typeof value === "object" && value !== null) {
    const header = check.header(`${path}.header`, check.fields(path, value, ["header"])["header"] ?? "");
    return { kind: "header", header: header ?? "" };
  }
  const kind = check.oneOf(path, value, ["ip", "principal"], "ip");
  if (kind === "principal" && principalHeader === undefined) {
    check.report(path, value, "set principalHeader, the header in which a trusted front names the caller");
  }
  return { kind };
}
