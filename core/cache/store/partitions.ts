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
  readonly #settings: PartitionSettings;
  #byRoute: ReadonlyMap<string, Store<V>> = new Map();
  #stores: readonly Store<V>[] = [];

  /** @param routes routes with limits of their own get a partition each; the others share the remaining partitions in turn */
  constructor(routes: readonly PartitionedRoute[], settings: PartitionSettings) {
    assert(settings.shards >= 1, `there are ${settings.shards} shards; write at least 1`);
    this.maxBytes = settings.limits.maxBytes;
    this.#settings = settings;
    this.arrange(routes);
  }

  /**
   * Takes another list of routes. Those that stay keep their partition with what it stores; each partition gets its share of the limits.
   * Nothing is evicted here: partitions above their limits evict with the next entry that is stored in them, or by `trim`.
   */
  arrange(routes: readonly PartitionedRoute[]): void {
    const { limits, shards } = this.#settings;
    const limited = routes.filter(hasLimits);
    const shared = routes.filter((route) => !hasLimits(route));
    const byRoute = new Map<string, Store<V>>();
    const sharedStores = this.#share(shared, Math.min(Math.max(1, shards - limited.length), shared.length), byRoute);
    const share = {
      maxEntries: remainingShare(limits.maxEntries, limited, "maxEntries", sharedStores.size),
      maxBytes: remainingShare(limits.maxBytes, limited, "maxBytes", sharedStores.size),
    };
    for (const store of sharedStores) store.resize(share);
    for (const { route, maxEntries = share.maxEntries, maxBytes = share.maxBytes } of limited) {
      const own = { maxEntries: Math.max(1, maxEntries), maxBytes: Math.max(1, maxBytes) };
      const store = this.#byRoute.get(route) ?? this.#create(own);
      store.resize(own);
      byRoute.set(route, store);
    }
    this.#byRoute = byRoute;
    this.#stores = [...new Set(byRoute.values())];
  }

  /** Gives each of these routes a store: the one that it has, or one of those with the fewest routes. @param count of stores */
  #share(routes: readonly PartitionedRoute[], count: number, byRoute: Map<string, Store<V>>): ReadonlySet<Store<V>> {
    const users = new Map<Store<V>, number>(); // routes by store
    const join = (route: string, store: Store<V>): void => {
      byRoute.set(route, store);
      users.set(store, (users.get(store) ?? 0) + 1);
    };
    for (const { route } of routes) {
      const store = this.#byRoute.get(route);
      if (store !== undefined && (users.has(store) || users.size < count)) join(route, store);
    }
    for (const { route } of routes) {
      if (byRoute.has(route)) continue;
      if (users.size < count) join(route, this.#create(this.#settings.limits));
      else join(route, [...users].reduce((least, other) => (other[1] < least[1] ? other : least))[0]);
    }
    return new Set(users.keys());
  }

  #create(limits: StoreLimits): Store<V> {
    return STORES[this.#settings.store]<V>(limits);
  }

  /** Evicts what is above the limits of each partition. */
  trim(now: number): void {
    for (const store of this.#stores) store.trim(now);
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
