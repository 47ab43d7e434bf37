// The shared levels that the routes of a configuration name.
import { exports } from "cloudflare:workers";
import type { L2Name } from "../../../../core/config/cache.ts";
import { cacheApi } from "./cache-api.ts";
import { kv, type Namespace } from "./kv.ts";
import type { Driver, L2 } from "./l2-driver.ts";
import { type Knowledge, SharedLevel } from "./shared-level.ts";
import { workersCache } from "./workers-cache.ts";

/** Where nothing can be purged, nothing has to be heard first. */
const UNPURGED: Knowledge = { purges: { epoch: 0 }, mayServeShared: () => true };

/**
 * @param namespace the binding CACHE, where a route names "kv"
 * @param deadlineMs how long a read may take
 */
export function levelsOf(
  names: Iterable<L2Name>,
  namespace: unknown,
  view: Knowledge | undefined,
  deadlineMs: number,
): Partial<Record<L2Name, L2>> {
  const drivers: Readonly<Record<Exclude<L2Name, "none">, () => Driver>> = {
    kv: () => kv(namespace as Namespace),
    "cache-api": () => cacheApi(),
    "workers-cache": () => workersCache((exports as Record<string, never>)["SharedCache"]!),
  };
  const levels: Partial<Record<L2Name, L2>> = {};
  for (const name of new Set(names)) if (name !== "none") levels[name] = new SharedLevel(drivers[name](), view ?? UNPURGED, { deadlineMs });
  return levels;
}
