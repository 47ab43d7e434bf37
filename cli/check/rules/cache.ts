// Caches whose responses cannot be purged, go to callers they are not for, or are never stored.
import { provesOf } from "../../../core/config/auth.ts";
import type { CachePolicy } from "../../../core/config/cache.ts";
import { suggest } from "../../../core/config/problems.ts";
import { type CheckedRoute, type Facts, note, type Rule, type Suspicion, warning, writtenAt, writtenIn } from "./facts.ts";

const DAY_MS = 86_400_000;
const CREDENTIALS = new Set(["authorization", "cookie"]);

export const cacheRules: Rule = (facts) => [
  ...facts.routes.flatMap((route) => {
    const { cache } = route.policy;
    if (cache === undefined) return [];
    return [...lifetimes(route, cache, facts), ...sizes(route, cache, facts), ...callers(route, cache, facts)];
  }),
  ...purges(facts),
];

function lifetimes(route: CheckedRoute, cache: CachePolicy, { policy: { purge } }: Facts): Suspicion[] {
  const problems: Suspicion[] = [];
  const at = (name: string): string | undefined => writtenIn(route, "cache", name);
  const longest = cache.ttlMs + Math.max(cache.staleIfErrorMs, cache.staleWhileRevalidateMs);
  if (purge === undefined && longest > DAY_MS && at("ttlMs") !== undefined)
    problems.push(
      warning(
        at("ttlMs")!,
        `${cache.ttlMs} ms, ${Number((longest / DAY_MS).toFixed(1))} days with its stale time, and no purge`,
        'write at most 86400000, or allow purges: purge: {} and admin: { secretBinding: "ADMIN_SECRET" } at the top',
      ),
    );
  if (purge !== undefined && at("ttlMs") !== undefined && cache.ttlMs > 0 && cache.ttlMs <= purge.pollMs)
    problems.push(
      note(
        at("ttlMs")!,
        `${cache.ttlMs} ms beside purge.pollMs ${purge.pollMs}: such a response expires before a purge arrives`,
        "leave the tags of such responses out, or shorten purge.pollMs",
      ),
    );
  if (at("negativeTtlMs") !== undefined && at("ttlMs") !== undefined && cache.negativeTtlMs > cache.ttlMs)
    problems.push(
      warning(
        at("negativeTtlMs")!,
        `${cache.negativeTtlMs} ms above ttlMs ${cache.ttlMs}: a missing thing is remembered longer than one that is there`,
        "write at most ttlMs",
      ),
    );
  if (at("override") !== undefined && cache.override && cache.ttlMs === 0)
    problems.push(
      warning(at("override")!, "true beside ttlMs 0: no response is stored", "write the ttlMs that replaces the lifetimes of the upstream"),
    );
  return problems;
}

function sizes(route: CheckedRoute, { maxObjectBytes, l2 }: CachePolicy, { policy: { cache } }: Facts): Suspicion[] {
  const at = writtenIn(route, "cache", "maxObjectBytes");
  const shard = Math.floor(cache.limits.maxBytes / cache.shards);
  const problems: Suspicion[] = [];
  if (at !== undefined && maxObjectBytes > shard && l2 === "none")
    problems.push(
      warning(
        at,
        `${maxObjectBytes} bytes above ${shard}, the share of one of ${cache.shards} partitions of cache.maxBytes`,
        `write at most ${shard}, or more cache.maxBytes, or fewer cache.shards`,
      ),
    );
  const most = "maxResponseBytes" in route.policy ? route.policy.maxResponseBytes : Number.POSITIVE_INFINITY;
  if (at !== undefined && maxObjectBytes > most)
    problems.push(
      warning(at, `${maxObjectBytes} bytes above maxResponseBytes ${most}`, "write at most maxResponseBytes: larger responses are refused"),
    );
  return problems;
}

/** Responses that depend on the caller, stored for all of them. */
function callers(route: CheckedRoute, cache: CachePolicy, { policy }: Facts): Suspicion[] {
  const problems: Suspicion[] = [];
  const base = writtenAt(route, "cache")!;
  const isShared = cache.scope === "shared" && !cache.vary.some((name) => CREDENTIALS.has(name));
  const authorization = writtenIn(route, "cache", "authorization");
  if (isShared && authorization !== undefined && cache.authorization === "forward" && route.policy.auth === "required")
    problems.push(
      note(
        authorization,
        '"forward" with scope "shared": only responses that allow it are stored',
        'write scope: "principal" where responses depend on the caller',
      ),
    );
  if (isShared && authorization !== undefined && cache.authorization === "ignore" && route.policy.forwardCredentials)
    problems.push(
      warning(
        authorization,
        '"ignore" beside forwardCredentials: the upstream never gets the header',
        'write authorization: "forward", or forwardCredentials: false',
      ),
    );
  if (
    isShared &&
    route.policy.auth === "required" &&
    provesOf(policy.auth).principals &&
    cache.authorization !== "bypass" &&
    route.policy.scopes.length > 0
  )
    problems.push(
      warning(
        `${base}.scope`,
        '"shared" for a route with scopes',
        'write scope: "principal", or see that every caller with the scopes may read every response',
      ),
    );
  if (cache.scope === "principal" && route.policy.auth === "off")
    problems.push(
      warning(
        `${base}.scope`,
        '"principal" on a route with auth "off", which knows no principals',
        'write auth: "required" for the route, or scope: "shared"',
      ),
    );
  return problems;
}

/** Tags without purges, purges without a cache, and tags that no response has. */
function purges({ policy, routes }: Facts): Suspicion[] {
  const cached = routes.filter((route) => route.policy.cache !== undefined);
  const problems: Suspicion[] = [];
  if (policy.purge !== undefined && cached.length === 0)
    problems.push(warning("purge", "purges, and no route with a cache", "turn the cache of a route on, or remove purge"));
  const words = new Set(cached.flatMap((route) => (route.policy.cache?.tags ?? []).map(wordOf)));
  for (const route of routes) {
    const at = writtenAt(route, "invalidates");
    const { method } = route;
    if (at === undefined || method === undefined || !("invalidates" in route.policy)) continue;
    for (const tag of route.policy.invalidates) {
      const word = wordOf(tag);
      if (cached.length === 0)
        problems.push(
          warning(at, `"${tag}", and no route with a cache`, "turn the cache of the methods on that read it, or remove the tag"),
        );
      else if (word !== "" && !words.has(word) && !words.has("")) problems.push(unknownTag(at, tag, [...words]));
    }
    if (policy.purge === undefined && route.policy.invalidates.length > 0 && cached.length > 0)
      problems.push(
        warning(
          at,
          "tags to purge, and no purge at the top: only the isolate that has the call forgets them",
          "write purge: {} at the top, with admin for its callers",
        ),
      );
  }
  return problems;
}

/** The literal start of a tag: `user:` of `user:{id}`. */
function wordOf(tag: string): string {
  return tag.split("{")[0]!;
}

/** The upstream may name further tags in a header: only a tag that resembles one of the configuration is surely wrong. */
function unknownTag(path: string, tag: string, words: readonly string[]): Suspicion {
  const near = suggest(wordOf(tag), words);
  const found = `"${tag}", a tag that no cache.tags has`;
  if (near.startsWith('"')) return warning(path, found, `write ${near} as cache.tags have it`);
  return note(path, found, "see that the upstream names it in the header cache.tagHeader, or add it to the tags of a cache");
}
