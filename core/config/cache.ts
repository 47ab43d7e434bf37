// The response cache, as an operator writes it: what a route keeps, for whom, and how long.

import type { AdaptivePolicy } from "../cache/adaptive-lifetime.ts";
import type { StoreRules } from "../cache/storable.ts";
import { type Checks, join } from "./problems.ts";

export interface CacheInput {
  /** How long an answer is fresh that does not say so itself. Default 300 000 ms for RPC, 0 for HTTP: such answers are not kept. */
  readonly ttlMs?: number;
  /** Whether `ttlMs` counts whatever the upstream says. `no-store` and `private` always count. Default false. */
  readonly override?: boolean;
  /** The same for 404, 410 and `not_found`. Default 10 000 ms where there is a `ttlMs`, else 0. */
  readonly negativeTtlMs?: number;
  /** Answers without any freshness live for this share of the time since Last-Modified. Default 0 %. */
  readonly heuristicPercent?: number;
  /** By how much a `ttlMs` is shortened at most, so that what was stored together does not end together. Default 10 %. */
  readonly jitterPercent?: number;
  /** How long a stale answer serves while it is refreshed behind it, where the upstream says nothing. Default 0 ms. */
  readonly staleWhileRevalidateMs?: number;
  /** How long a stale answer serves where the upstream fails, where it says nothing. Default 0 ms. */
  readonly staleIfErrorMs?: number;
  /** Who shares an answer: everybody, callers of one principal, or of one value of a header. Default "shared". */
  readonly scope?: "shared" | "principal" | { readonly header: string };
  /** Request headers that answers depend on: part of the key, and forwarded. Default none. */
  readonly vary?: readonly string[];
  /** HTTP: query parameters that are part of the key, and forwarded; the others are not. Default "all". */
  readonly query?: "all" | readonly string[];
  /** What an upstream gets: "key", only what is part of the key; "all", everything, and `Vary` of the answer decides. Default "key". */
  readonly forward?: "key" | "all";
  /** Calls with Authorization: pass by the cache; are forwarded, and kept where the answer allows; or it is taken off. Default "bypass". */
  readonly authorization?: "bypass" | "forward" | "ignore";
  /** Whether callers may ask for what is fresher than what is kept. Default "ignore". */
  readonly clientControl?: "ignore" | "honor";
  /** What an answer can be purged by: "users", "user:{id}" with fields of the request. Default none. */
  readonly tags?: readonly string[];
  /** Header in which an answer names more of them. Default "cache-tag". */
  readonly tagHeader?: string;
  /** Fields with directives for this cache alone, RFC 9213. Default ["cdn-cache-control"]. */
  readonly targets?: readonly string[];
  /** Whether errors other than 404, 405, 410, 414 and 501 are kept where they say for how long. Default false. */
  readonly storeErrors?: boolean;
  /** Largest body that is kept; larger ones are streamed. Default 262 144 bytes. */
  readonly maxObjectBytes?: number;
  /** Calls of one isolate that wait for the answer to another one. Default 2 000. */
  readonly maxFollowers?: number;
  /** Whether what is found unchanged when it is asked for again lives longer, up to bounds. Default false. */
  readonly adaptive?: { readonly maxFactor?: number; readonly maxMs?: number } | boolean;
  /** The level that isolates share. Default "kv", which needs the binding CACHE. */
  readonly l2?: L2Name;
}

export const L2_NAMES = ["none", "kv", "cache-api", "workers-cache"] as const;
export type L2Name = (typeof L2_NAMES)[number];
export type Scope = "shared" | "principal" | { readonly header: string };

export interface CachePolicy extends StoreRules {
  readonly path: string; // where it was written
  readonly scope: Scope;
  readonly vary: readonly string[];
  readonly query: "all" | readonly string[];
  readonly forward: "key" | "all";
  readonly authorization: "bypass" | "forward" | "ignore";
  readonly clientControl: "ignore" | "honor";
  readonly tags: readonly string[];
  readonly maxObjectBytes: number;
  readonly maxFollowers: number;
  readonly l2: L2Name;
}

const FIELDS = [
  ...["ttlMs", "override", "negativeTtlMs", "heuristicPercent", "jitterPercent", "staleWhileRevalidateMs", "staleIfErrorMs", "scope"],
  ...["vary", "query", "forward", "authorization", "clientControl", "tags", "tagHeader", "targets", "storeErrors", "maxObjectBytes"],
  ...["maxFollowers", "adaptive", "l2"],
];
const LONGEST_MS = 31_536_000_000;
const TAG = /^(?:[\w:./@-]|\{[a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)*\}){1,256}$/;

