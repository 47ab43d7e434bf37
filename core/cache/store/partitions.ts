// The stores of an isolate, one for each cached route, at most `shards`: a busy route can't evict the responses of another one.
// An isolate has one thread, so partitions are not about locks: they are about fairness between routes.
import { assert } from "../../assert.ts";
import type { StoreName } from "../../config/cache.ts";
import type { Store, StoreLimits } from "./store.ts";
import { STORES } from "./stores.ts";

/** A cached route. Without limits of its own it gets an even share of what routes with limits leave. */
export interface PartitionedRoute extends Partial<StoreLimits> {
  readonly route: string;
}

export interface PartitionSettings {
  readonly limits: StoreLimits; // sum over all partitions
  readonly shards: number; // largest number of partitions, at least 1
  readonly store: StoreName;
}

export class Partitions<V> {
  readonly maxBytes: number; // all partitions together
  readonly #byRoute: ReadonlyMap<string, Store<V>>;
  readonly #stores: readonly Store<V>[];

  /** @param routes routes with limits of their own get a partition each; the others share the remaining partitions in turn */
  constructor(routes: readonly PartitionedRoute[], { limits, shards, store }: PartitionSettings) {
    assert(shards >= 1, `there are ${shards} shards; write at least 1`);
    const limited = routes.filter(hasLimits);
    const shared = routes.filter((route) => !hasLimits(route));
    const sharedCount = Math.min(Math.max(1, shards - limited.length), shared.length);
    const share = {
      maxEntries: remainingShare(limits.maxEntries, limited, "maxEntries", sharedCount),
      maxBytes: remainingShare(limits.maxBytes, limited, "maxBytes", sharedCount),
    };
    const create = STORES[store];
    const stores = Array.from({ length: sharedCount }, () => create<V>(share));
    const byRoute = new Map<string, Store<V>>();
    for (const [index, { route }] of shared.entries()) byRoute.set(route, stores[index % sharedCount]!);
    for (const { route, maxEntries = share.maxEntries, maxBytes = share.maxBytes } of limited) {
      byRoute.set(route, create<V>({ maxEntries: Math.max(1, maxEntries), maxBytes: Math.max(1, maxBytes) }));
    }
    this.maxBytes = limits.maxBytes;
    this.#byRoute = byRoute;
    this.#stores = [...new Set(byRoute.values())];
  }

  /** Called once per route, when its pipeline is compiled. */
  of(route: string): Store<V> {
    const store = this.#byRoute.get(route);
    assert(store !== undefined, `route ${route} has no partition; add it to the routes`);
    return store;
  }

  get count(): number {
    return this.#stores.length;
  }

  get size(): number {
    return this.#stores.reduce((sum, { size }) => sum + size, 0);
  }

  get bytes(): number {
    return this.#stores.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Evicts until at most `maxBytes` are left, from each partition its share of what is stored. */
  shrinkTo(maxBytes: number, now: number): void {
    const { bytes } = this;
    if (bytes <= maxBytes) return;
    for (const store of this.#stores) store.shrinkTo(Math.floor((store.bytes * maxBytes) / bytes), now);
  }
}

function hasLimits({ maxEntries, maxBytes }: PartitionedRoute): boolean {
  return maxEntries !== undefined || maxBytes !== undefined;
}

/** The limit of each shared partition: what limited routes leave, divided evenly. */
function remainingShare(total: number, limited: readonly PartitionedRoute[], limit: keyof StoreLimits, sharedCount: number): number {
  const taken = limited.reduce((sum, route) => sum + (route[limit] ?? 0), 0);
  return Math.max(1, Math.floor((total - taken) / Math.max(1, sharedCount)));
}
