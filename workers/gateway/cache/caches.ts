// The caches of an isolate: one for each cached route, over the partitions, purges and shared level that they have in common.

import { waitUntil } from "cloudflare:workers";
import type { DescMethod } from "@bufbuild/protobuf";
import { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../core/cache/purge/purges.ts";
import { Partitions } from "../../../core/cache/store/partitions.ts";
import type { CachePolicy, L2Name } from "../../../core/config/cache.ts";
import type { CacheStorePolicy } from "../../../core/config/cache-store.ts";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { logEvent } from "../../log.ts";
import { isCacheable } from "./cacheable.ts";
import type { Fetched } from "./fetch/fetch.ts";
import { SingleFlight } from "./fetch/single-flight.ts";
import type { L2 } from "./l2/l2-driver.ts";
import { createL2Caches } from "./l2/l2-drivers.ts";
import type { PurgeView } from "./purge/purge-view.ts";
import { RouteStore, type RouteStoreValue, tagResource } from "./route-store.ts";

/** What all calls of a route share, whichever protocol they come in. */
export interface RouteCache {
  readonly policy: CachePolicy;
  readonly route: string; // as purges call it
  readonly store: RouteStore;
  readonly flights: SingleFlight<Fetched>;
  readonly l2: L2 | undefined;
  readonly purgeView: PurgeView | undefined; // where answers can be purged
  readonly latestPurge: () => number; // of the latest purge known
}

/** The routes that a configuration caches, and all that they need. */
export function createCaches(
  policy: GatewayPolicy,
  endpoints: Iterable<[DescMethod, { policy: RoutePolicy }]>,
  view: PurgeView | undefined,
  namespace: unknown,
): Caches {
  const policies = new Map<string, CachePolicy>();
  for (const [method, { policy: route }] of endpoints) {
    if (route.cache !== undefined && isCacheable(method)) policies.set(`${method.parent.typeName}/${method.name}`, route.cache);
  }
  for (const [prefix, route] of policy.httpRoutes) if (route.cache !== undefined) policies.set(prefix, route.cache);
  const levels = createL2Caches(
    [...policies.values()].map(({ l2 }) => l2),
    namespace,
    view,
    policy.cache.l2WaitMs,
  );
  return new Caches(policies, policy.cache, view, levels);
}

const MOST_INVALIDATIONS = 10_000; // remembered one by one

export class Caches {
  readonly #routes = new Map<string, RouteCache>();
  readonly #invalidations = new Invalidations(MOST_INVALIDATIONS);
  readonly #view: PurgeView | undefined;

  /**
   * @param policies by the name that purges call a route by
   * @param levels   the shared levels that are bound
   */
  constructor(
    policies: ReadonlyMap<string, CachePolicy>,
    store: CacheStorePolicy,
    view: PurgeView | undefined,
    levels: Partial<Record<L2Name, L2>>,
  ) {
    const names = [...policies.keys()].map((route) => ({ route }));
    const partitions = new Partitions<RouteStoreValue>(names, store);
    const purges = view?.purges ?? new Purges();
    this.#view = view;
    for (const [route, policy] of policies) {
      const shelf = new RouteStore(partitions.of(route), purges, this.#invalidations);
      const flights = new SingleFlight<Fetched>(waitUntil);
      this.#routes.set(route, {
        policy,
        route,
        store: shelf,
        flights,
        l2: levels[policy.l2],
        purgeView: view,
        latestPurge: () => purges.seq,
      });
    }
  }

  of(route: string): RouteCache | undefined {
    return this.#routes.get(route);
  }

  /** What bears one of these tags has changed: here at once, elsewhere as soon as isolates hear of it, where answers can be purged. */
  invalidate(tags: readonly string[], now: number): void {
    for (const tag of tags) this.#invalidations.add(tagResource(tag), now);
    if (tags.length === 0 || this.#view === undefined) return;
    const purged = this.#view.purge(
      tags.map((value) => ({ kind: "tag", value })),
      "soft",
    );
    const failed = (fault: unknown): void => logEvent("tag_purge_failed", { tags, error: fault });
    waitUntil(purged.then(() => undefined, failed));
  }
}
