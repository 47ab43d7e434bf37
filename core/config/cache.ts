// Settings of the response cache: of a route, and of the store that all routes of an isolate share.
import * as v from "valibot";
import type { Checks } from "./problems.ts";
import { readBlock, readSetting } from "./read.ts";
import {
  block,
  choice,
  flag,
  headerName,
  type InputOf,
  list,
  type PolicyOf,
  readByCode,
  required,
  setting,
  text,
  whole,
} from "./setting.ts";

export const L2_NAMES = ["none", "kv", "cache-api"] as const;
export type L2Name = (typeof L2_NAMES)[number];
export const STORE_NAMES = ["lru", "s3-fifo"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

const YEAR_MS = 31_536_000_000;
const MIB = 1_048_576;
const MAX_NAMES = 64; // names or tags in one list

const SCOPE_FIX = 'write "shared", "principal" or { header: "x-tenant" }';
const SCOPE_HEADER = block({ header: setting(headerName, undefined, "Header whose values separate the callers.") });
const scopeName = v.picklist(["shared", "principal"], SCOPE_FIX);
const headers = (fix: string) => list(text(/^[A-Za-z0-9-]{1,64}$/, fix), MAX_NAMES, fix, "header names");
const QUERY_FIX = 'write a list of query parameters, or "all"';
const parameters = list(text(/^[^\s&=#%+]{1,128}$/, QUERY_FIX), MAX_NAMES, QUERY_FIX, "");
const TAGS_FIX = 'write a list of tags: ["users", "user:{id}"]';
/** Templates of tags: text, and fields of the request in braces. */
export const tags = list(
  text(/^(?:[\w:./@-]|\{[a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)*\}){1,256}$/, TAGS_FIX),
  MAX_NAMES,
  TAGS_FIX,
  "tag templates",
);

export const ADAPTIVE_SETTINGS = block({
  maxFactor: setting(whole(1, 1_024, "times"), 8, "Largest multiple of the response's own lifetime."),
  maxMs: setting(whole(1, YEAR_MS, "ms"), 3_600_000, "Longest lifetime that the multiple may lead to."),
});

export const CACHE_SETTINGS = block({
  ttlMs: setting(whole(0, YEAR_MS, "ms"), undefined, "Lifetime of responses that do not state theirs.", {
    shownDefault: "300,000 for RPC; 0 for HTTP: such responses are not stored",
  }),
  override: setting(flag, false, "Whether `ttlMs` holds whatever lifetime the upstream states. `no-store` and `private` always hold."),
  negativeTtlMs: setting(whole(0, YEAR_MS, "ms"), undefined, "Lifetime of 404, 410 and `not_found` responses that do not state theirs.", {
    shownDefault: "10,000; 0 where `ttlMs` is 0",
  }),
  heuristicPercent: setting(
    whole(0, 100, "%"),
    0,
    "Lifetime of responses without any freshness information, as a share of the time since `Last-Modified`; at most a day.",
  ),
  jitterPercent: setting(
    whole(0, 50, "%"),
    10,
    "Largest random reduction of a `ttlMs`, so that responses stored together do not expire together.",
  ),
  staleWhileRevalidateMs: setting(
    whole(0, YEAR_MS, "ms"),
    0,
    "Time in which a stale response is served while it is refreshed in the background, where the response does not state one.",
  ),
  staleIfErrorMs: setting(
    whole(0, YEAR_MS, "ms"),
    0,
    "Time in which a stale response is served while the upstream fails, where the response does not state one.",
  ),
  scope: readByCode(
    v.union([scopeName, v.strictObject({ header: required(headerName, "Request header whose values separate the callers.") })]),
    "The callers that share a response: all, those of one principal, or those of one value of a header.",
    { shape: '`"shared"`, `"principal"`, `{ header }`', shownDefault: '`"shared"`' },
  ),
  vary: setting(
    v.pipe(
      headers("write a list of headers"),
      v.transform((names) => names.map((name) => name.toLowerCase())),
    ),
    [],
    "Request headers on which responses depend: part of the cache key, and forwarded.",
  ),
  query: setting(
    v.union([v.literal("all"), parameters], QUERY_FIX),
    "all",
    "HTTP only: query parameters that are part of the key and forwarded. The others are not forwarded.",
    { shape: '`"all"`, or parameter names', fix: QUERY_FIX },
  ),
  forward: setting(
    choice(["key", "all"]),
    "key",
    "The parts of a request that the upstream receives: only what is in the key; or, for HTTP only, everything, and `Vary` of the response decides.",
  ),
  authorization: setting(
    choice(["bypass", "forward", "ignore"]),
    "bypass",
    "Calls with `Authorization` bypass the cache; or are forwarded, and stored where the response allows it; or lose the header.",
  ),
  clientControl: setting(
    choice(["ignore", "honor"], { honour: "honor" }),
    "ignore",
    "Whether callers may request fresher responses than the stored ones. `only-if-cached` always holds for HTTP.",
  ),
  tags: setting(tags, [], "Tags by which a response can be purged, such as `users` or `user:{id}` with fields of the request."),
  tagHeader: setting(headerName, "cache-tag", "Response header in which the upstream names further tags."),
  targets: setting(
    headers("write a list of headers"),
    ["cdn-cache-control"],
    "Response headers with directives for this cache alone (RFC 9213).",
  ),
  storeErrors: setting(flag, false, "Whether errors other than 404, 405, 410, 414 and 501 are stored where they state a lifetime."),
  maxObjectBytes: setting(whole(1, 16 * MIB, "bytes"), 262_144, "Largest response body that is stored. Larger ones are streamed."),
  maxFollowers: setting(whole(0, 100_000, "calls"), 2_000, "Calls of one isolate that wait for the response to another one."),
  adaptive: readByCode(
    v.union([v.boolean(), ADAPTIVE_SETTINGS]),
    "Longer lifetimes for responses that each revalidation finds unchanged.",
    { shape: "boolean, or the fields below", shownDefault: "`false`" },
  ),
  l2: setting(choice(L2_NAMES), "kv", "The level that isolates share. `kv` needs the binding `CACHE`."),
});

export type CacheInput = InputOf<typeof CACHE_SETTINGS>;
export type Scope = "shared" | "principal" | { readonly header: string };

export interface CachePolicy extends Omit<PolicyOf<typeof CACHE_SETTINGS>, "ttlMs" | "negativeTtlMs" | "scope" | "adaptive"> {
  readonly path: string; // where it was written
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly scope: Scope;
  readonly adaptive: PolicyOf<typeof ADAPTIVE_SETTINGS> | undefined;
}

/**
 * @param outer the policy where nothing is written
 * @param kind  decides the defaults: an HTTP upstream states itself what may be stored
 */
export function parseCache(
  check: Checks,
  path: string,
  value: unknown,
  outer: CachePolicy | undefined,
  kind: "rpc" | "http",
): CachePolicy | undefined {
  if (value === undefined) return outer;
  if (value === false) return undefined;
  const read = readBlock(check, path, CACHE_SETTINGS, value === true ? {} : value);
  const ttlMs = read.ttlMs ?? (kind === "rpc" ? 300_000 : 0);
  const negativeTtlMs = read.negativeTtlMs ?? (ttlMs > 0 ? 10_000 : 0);
  return {
    ...read,
    path,
    ttlMs,
    negativeTtlMs,
    scope: scopeIn(check, `${path}.scope`, read.scope),
    adaptive: adaptiveIn(check, `${path}.adaptive`, read.adaptive),
  };
}

function scopeIn(check: Checks, path: string, value: unknown): Scope {
  if (typeof value !== "object" || value === null) return readSetting(check, path, scopeName, value, { value: "shared" }) as Scope;
  const { header } = readBlock(check, path, SCOPE_HEADER, value);
  if (header !== undefined) return { header };
  check.report(path, value, SCOPE_FIX);
  return "shared";
}

function adaptiveIn(check: Checks, path: string, value: unknown): CachePolicy["adaptive"] {
  if (value === undefined || value === false) return undefined;
  return readBlock(check, path, ADAPTIVE_SETTINGS, value === true ? {} : value);
}

export const CACHE_STORE_SETTINGS = block({
  maxEntries: setting(whole(1, 1_000_000, "entries"), 10_000, "Stored responses of all routes together."),
  maxBytes: setting(whole(65_536, 100 * MIB, "bytes"), 16 * MIB, "Memory of the stored responses."),
  shards: setting(whole(1, 256, "partitions"), 16, "Partitions, so that a busy route cannot evict the responses of another one."),
  store: setting(choice(STORE_NAMES), "lru", "The eviction policy."),
  l2WaitPercent: setting(
    whole(1, 1_000, "%"),
    50,
    "How long a call waits for the shared level before it goes to the upstream: a share of what the route's upstream usually takes in this isolate. Before its first fetch, that counts as 200 ms.",
  ),
  l2WaitMinMs: setting(whole(1, 60_000, "ms"), 10, "The shortest such wait: a near read takes some milliseconds."),
  l2WaitMs: setting(whole(1, 60_000, "ms"), 500, "The longest such wait, also where it is below the shortest."),
});

export type CacheStoreInput = InputOf<typeof CACHE_STORE_SETTINGS>;

/** How long calls wait for the shared level. */
export interface L2WaitPolicy {
  readonly percent: number; // share of the usual time of the upstream
  readonly minMs: number;
  readonly maxMs: number;
}

export interface CacheStorePolicy {
  readonly limits: { readonly maxEntries: number; readonly maxBytes: number };
  readonly shards: number;
  readonly store: StoreName;
  readonly l2Wait: L2WaitPolicy;
}

export function parseCacheStore(check: Checks, path: string, value: unknown): CacheStorePolicy {
  const read = readBlock(check, path, CACHE_STORE_SETTINGS, value);
  const { maxEntries, maxBytes, l2WaitPercent: percent, l2WaitMinMs: minMs, l2WaitMs: maxMs, ...policy } = read;
  return { ...policy, limits: { maxEntries, maxBytes }, l2Wait: { percent, minMs, maxMs } };
}
