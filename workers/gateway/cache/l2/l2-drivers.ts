// The shared levels that the routes of a configuration name.
import { exports } from "cloudflare:workers";
import type { L2Name } from "../../../../core/config/cache.ts";
import { cacheApi } from "./cache-api.ts";
import { type CacheNamespace, kv } from "./kv.ts";
import { L2Cache, type PurgeKnowledge } from "./l2-cache.ts";
import type { L2, L2Driver } from "./l2-driver.ts";
import { workersCache } from "./workers-cache.ts";

/** Where nothing can be purged, nothing has to be heard first. */
const UNPURGED: PurgeKnowledge = { purges: { epoch: 0 }, mayServeShared: () => true };

/**
 * @param namespace the binding CACHE, where a route names "kv"
 * @param deadlineMs how long a read may take
 */
export function createL2Caches(
  names: Iterable<L2Name>,
  namespace: unknown,
  view: PurgeKnowledge | undefined,
  deadlineMs: number,
): Partial<Record<L2Name, L2>> {
  const drivers: Readonly<Record<Exclude<L2Name, "none">, () => L2Driver>> = {
    kv: () => kv(namespace as CacheNamespace),
    "cache-api": () => cacheApi(),
    "workers-cache": () => workersCache((exports as Record<string, never>)["SharedCache"]!),
  };
  const levels: Partial<Record<L2Name, L2>> = {};
  for (const name of new Set(names)) if (name !== "none") levels[name] = new L2Cache(drivers[name](), view ?? UNPURGED, { deadlineMs });
  return levels;
}
