// The stores of an isolate, one for each cached route up to `shards`: a busy route can't push out what another one keeps.
// There is one thread and nothing to lock: a partition is for fairness, and for dropping a route at once.
import { assert } from "../../assert.ts";
import type { Store, StoreLimits } from "./store.ts";
import { STORES, type StoreName } from "./stores.ts";

/** A route that keeps answers; without limits of its own it gets an even share of what the others leave. */
export interface PartitionedRoute extends Partial<StoreLimits> {
  readonly route: string;
}

export interface PartitionSettings {
  readonly limits: StoreLimits; // of all of them together
  readonly shards: number; // most partitions, at least 1
  readonly store: StoreName;
}

export class Partitions<V> {
  readonly #byRoute: ReadonlyMap<string, Store<V>>;
  readonly #stores: readonly Store<V>[];

  /** @param routes those with limits of their own get a partition each; the others take turns where there are more than `shards` */
  constructor(routes: readonly PartitionedRoute[], { limits, shards, store }: PartitionSettings) {
    assert(shards >= 1, `${shards} shards`);
    const own = routes.filter(hasLimits);
    const shared = routes.filter((route) => !hasLimits(route));
    const turns = Math.min(Math.max(1, shards - own.length), shared.length);
    const rest = {
      maxEntries: left(limits.maxEntries, own, "maxEntries", turns),
      maxBytes: left(limits.maxBytes, own, "maxBytes", turns),
    };
    const create = STORES[store];
    const ring = Array.from({ length: turns }, () => create<V>(rest));
    const byRoute = new Map<string, Store<V>>();
    for (const [index, { route }] of shared.entries()) byRoute.set(route, ring[index % turns]!);
    for (const { route, maxEntries = rest.maxEntries, maxBytes = rest.maxBytes } of own) {
      byRoute.set(route, create<V>({ maxEntries: Math.max(1, maxEntries), maxBytes: Math.max(1, maxBytes) }));
    }
    this.#byRoute = byRoute;
    this.#stores = [...new Set(byRoute.values())];
  }

  /** Asked once for each route as its pipeline is compiled, not with each call. */
  of(route: string): Store<V> {
    const store = this.#byRoute.get(route);
    assert(store !== undefined, `${route} has no partition`);
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
}

function hasLimits({ maxEntries, maxBytes }: PartitionedRoute): boolean {
  return maxEntries !== undefined || maxBytes !== undefined;
}

function left(all: number, own: readonly PartitionedRoute[], limit: keyof StoreLimits, turns: number): number {
  const taken = own.reduce((sum, route) => sum + (route[limit] ?? 0), 0);
  return Math.max(1, Math.floor((all - taken) / Math.max(1, turns)));
}
