// The L2 drivers by their name in the configuration. A new driver is one file and one line here.
import type { L2Name } from "../../../../core/config/cache.ts";
import { cacheApi } from "./cache-api.ts";
import { type CacheNamespace, kv } from "./kv.ts";
import { L2Cache, type PurgeKnowledge } from "./l2-cache.ts";
import type { L2, L2Driver } from "./l2-driver.ts";

/** @param namespace the binding CACHE, which only "kv" needs */
export const L2_DRIVERS: Readonly<Record<Exclude<L2Name, "none">, (namespace: unknown) => L2Driver>> = {
  kv: (namespace) => kv(namespace as CacheNamespace), // configuration checks report a missing binding
  "cache-api": () => cacheApi(),
};

/** Without purging there are no purges to wait for. */
const NO_PURGES: PurgeKnowledge = { purges: { epoch: 0 }, mayServeShared: () => true };

/** The shared levels that routes use, each once. */
export function createL2Caches(
  names: Iterable<L2Name>,
  namespace: unknown,
  purgeView: PurgeKnowledge | undefined,
): Partial<Record<L2Name, L2>> {
  const caches: Partial<Record<L2Name, L2>> = {};
  for (const name of new Set(names)) {
    if (name !== "none") caches[name] = new L2Cache(L2_DRIVERS[name](namespace), purgeView ?? NO_PURGES);
  }
  return caches;
}