/** @param kind decides the defaults: an HTTP upstream says itself what may be kept */
export function parseCache(
  check: Checks,
  path: string,
  value: unknown,
  outer: CachePolicy | undefined,
  kind: "rpc" | "http",
): CachePolicy | undefined {
  if (value === undefined) return outer;
  if (value === false) return undefined;
  const fields = check.fields(path, value === true ? {} : value, FIELDS);
  const number = (name: keyof CacheInput, max: number, fallback: number, unit: string, min = 0) =>
    check.integer(join(path, name), fields[name], { min, max, fallback, unit });
  const flag = (name: keyof CacheInput) => check.oneOf(join(path, name), fields[name], [true, false], false);
  const one = <T extends string>(name: keyof CacheInput, choices: readonly T[], fallback: T) =>
    check.oneOf(join(path, name), fields[name], choices, fallback);
  const ttlMs = number("ttlMs", LONGEST_MS, kind === "rpc" ? 300_000 : 0, "ms");
  return {
    path,
    ttlMs,
    override: flag("override"),
    negativeTtlMs: number("negativeTtlMs", LONGEST_MS, ttlMs > 0 ? 10_000 : 0, "ms"),
    heuristicPercent: number("heuristicPercent", 100, 0, "%"),
    jitterPercent: number("jitterPercent", 50, 10, "%"),
    staleWhileRevalidateMs: number("staleWhileRevalidateMs", LONGEST_MS, 0, "ms"),
    staleIfErrorMs: number("staleIfErrorMs", LONGEST_MS, 0, "ms"),
    scope: scopeOf(check, join(path, "scope"), fields["scope"]),
    vary: names(check, join(path, "vary"), fields["vary"], /^[A-Za-z0-9-]{1,64}$/, "headers", []).map((name) => name.toLowerCase()),
    query:
      fields["query"] === "all" || fields["query"] === undefined
        ? "all"
        : names(check, join(path, "query"), fields["query"], /^[^\s&=#%+]{1,128}$/, 'query parameters, or "all"', []),
    forward: one("forward", ["key", "all"], "key"),
    authorization: one("authorization", ["bypass", "forward", "ignore"], "bypass"),
    clientControl: one("clientControl", ["ignore", "honor"], "ignore"),
    tags: parseTags(check, join(path, "tags"), fields["tags"], []),
    tagHeader: check.header(join(path, "tagHeader"), fields["tagHeader"]) ?? "cache-tag",
    targets: names(check, join(path, "targets"), fields["targets"], /^[A-Za-z0-9-]{1,64}$/, "headers", ["cdn-cache-control"]),
    storeErrors: flag("storeErrors"),
    maxObjectBytes: number("maxObjectBytes", 16 * 1_048_576, 262_144, "bytes", 1),
    maxFollowers: number("maxFollowers", 100_000, 2_000, "calls"),
    adaptive: adaptiveOf(check, join(path, "adaptive"), fields["adaptive"]),
    l2: one("l2", L2_NAMES, "kv"),
  };
}

/** Templates of tags. */
export function parseTags(check: Checks, path: string, value: unknown, outer: readonly string[]): readonly string[] {
  return names(check, path, value, TAG, 'tags: ["users", "user:{id}"]', outer);
}

function adaptiveOf(check: Checks, path: string, value: unknown): AdaptivePolicy | undefined {
  if (value === undefined || value === false) return undefined;
  const fields = check.fields(path, value === true ? {} : value, ["maxFactor", "maxMs"]);
  return {
    maxFactor: check.integer(join(path, "maxFactor"), fields["maxFactor"], { min: 1, max: 1_024, fallback: 8, unit: "times" }),
    maxMs: check.integer(join(path, "maxMs"), fields["maxMs"], { min: 1, max: LONGEST_MS, fallback: 3_600_000, unit: "ms" }),
  };
}

function scopeOf(check: Checks, path: string, value: unknown): Scope {
  if (value === undefined || value === "shared" || value === "principal") return value ?? "shared";
  if (typeof value === "object" && value !== null) {
    const header = check.header(join(path, "header"), check.fields(path, value, ["header"])["header"]);
    if (header !== undefined) return { header };
  }
  check.report(path, value, 'write "shared", "principal" or { header: "x-tenant" }');
  return "shared";
}

function names(check: Checks, path: string, value: unknown, form: RegExp, what: string, fallback: readonly string[]): readonly string[] {
  if (value === undefined) return fallback;
  const fits = Array.isArray(value) && value.length <= 64 && value.every((one) => typeof one === "string" && form.test(one));
  if (!fits) check.report(path, value, `write a list of ${what}`);
  return fits ? (value as string[]) : fallback;
}
