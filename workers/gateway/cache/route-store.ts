// The stored responses of one route in this isolate: finds them, checks purges, and remembers which request fields they vary by.

import { variantOf, varyNames } from "../../../core/cache/headers/vary.ts";
import type { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import type { PurgeDecision, Purges } from "../../../core/cache/purge/purges.ts";
import { retryPauseMs } from "../../../core/cache/reuse.ts";
import { headerOf } from "../../../core/cache/revalidation.ts";
import type { Store } from "../../../core/cache/store/store.ts";
import { type StoredResponse, storedBytes, storedUntil } from "../../../core/cache/stored-response.ts";
import type { Lookup } from "./lookup/lookup.ts";
import { type Renderings, renderingBytes } from "./responses/response-headers.ts";

/** A stored response with its renderings and the state of its refresh. Written by `RouteStore`, the cache layer and `renderHeaders`. */
export interface CachedResponse extends Renderings {
  readonly kind: "response";
  readonly stored: StoredResponse;
  isOfferedToL2: boolean; // whether the shared level was offered it with its first hit
  retryAt: number; // epoch ms; after a failure the upstream is not called before
  failures: number; // consecutive failures of the upstream
}

/** The request fields that the responses of a key vary by. The responses themselves have keys of their own. */
interface VaryMarker {
  readonly kind: "vary";
  readonly names: readonly string[];
  readonly generation: number; // part of the keys of the responses: a changed list of fields starts a new one
  readonly until: number; // epoch ms
}

/** The last response of a key was for its caller alone: for a while, calls fetch theirs at once instead of waiting for another call's. */
interface HitForMiss {
  readonly kind: "hit_for_miss";
}

export type RouteStoreValue = CachedResponse | VaryMarker | HitForMiss;

/** `storeKey`: key of the response in the store, that of its variant where the response varies. */
export type LookupResult =
  | { readonly kind: "found"; readonly storeKey: string; readonly cached: CachedResponse; readonly purged: PurgeDecision }
  | { readonly kind: "none"; readonly storeKey: string; readonly isVariant: boolean };

const HIT_FOR_MISS_MS = 10_000;
const HIT_FOR_MISS_ERROR_MS = 1_000; // after an error, which others may not get
const MARKER_BYTES = 1_000; // memory of a value without a response, beside its key
const HIT_FOR_MISS: HitForMiss = { kind: "hit_for_miss" };

export class RouteStore {
  readonly #store: Store<RouteStoreValue>;
  readonly #purges: Purges;
  readonly #invalidations: Invalidations;
  readonly #makeRoom: (now: number) => void;
  #generation = 0;

  /** @param makeRoom called when something was stored: calls may need the memory that it takes */
  constructor(
    store: Store<RouteStoreValue>,
    purges: Purges,
    invalidations: Invalidations,
    makeRoom: (now: number) => void = () => undefined,
  ) {
    this.#makeRoom = makeRoom;
    this.#store = store;
    this.#purges = purges;
    this.#invalidations = invalidations;
  }

  find(lookup: Lookup, now: number): LookupResult {
    let storeKey = lookup.key;
    let value = this.#store.get(storeKey, now);
    const isVariant = value?.kind === "vary";
    if (value?.kind === "vary") {
      storeKey = variantKey(lookup, value);
      value = this.#store.get(storeKey, now);
    }
    if (value?.kind !== "response") return { kind: "none", storeKey, isVariant };
    const purged = this.checkPurges(lookup, value.stored);
    if (purged !== "hard") return { kind: "found", storeKey, cached: value, purged };
    this.#store.delete(storeKey);
    return { kind: "none", storeKey, isVariant };
  }

  /** Whether purges or invalidations cover a response, from whichever level it comes. */
  checkPurges({ resource }: Lookup, { route, tags, purgeSeq, storedAt, fetchMs }: StoredResponse): PurgeDecision {
    const fetchedAt = storedAt - fetchMs;
    if (this.#invalidations.covers(resource, fetchedAt)) return "hard";
    if (this.#invalidations.size > 0 && tags.some((tag) => this.#invalidations.covers(tagResource(tag), fetchedAt))) return "hard";
    return this.#purges.check({ key: resource, route, tags, purgeSeq });
  }

  /** @returns the key of the response in the store: a key of its own where it varies by fields that the lookup's key does not contain */
  put(lookup: Lookup, stored: StoredResponse, now: number, isOfferedToL2 = false): string {
    const until = storedUntil(stored);
    const names = lookup.varyFields === undefined ? [] : varyNames(headerOf(stored, "vary"), headerOf(stored, "content-encoding"));
    const storeKey = names.length === 0 ? lookup.key : variantKey(lookup, this.#markVary(lookup.key, names, until, now));
    const cached: CachedResponse = { kind: "response", stored, isOfferedToL2, retryAt: 0, failures: 0 };
    this.#set(storeKey, cached, storedBytes(storeKey, stored), until, now);
    this.#store.delete(hitForMissKey(lookup, storeKey));
    return storeKey;
  }

  /** Counts the memory of a response again, after a rendering was added. */
  updateSize(storeKey: string, cached: CachedResponse, now: number): void {
    const bytes = storedBytes(storeKey, cached.stored) + renderingBytes(cached, cached.stored.headers);
    this.#set(storeKey, cached, bytes, storedUntil(cached.stored), now);
  }

  /** For a while, calls of this key do not wait for the fetch of another call. Calls with an Authorization have a mark of their own. */
  markHitForMiss(lookup: Lookup, storeKey: string, isError: boolean, now: number): void {
    const key = hitForMissKey(lookup, storeKey);
    const until = now + (isError ? HIT_FOR_MISS_ERROR_MS : HIT_FOR_MISS_MS);
    this.#set(key, HIT_FOR_MISS, MARKER_BYTES + 2 * key.length, until, now);
  }

  isHitForMiss(lookup: Lookup, storeKey: string, now: number): boolean {
    return this.#store.get(hitForMissKey(lookup, storeKey), now) !== undefined;
  }

  /** Records a failure of the upstream: it is called again after a pause, which grows with each failure. */
  recordFailure(cached: CachedResponse, now: number): void {
    cached.failures += 1;
    cached.retryAt = now + retryPauseMs(cached.failures);
  }

  invalidate(resource: string, now: number): void {
    this.#invalidations.add(resource, now);
  }

  #set(key: string, value: RouteStoreValue, bytes: number, until: number, now: number): void {
    this.#store.set(key, value, bytes, until, now);
    this.#makeRoom(now);
  }

  #markVary(key: string, names: readonly string[], until: number, now: number): VaryMarker {
    const previous = this.#store.get(key, now);
    const isSame = previous?.kind === "vary" && previous.names.join() === names.join();
    const generation = isSame ? previous.generation : ++this.#generation;
    const marker: VaryMarker = { kind: "vary", names, generation, until: isSame ? Math.max(previous.until, until) : until };
    this.#set(key, marker, MARKER_BYTES + 2 * key.length, marker.until, now);
    return marker;
  }
}

/** The name under which an invalidated tag is remembered. No resource begins like this. */
export function tagResource(tag: string): string {
  return `tag ${tag}`;
}

function variantKey({ key, varyFields }: Lookup, { names, generation }: VaryMarker): string {
  return `${key}~${generation}~${varyFields === undefined ? "" : variantOf(names, varyFields)}`;
}

/** Not a key of a variant: the generation there is a number. */
function hitForMissKey({ hasAuthorization }: Lookup, storeKey: string): string {
  return hasAuthorization ? `${storeKey}~own~authorized` : `${storeKey}~own`;
}
