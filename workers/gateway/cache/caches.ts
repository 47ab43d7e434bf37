// The caches of an isolate, one for each cached route, over the store, purges and shared levels that they have in common.
import { waitUntil } from "cloudflare:workers";
import type { DescMethod } from "@bufbuild/protobuf";
import { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import { Purges } from "../../../core/cache/purge/purges.ts";
import { L2Wait } from "../../../core/cache/store/l2-wait.ts";
import type { CachePolicy, CacheStorePolicy, L2Name } from "../../../core/config/cache.ts";
import { Derived } from "../../../core/config/derived.ts";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { ByteBudget } from "../../../core/overload/byte-budget.ts";
import { logEvent } from "../../log.ts";
import { IsolateParts, type VersionParts } from "../background/isolate-parts.ts";
import { procedureOf } from "../call/route.ts";
import { isCacheable } from "./cacheable.ts";
import type { SharedResult } from "./fetch/fetch-result.ts";
import { SingleFlight } from "./fetch/single-flight.ts";
import { IsolateStores, type OpenPartition } from "./isolate-stores.ts";
import type { L2 } from "./l2/l2-driver.ts";
import { createL2Caches } from "./l2/l2-drivers.ts";
import type { PurgeView } from "./purge/purge-view.ts";
import { RouteStore, tagResource } from "./route-store.ts";

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
 * @param parts     of the isolate: a route keeps its stored responses where versions of the configuration say the same of its cache
 */
export function createCaches(
  policy: GatewayPolicy,
  methods: Iterable<[DescMethod, { policy: RoutePolicy }]>,
  purgeView: PurgeView | undefined,
  namespace: unknown,
  memory: ByteBudget,
  parts: VersionParts,
): Caches {
  const policies = new Map<string, CachePolicy>();
  const cached = new Map<string, DescMethod>();
  for (const [method, { policy: route }] of methods) {
    if (route.cache === undefined || !isCacheable(method)) continue;
    const { name } = procedureOf(method);
    policies.set(name, route.cache);
    cached.set(name, method);
  }
  for (const [prefix, route] of policy.httpRoutes) if (route.cache !== undefined) policies.set(prefix, route.cache);
  const names = [...new Set([...policies.values()].map(({ l2 }) => l2))].sort();
  const create = (): Partial<Record<L2Name, L2>> => createL2Caches(names, namespace, purgeView);
  const l2Caches = parts.get("shared levels", { names, purge: policy.purge }, create);
  return new Caches(policies, policy.cache, purgeView, l2Caches, memory, { parts, formOf: (route) => formOf(cached.get(route)) });
}

/** Names the messages of a method: those of other descriptors have another name. */
function formOf(method: DescMethod | undefined): readonly number[] | undefined {
  return method && [numberOf(method.input), numberOf(method.output)];
}

const NUMBERS = new WeakMap<object, number>();
let numbered = 0;

function numberOf(message: object): number {
  const number = NUMBERS.get(message) ?? ++numbered;
  NUMBERS.set(message, number);
  return number;
}

const MAX_INVALIDATIONS = 10_000; // resources and tags remembered one by one

/** What is stored for one route, whichever version of the configuration has fetched it. */
interface StoredRoute {
  readonly partition: OpenPartition;
  readonly store: RouteStore;
  readonly flights: SingleFlight<SharedResult>;
  readonly l2Wait: L2Wait;
}

/** By what is stored: its settings are the same for all versions that share it. */
const ROUTE_CACHES = new Derived<StoredRoute, RouteCache>();

/** What versions of the configuration share. */
export interface SharedCache {
  readonly parts: VersionParts;
  /** What the stored responses of a route depend on beside its settings: their messages. */
  readonly formOf: (route: string) => unknown;
}

const ALONE = (): SharedCache => ({ parts: new IsolateParts().version(), formOf: () => undefined });

export class Caches {
  readonly #routes = new Map<string, RouteCache>();
  readonly stores: IsolateStores; // responses of all versions of the configuration with these settings
  readonly #invalidations: Invalidations;
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
    { parts, formOf }: SharedCache = ALONE(),
  ) {
    this.#invalidations = parts.get("invalidations", undefined, () => new Invalidations(MAX_INVALIDATIONS));
    this.#purgeView = purgeView;
    const purges = purgeView?.purges ?? parts.get("no purges", undefined, () => new Purges());
    const stores = parts.get("stored responses", store, () => new IsolateStores(store));
    if (memory !== undefined) stores.useMemory(memory);
    this.stores = stores;
    for (const [route, policy] of policies) {
      const open = (): StoredRoute => {
        const partition = stores.open(route);
        const routeStore = new RouteStore(partition.store, purges, this.#invalidations, (now) => stores.makeRoom(now));
        return { partition, store: routeStore, flights: new SingleFlight<SharedResult>(waitUntil), l2Wait: new L2Wait(store.l2Wait) };
      };
      // A response that was stored under other settings may be one that these settings would not share.
      const said = { policy, purges: purgeView !== undefined, store, form: formOf(route) };
      const stored = parts.get(`cache of ${route}`, said, open, ({ partition }) => stores.close(partition));
      const l2 = l2Caches[policy.l2];
      const create = (): RouteCache => ({ ...stored, policy, route, l2, purgeView, latestPurge: () => purges.seq });
      this.#routes.set(route, ROUTE_CACHES.get(stored, [l2, purgeView, purges], create));
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
