// What an isolate keeps of one route: finds an answer, judges it, and remembers which fields it varies by.

import { variantOf, varyNames } from "../../../core/cache/headers/vary.ts";
import type { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import type { PurgeDecision, Purges } from "../../../core/cache/purge/purges.ts";
import { retryPauseMs } from "../../../core/cache/reuse.ts";
import { headerOf } from "../../../core/cache/revalidation.ts";
import type { Store } from "../../../core/cache/store/store.ts";
import { type StoredResponse, storedBytes, storedUntil } from "../../../core/cache/stored-response.ts";
import type { Lookup } from "./lookup/lookup.ts";
import { type Renderings, renderingBytes } from "./responses/response-headers.ts";

/** An answer, and how its refreshing goes. */
export interface CachedResponse extends Renderings {
  readonly kind: "entry";
  readonly stored: StoredResponse;
  isOfferedToL2: boolean; // to the shared level, as something that is asked for more than once
  retryAt: number; // epoch ms; the upstream has failed and is not asked before
  failures: number; // in a row
}

/** The fields that answers of a key vary by; the answers have keys of their own. */
interface VaryMarker {
  readonly kind: "varying";
  readonly names: readonly string[];
  readonly generation: number;
  readonly until: number;
}

/** What is asked for here can't be kept: nobody needs to wait for somebody else's answer. */
interface HitForPass {
  readonly kind: "passing";
}

export type RouteStoreValue = CachedResponse | VaryMarker | HitForPass;

export type LookupResult =
  | { readonly kind: "found"; readonly at: string; readonly kept: CachedResponse; readonly judgement: PurgeDecision }
  | { readonly kind: "none"; readonly at: string; readonly isVariant: boolean; readonly isPassing: boolean };

const PASSING_MS = 10_000;
const SMALL_BYTES = 1_000; // what a slot without an answer occupies, beside its key
const PASSING: HitForPass = { kind: "passing" };

export class RouteStore {
  readonly #store: Store<RouteStoreValue>;
  readonly #purges: Purges;
  readonly #invalidations: Invalidations;
  #generation = 0;

  constructor(store: Store<RouteStoreValue>, purges: Purges, invalidations: Invalidations) {
    this.#store = store;
    this.#purges = purges;
    this.#invalidations = invalidations;
  }

  find(asked: Lookup, now: number): LookupResult {
    let at = asked.key;
    let slot = this.#store.get(at, now);
    const isVariant = slot?.kind === "varying";
    if (slot?.kind === "varying") {
      at = variantKey(asked, slot);
      slot = this.#store.get(at, now);
    }
    if (slot?.kind !== "entry") return { kind: "none", at, isVariant, isPassing: slot?.kind === "passing" };
    const judgement = this.checkPurges(asked, slot.stored);
    if (judgement !== "hard") return { kind: "found", at, kept: slot, judgement };
    this.#store.delete(at);
    return { kind: "none", at, isVariant, isPassing: false };
  }

  /** What purges and invalidations say of an entry, wherever it comes from. */
  checkPurges({ resource }: Lookup, { route, tags, purgeSeq: seq, storedAt, fetchMs }: StoredResponse): PurgeDecision {
    const fetchedAt = storedAt - fetchMs;
    if (this.#invalidations.covers(resource, fetchedAt)) return "hard";
    if (this.#invalidations.size > 0 && tags.some((tag) => this.#invalidations.covers(tagResource(tag), fetchedAt))) return "hard";
    return this.#purges.check({ key: resource, route, tags, purgeSeq: seq });
  }

  /** @returns under which key it is kept; an answer that varies by fields which the key does not have gets one of its own */
  put(asked: Lookup, entry: StoredResponse, now: number, isOffered = false): string {
    const until = storedUntil(entry);
    const names = asked.varyFields === undefined ? [] : varyNames(headerOf(entry, "vary"), headerOf(entry, "content-encoding"));
    const at = names.length === 0 ? asked.key : variantKey(asked, this.#varying(asked.key, names, until, now));
    this.#store.set(
      at,
      { kind: "entry", stored: entry, isOfferedToL2: isOffered, retryAt: 0, failures: 0 },
      storedBytes(at, entry),
      until,
      now,
    );
    return at;
  }

  /** Counts anew what is kept, where it is kept in more forms than before. */
  updateSize(at: string, kept: CachedResponse, now: number): void {
    const bytes = storedBytes(at, kept.stored) + renderingBytes(kept, kept.stored.headers);
    this.#store.set(at, kept, bytes, storedUntil(kept.stored), now);
  }

  /** Nobody waits here for a while. */
  markHitForPass(at: string, now: number): void {
    this.#store.set(at, PASSING, SMALL_BYTES + 2 * at.length, now + PASSING_MS, now);
  }

  /** The upstream has failed: it is asked again after a pause, and longer ones later. */
  recordFailure(kept: CachedResponse, now: number): void {
    kept.failures += 1;
    kept.retryAt = now + retryPauseMs(kept.failures);
  }

  invalidate(resource: string, now: number): void {
    this.#invalidations.add(resource, now);
  }

  #varying(key: string, names: readonly string[], until: number, now: number): VaryMarker {
    const known = this.#store.get(key, now);
    const isSame = known?.kind === "varying" && known.names.join() === names.join();
    const generation = isSame ? known.generation : ++this.#generation;
    const varying: VaryMarker = { kind: "varying", names, generation, until: isSame ? Math.max(known.until, until) : until };
    this.#store.set(key, varying, SMALL_BYTES + 2 * key.length, varying.until, now);
    return varying;
  }
}

/** What an invalidated tag is remembered as: no resource starts so. */
export function tagResource(tag: string): string {
  return `tag ${tag}`;
}

function variantKey({ key, varyFields: variesBy }: Lookup, { names, generation }: VaryMarker): string {
  return `${key}~${generation}~${variesBy === undefined ? "" : variantOf(names, variesBy)}`;
}
