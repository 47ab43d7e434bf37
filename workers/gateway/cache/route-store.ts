// What an isolate keeps of one route: finds an answer, judges it, and remembers which fields it varies by.
import { bytesOf, type Entry, keptUntil } from "../../../core/cache/entry.ts";
import type { Invalidations } from "../../../core/cache/purge/invalidations.ts";
import type { Judgement, Purges } from "../../../core/cache/purge/purges.ts";
import { pauseMs } from "../../../core/cache/reuse.ts";
import type { Store } from "../../../core/cache/store/store.ts";
import { headerOf } from "../../../core/cache/validate.ts";
import { selection, varyNames } from "../../../core/cache/vary.ts";
import type { Asked } from "./lookup.ts";
import { type Forms, formBytes } from "./responses/response-headers.ts";

/** An answer, and how its refreshing goes. */
export interface Kept extends Forms {
  readonly kind: "entry";
  readonly entry: Entry;
  isOffered: boolean; // to the shared level, as something that is asked for more than once
  retryAt: number; // epoch ms; the upstream has failed and is not asked before
  failures: number; // in a row
}

/** The fields that answers of a key vary by; the answers have keys of their own. */
interface Varying {
  readonly kind: "varying";
  readonly names: readonly string[];
  readonly generation: number;
  readonly until: number;
}

/** What is asked for here can't be kept: nobody needs to wait for somebody else's answer. */
interface Passing {
  readonly kind: "passing";
}

export type Slot = Kept | Varying | Passing;

export type Found =
  | { readonly kind: "found"; readonly at: string; readonly kept: Kept; readonly judgement: Judgement }
  | { readonly kind: "none"; readonly at: string; readonly isVariant: boolean; readonly isPassing: boolean };

const PASSING_MS = 10_000;
const SMALL_BYTES = 1_000; // what a slot without an answer occupies, beside its key
const PASSING: Passing = { kind: "passing" };

export class Shelf {
  readonly #store: Store<Slot>;
  readonly #purges: Purges;
  readonly #invalidations: Invalidations;
  #generation = 0;

  constructor(store: Store<Slot>, purges: Purges, invalidations: Invalidations) {
    this.#store = store;
    this.#purges = purges;
    this.#invalidations = invalidations;
  }

  find(asked: Asked, now: number): Found {
    let at = asked.key;
    let slot = this.#store.get(at, now);
    const isVariant = slot?.kind === "varying";
    if (slot?.kind === "varying") {
      at = variantKey(asked, slot);
      slot = this.#store.get(at, now);
    }
    if (slot?.kind !== "entry") return { kind: "none", at, isVariant, isPassing: slot?.kind === "passing" };
    const judgement = this.judge(asked, slot.entry);
    if (judgement !== "hard") return { kind: "found", at, kept: slot, judgement };
    this.#store.delete(at);
    return { kind: "none", at, isVariant, isPassing: false };
  }

  /** What purges and invalidations say of an entry, wherever it comes from. */
  judge({ resource }: Asked, { route, tags, seq, storedAt, fetchMs }: Entry): Judgement {
    const fetchedAt = storedAt - fetchMs;
    if (this.#invalidations.hits(resource, fetchedAt)) return "hard";
    if (this.#invalidations.size > 0 && tags.some((tag) => this.#invalidations.hits(tagName(tag), fetchedAt))) return "hard";
    return this.#purges.judge({ key: resource, route, tags, seq });
  }

  /** @returns under which key it is kept; an answer that varies by fields which the key does not have gets one of its own */
  keep(asked: Asked, entry: Entry, now: number, isOffered = false): string {
    const until = keptUntil(entry);
    const names = asked.variesBy === undefined ? [] : varyNames(headerOf(entry, "vary"), headerOf(entry, "content-encoding"));
    const at = names.length === 0 ? asked.key : variantKey(asked, this.#varying(asked.key, names, until, now));
    this.#store.set(at, { kind: "entry", entry, isOffered, retryAt: 0, failures: 0 }, bytesOf(at, entry), until, now);
    return at;
  }

  /** Counts anew what is kept, where it is kept in more forms than before. */
  recount(at: string, kept: Kept, now: number): void {
    const bytes = bytesOf(at, kept.entry) + formBytes(kept, kept.entry.headers);
    this.#store.set(at, kept, bytes, keptUntil(kept.entry), now);
  }

  /** Nobody waits here for a while. */
  pass(at: string, now: number): void {
    this.#store.set(at, PASSING, SMALL_BYTES + 2 * at.length, now + PASSING_MS, now);
  }

  /** The upstream has failed: it is asked again after a pause, and longer ones later. */
  failed(kept: Kept, now: number): void {
    kept.failures += 1;
    kept.retryAt = now + pauseMs(kept.failures);
  }

  invalidate(resource: string, now: number): void {
    this.#invalidations.add(resource, now);
  }

  #varying(key: string, names: readonly string[], until: number, now: number): Varying {
    const known = this.#store.get(key, now);
    const isSame = known?.kind === "varying" && known.names.join() === names.join();
    const generation = isSame ? known.generation : ++this.#generation;
    const varying: Varying = { kind: "varying", names, generation, until: isSame ? Math.max(known.until, until) : until };
    this.#store.set(key, varying, SMALL_BYTES + 2 * key.length, varying.until, now);
    return varying;
  }
}

/** What an invalidated tag is remembered as: no resource starts so. */
export function tagName(tag: string): string {
  return `tag ${tag}`;
}

function variantKey({ key, variesBy }: Asked, { names, generation }: Varying): string {
  return `${key}~${generation}~${variesBy === undefined ? "" : selection(names, variesBy)}`;
}
