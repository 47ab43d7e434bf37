// What an operator may set for a route: a method, all methods of a service, or all methods there are.

import { CRITICAL, type Criticality, type Rank } from "../overload/criticality.ts";
import { type CacheInput, type CachePolicy, parseCache, parseTags } from "./cache.ts";
import { type Cost, type CostInput, ONE } from "./cost.ts";
import { type FallbackInput, type FallbackPolicy, NO_FALLBACK, parseFallback } from "./fallback.ts";
import * as overload from "./overload.ts";
import { type Checks, join } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import { readSetting } from "./read.ts";
import { type HedgeInput, type HedgePolicy, parseHedging, parseRetries, RETRIES, type RetryInput, type RetryPolicy } from "./retry.ts";
import { parseRouteLimits } from "./route-limits.ts";

/** `report` logs violations and lets the call pass; `enforce` refuses it. */
export type ValidationMode = "off" | "report" | "enforce";

/** The most specific setting of a field wins whole: method, else service, else defaults. Nothing is merged. */
export interface RouteInput {
  /** Time for a unary call, all of it (`read_timeout`, G6). Default 15 000 ms. */
  readonly readTimeoutMs?: number;
  /** Longest life of a stream whose caller sets no timeout. Default 3 600 000 ms. */
  readonly streamTimeoutMs?: number;
  /** Longest silence of the upstream within a stream (`idle_timeout`, G6). Default: as long as the stream may live. */
  readonly streamIdleMs?: number;
  /** Largest request message. Default 1 048 576 bytes. */
  readonly maxBodyBytes?: number;
  /** Whether messages are held to the protovalidate rules of their protos. Default "off"; needs the entry validating.ts. */
  readonly validate?: ValidationMode;
  /** Names of the rules in `rateLimits` that a call must pass, all of them. Default none. */
  readonly rateLimits?: readonly string[];
  /** Another attempt for calls that fail and are safe to repeat; false for none. */
  readonly retries?: RetryInput | false;
  /** What answers while the upstream is down; false for nothing. Default nothing. */
  readonly fallback?: FallbackInput | false;
  /** A second attempt, elsewhere, for reads that take longer than nearly all of their method. Default false. */
  readonly hedging?: HedgeInput | false;
  /** How much a call matters where not all can be served. Default "critical". */
  readonly criticality?: Criticality;
  /** Calls of one method in flight, in one isolate. */
  readonly concurrency?: overload.ConcurrencyInput;
  /** Keeps answers of unary methods without side effects; false for none. Default false. */
  readonly cache?: CacheInput | boolean;
  /** Tags that a call purges where it succeeds: ["user:{user.id}"]. Default none. */
  readonly invalidates?: readonly string[];
  /** Tokens that one call takes from each rule; a number, or where it is to be read. Default 1. */
  readonly cost?: CostInput;
}

export interface RoutePolicy {
  readonly readTimeoutMs: number;
  readonly streamTimeoutMs: number;
  readonly streamIdleMs: number; // Infinity for none
  readonly maxBodyBytes: number;
  readonly validate: ValidationMode;
  readonly rateLimits: readonly RateLimitRule[];
  readonly cost: Cost;
  readonly retries: RetryPolicy;
  readonly fallback: FallbackPolicy;
  readonly hedging: HedgePolicy | undefined;
  readonly criticality: Rank;
  readonly concurrency: overload.ConcurrencyPolicy;
  readonly cache: CachePolicy | undefined;
  readonly invalidates: readonly string[];
}

export const ROUTE_FIELDS = [
  "readTimeoutMs",
  "streamTimeoutMs",
  "streamIdleMs",
  "maxBodyBytes",
  "validate",
  "rateLimits",
  "cost",
  "retries",
  "hedging",
  "fallback",
  "criticality",
  "concurrency",
  "cache",
  "invalidates",
] as const;
export const DEFAULTS: RoutePolicy = {
  readTimeoutMs: 15_000,
  streamTimeoutMs: 3_600_000,
  streamIdleMs: Number.POSITIVE_INFINITY,
  maxBodyBytes: 1_048_576,
  validate: "off",
  rateLimits: [],
  cost: ONE,
  retries: RETRIES,
  fallback: NO_FALLBACK,
  hedging: undefined,
  criticality: CRITICAL,
  concurrency: overload.CONCURRENCY,
  cache: undefined,
  invalidates: [],
};

export type Rules = ReadonlyMap<string, RateLimitRule>;

export function parseRoute(
  check: Checks,
  path: string,
  fields: Readonly<Record<string, unknown>>,
  outer: RoutePolicy,
  rules: Rules,
  kind: "rpc" | "http" = "rpc",
): RoutePolicy {
  const number = (name: "readTimeoutMs" | "streamTimeoutMs" | "streamIdleMs" | "maxBodyBytes", min: number, max: number, unit: string) =>
    check.integer(join(path, name), fields[name], { min, max, fallback: outer[name], unit });
  return {
    readTimeoutMs: number("readTimeoutMs", 1, 3_600_000, "ms"),
    streamTimeoutMs: number("streamTimeoutMs", 1, 86_400_000, "ms"),
    streamIdleMs: fields["streamIdleMs"] === undefined ? outer.streamIdleMs : number("streamIdleMs", 1, 86_400_000, "ms"),
    maxBodyBytes: number("maxBodyBytes", 1, 104_857_600, "bytes"),
    validate: check.oneOf(join(path, "validate"), fields["validate"], ["off", "report", "enforce"], outer.validate),
    retries: parseRetries(check, join(path, "retries"), fields["retries"], outer.retries),
    fallback: parseFallback(check, join(path, "fallback"), fields["fallback"], outer.fallback),
    hedging: parseHedging(check, join(path, "hedging"), fields["hedging"], outer.hedging),
    criticality: readSetting(check, join(path, "criticality"), overload.criticality, fields["criticality"], {
      value: outer.criticality,
    }) as Rank,
    concurrency: overload.parseConcurrency(check, join(path, "concurrency"), fields["concurrency"], outer.concurrency),
    cache: parseCache(check, join(path, "cache"), fields["cache"], outer.cache, kind),
    invalidates: parseTags(check, join(path, "invalidates"), fields["invalidates"], outer.invalidates),
    ...parseRouteLimits(check, path, fields, outer, rules),
  };
}
