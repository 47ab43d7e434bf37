// Chooses the token bucket of a call under a rule, and whether the rule is enforced for that caller.
import type { Message } from "@bufbuild/protobuf";
import type { Principal } from "../../../core/auth/principal.ts";
import type { RateLimitRule } from "../../../core/config/rate-limit.ts";
import type { KeySource } from "../../../core/config/rate-limit-key.ts";
import { isEnforcedFor } from "../../../core/enforcement/enforcement.ts";
import { isInRanges } from "../../../core/ip.ts";
import { keyDigest } from "../../../core/rate-limit/key-digest.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import type { Call } from "../call.ts";

export interface BucketChoice {
  readonly key: string; // names the bucket
  readonly limit: BucketLimit;
  readonly isEnforced: boolean; // false: a refusal is only reported
  readonly ceiling: CeilingChoice | undefined; // the bucket of the caller's address, where callers choose the keys
}

export interface CeilingChoice {
  readonly rule: RateLimitRule;
  readonly key: string;
  readonly limit: BucketLimit;
}

/** A message as rules and cost functions read it; undefined where none is needed, or where it cannot be decoded. */
export type MessageFields = Readonly<Record<string, unknown>> | undefined;

/** @returns undefined for a caller that the rule exempts */
export function chooseBucket(rule: RateLimitRule, call: Call, message: MessageFields): BucketChoice | undefined {
  const { caller } = call;
  if (isInRanges(caller.address, rule.exempt.ranges)) return undefined;
  const name = nameFrom(rule.key, call, message);
  if (name !== undefined && rule.exempt.names.has(name)) return undefined;
  // Callers that a rule cannot name are counted by address, in buckets of their own.
  const who = name === undefined ? `ip:${caller.network}` : bounded(rule.key.kind, name);
  const plan = rule.tiers === undefined ? undefined : nameFrom(rule.tiers.by, call, message);
  const tier = plan === undefined ? undefined : rule.tiers?.plans.get(plan);
  return {
    key: tier === undefined ? `${rule.name}/${who}` : `${rule.name}@${plan}/${who}`,
    limit: tier ?? rule.limit,
    isEnforced: isEnforcedFor(rule.enforcement, who),
    ceiling: name === undefined ? undefined : chooseCeiling(rule, caller, tier === undefined ? undefined : plan),
  };
}

/** @returns undefined also for a call without an address: no edge is in front, so a Worker of the operator's own calls */
function chooseCeiling(
  { ceiling }: RateLimitRule,
  { address, network }: Call["caller"],
  plan: string | undefined,
): CeilingChoice | undefined {
  if (ceiling === undefined || address === null) return undefined;
  const { rule, plans } = ceiling;
  const limit = plan === undefined ? undefined : plans.get(plan);
  if (limit === undefined) return { rule, key: `${rule.name}/ip:${network}`, limit: rule.limit };
  return { rule, key: `${rule.name}@${plan}/ip:${network}`, limit };
}

/** @returns undefined where the call has no such value, and where addresses are counted */
function nameFrom(source: KeySource, { request, route, principal }: Call, message: MessageFields): string | undefined {
  switch (source.kind) {
    case "ip":
      return undefined;
    case "all":
      return "*";
    case "route":
      return route.name;
    case "principal":
      return principal?.id;
    case "key":
      return principal?.plan;
    case "header":
      return textOf(request.headers.get(source.header));
    case "claim":
      return textOf(claimOf(principal, source.claim));
    case "field":
      return textOf(fieldAt(message, source.field));
  }
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : undefined;
}

function claimOf(principal: Principal | undefined, name: string): unknown {
  return principal !== undefined && Object.hasOwn(principal.claims, name) ? principal.claims[name] : undefined;
}

/** @param path fields of the message as its proto names them, or as protobuf-es does: `user.id` */
export function fieldAt(message: MessageFields, path: string): unknown {
  let value: unknown = message;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[localName(name)];
  }
  return value;
}

function localName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Shortens keys that callers choose, since storage grows with them. No short key looks like a long one that was shortened. */
function bounded(kind: string, name: string): string {
  return name.length <= 128 ? `${kind}:${name}` : `${kind}#${name.slice(0, 64)}#${keyDigest(new TextEncoder().encode(name))}`;
}

/** A message as rules and cost functions read it. */
export function fieldsOf(message: Message | undefined): MessageFields {
  return message as unknown as MessageFields;
}
