// The caches of an isolate, one for each cached route, over the store, purges and shared levels that they have in common.
import { waitUntil } from "cloudflare:workers";
import type { DescMethod } from "@bufbuild/protobuf";
import { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../core/cache/purge/purges.ts";
import { L2Wait } from "../../../core/cache/store/l2-wait.ts";
import { Partitions } from "../../../core/cache/store/partitions.ts";
import type { CachePolicy, CacheStorePolicy, L2Name } from "../../../core/config/cache.ts";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { ByteBudget } from "../../../core/overload/byte-budget.ts";
import { logEvent } from "../../log.ts";
import { procedureOf } from "../call/route.ts";
import { isCacheable } from "./cacheable.ts";
import type { SharedResult } from "./fetch/fetch-result.ts";
import { SingleFlight } from "./fetch/single-flight.ts";
import type { L2 } from "./l2/l2-driver.ts";
import { createL2Caches } from "./l2/l2-drivers.ts";
import type { PurgeView } from "./purge/purge-view.ts";
import { RouteStore, type RouteStoreValue, tagResource } from "./route-store.ts";

/** The cache of one route, for all protocols in which its calls arrive. */
export interface RouteCache {
  readonly policy: CachePolicy;
  readonly route: string; // name for purges: `package.Service/Method`, or the prefix of an HTTP route
  readonly store: RouteStore;
  readonly flights: SingleFlight<SharedResult>;
  readonly l2: L2 | undefined;
  readonly l2Wait: L2Wait;
  readonly purgeView: PurgeView | undefined; // undefined where purging is not configured
  readonly latestPurge: () => number; // seq
}

/**
 * The caches of all routes that a configuration caches.
 *
 * @param namespace the binding CACHE
 * @param memory    what calls and stored responses may use together
 */
export function createCaches(
  policy: GatewayPolicy,
  methods: Iterable<[DescMethod, { policy: RoutePolicy }]>,
  purgeView: PurgeView | undefined,
  namespace: unknown,
  memory: ByteBudget,
): Caches {
  const policies = new Map<string, CachePolicy>();
  for (const [method, { policy: route }] of methods) {
    if (route.cache !== undefined && isCacheable(method)) policies.set(procedureOf(method).name, route.cache);
  }
  for (const [prefix, route] of policy.httpRoutes) if (route.cache !== undefined) policies.set(prefix, route.cache);
  const l2Names = [...policies.values()].map(({ l2 }) => l2);
  return new Caches(policies, policy.cache, purgeView, createL2Caches(l2Names, namespace, purgeView), memory);
}

const MAX_INVALIDATIONS = 10_000; // resources and tags remembered one by one

export class Caches {
  readonly #routes = new Map<string, RouteCache>();
  readonly #invalidations = new Invalidations(MAX_INVALIDATIONS);
  readonly #purgeView: PurgeView | undefined;

  /**
   * @param policies by the name of the route
   * @param l2Caches shared levels by name; a policy may name one that is missing: "none"
   */
  constructor(
    policies: ReadonlyMap<string, CachePolicy>,
    store: CacheStorePolicy,
    purgeView: PurgeView | undefined,
    l2Caches: Partial<Record<L2Name, L2>>,
    memory?: ByteBudget,
  ) {
    const routes = [...policies.keys()].map((route) => ({ route }));
    const partitions = new Partitions<RouteStoreValue>(routes, store);
    memory?.lendTo(partitions);
    const makeRoom = memory && ((now: number): void => memory.evict(now));
    const purges = purgeView?.purges ?? new Purges();
    this.#purgeView = purgeView;
    for (const [route, policy] of policies) {
      this.#routes.set(route, {
        policy,
        route,
        store: new RouteStore(partitions.of(route), purges, this.#invalidations, makeRoom),
        flights: new SingleFlight<SharedResult>(waitUntil),
        l2: l2Caches[policy.l2],
        l2Wait: new L2Wait(store.l2Wait),
        purgeView,
        latestPurge: () => purges.seq,
      });
    }
  }

  of(route: string): RouteCache | undefined {
    return this.#routes.get(route);
  }

  /** Responses with one of these tags are out of date: here at once, in other isolates with the purge, where purging is configured. */
  invalidate(tags: readonly string[], now: number): void {
    for (const tag of tags) this.#invalidations.add(tagResource(tag), now);
    if (tags.length === 0 || this.#purgeView === undefined) return;
    const targets = tags.map((value) => ({ kind: "tag" as const, value }));
    const failed = (fault: unknown): void => logEvent("tag_purge_failed", { tags, error: fault });
    waitUntil(this.#purgeView.purge(targets, "soft").then(() => undefined, failed));
  }
}
