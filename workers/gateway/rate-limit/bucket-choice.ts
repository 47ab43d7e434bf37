// Chooses the token bucket of a call under a rule, and whether the rule is enforced for that caller.
import type { Message } from "@bufbuild/protobuf";
import type { KeySource, RateLimitRule } from "../../../core/config/rate-limit.ts";
import { hash32 } from "../../../core/hash.ts";
import { isInRanges } from "../../../core/ip.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import type { Call } from "../call.ts";

export interface BucketChoice {
  readonly key: string; // names the bucket
  readonly limit: BucketLimit;
  readonly isEnforced: boolean; // false: a refusal is only logged
}

/** A message as rules and cost functions read it; undefined where none is needed, or where it cannot be decoded. */
export type MessageFields = Readonly<Record<string, unknown>> | undefined;

const MAX_TOKEN = 8_192; // characters; a longer JWT is not read

/** @returns undefined for a caller that the rule exempts */
export function chooseBucket(rule: RateLimitRule, call: Call, message: MessageFields): BucketChoice | undefined {
  const { caller } = call;
  if (isInRanges(caller.address, rule.exempt.ranges)) return undefined;
  const name = nameFrom(rule.key, call, message);
  if (name !== undefined && rule.exempt.names.has(name)) return undefined;
  // Callers that a rule cannot name are counted by address, in buckets of their own.
  const who = name === undefined ? `ip:${caller.network}` : `${rule.key.kind}:${bounded(name)}`;
  const plan = rule.tiers === undefined ? undefined : nameFrom(rule.tiers.by, call, message);
  const tier = plan === undefined ? undefined : rule.tiers?.plans.get(plan);
  const percent = rule.enforce === "off" ? 0 : rule.enforce;
  return {
    key: tier === undefined ? `${rule.name}/${who}` : `${rule.name}@${plan}/${who}`,
    limit: tier ?? rule.limit,
    isEnforced: percent >= 100 || hash32(`enforced/${who}`) % 100 < percent, // the same callers each time
  };
}

/** @returns undefined where the call has no such value, and where addresses are counted */
function nameFrom(source: KeySource, { request, route, caller }: Call, message: MessageFields): string | undefined {
  switch (source.kind) {
    case "ip":
      return undefined;
    case "all":
      return "*";
    case "route":
      return route.name;
    case "principal":
      return caller.principal;
    case "header":
      return textOf(request.headers.get(source.header));
    case "claim":
      return textOf(claimOf(request.headers.get("authorization"), source.claim));
    case "field":
      return textOf(fieldAt(message, source.field));
  }
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : undefined;
}

/** A claim of the bearer's JWT (RFC 7519). The signature is not checked: a proxy in front of the gateway has to do that. */
function claimOf(authorization: string | null, claim: string): unknown {
  const token = /^bearer ([\w-]+\.[\w-]+\.[\w-]*)$/i.exec((authorization ?? "").slice(0, MAX_TOKEN))?.[1];
  if (token === undefined) return undefined;
  try {
    const payload = atob(token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/"));
    const claims: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (char) => char.charCodeAt(0))));
    return typeof claims === "object" && claims !== null && Object.hasOwn(claims, claim)
      ? (claims as Record<string, unknown>)[claim]
      : undefined;
  } catch {
    return undefined;
  }
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

/** Shortens keys that callers choose, since storage grows with them. */
function bounded(name: string): string {
  return name.length <= 128 ? name : `${name.slice(0, 96)}#${hash32(name)}`;
}

/** A message as rules and cost functions read it. */
export function fieldsOf(message: Message | undefined): MessageFields {
  return message as unknown as MessageFields;
}
