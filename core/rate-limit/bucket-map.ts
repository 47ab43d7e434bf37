// Token buckets of an isolate, in bounded memory. Callers choose the keys, so no flood of new keys may give a caller tokens back.
import { type Bucket, type BucketLimit, bucketKey, expiresAt, isSameLimit } from "./token-bucket.ts";

/** A bucket with its limit. */
export interface BucketEntry {
  bucket: Bucket | undefined; // undefined: full
  readonly limit: BucketLimit;
  refusedUntil: number; // epoch ms; a call has been refused until then
  isKept: boolean; // false for the bucket of a new key, which needs no memory before its first call is admitted
}

const DROPPED_SHARE = 20; // a twentieth of all is dropped at once, so that a new key seldom looks through all of them

/**
 * At most `max` buckets. To make room, full ones are dropped first, which changes nothing, then those nearest to full. One that refuses
 * calls is never dropped: where all do, the new keys of a limit share one bucket, until it has the tokens of every call that it refused.
 */
export class BucketMap {
  readonly #max: number;
  readonly #own = new Map<string, BucketEntry>();
  readonly #shared = new Map<string, BucketEntry>(); // one for each limit, of which the configuration has a fixed number
  #fullUntil = Number.NEGATIVE_INFINITY; // epoch ms; until then no bucket can be dropped

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#own.size;
  }

  /** The entry that a call of this key is counted in: its own one, a new one, which `keep` stores, or the one that new keys share. */
  entryOf(key: string, limit: BucketLimit, now: number): BucketEntry {
    const own = this.ownEntry(key, limit);
    if (own !== undefined) return own;
    const shared = this.#shared.get(sharedKey(limit));
    if (shared !== undefined && now < shared.refusedUntil) return shared;
    const entry: BucketEntry = { bucket: undefined, limit, refusedUntil: 0, isKept: false };
    if (this.#own.size < this.#max || this.#makeRoom(now)) return entry;
    if (shared !== undefined) return shared;
    entry.isKept = true;
    this.#shared.set(sharedKey(limit), entry);
    return entry;
  }

  keep(key: string, entry: BucketEntry): void {
    if (entry.isKept) return;
    entry.isKept = true;
    this.#own.set(this.#own.has(key) ? bucketKey({ key, limit: entry.limit }) : key, entry);
  }

  /**
   * A bucket is read only under the limit that wrote it: where the limit of a key has changed, it has another bucket beside the former one.
   *
   * @returns undefined where the key has no bucket of its own: it is full, or calls of the key are counted in the shared one
   */
  ownEntry(key: string, limit: BucketLimit): BucketEntry | undefined {
    const own = this.#own.get(key);
    if (own === undefined || isSameLimit(own.limit, limit)) return own;
    return this.#own.get(bucketKey({ key, limit }));
  }

  /** @returns whether there is room now */
  #makeRoom(now: number): boolean {
    if (now < this.#fullUntil) return false;
    const droppable: { readonly key: string; readonly fullAt: number }[] = [];
    let nextAt = Number.POSITIVE_INFINITY;
    for (const [key, { bucket, limit, refusedUntil }] of this.#own) {
      if (bucket === undefined) continue; // only until its first call is counted, within the same turn
      const at = Math.max(refusedUntil, oneTokenAt(bucket, limit));
      if (at <= now) droppable.push({ key, fullAt: expiresAt(bucket, limit) });
      else nextAt = Math.min(nextAt, at);
    }
    if (droppable.length === 0) {
      this.#fullUntil = nextAt;
      return false;
    }
    const full = droppable.filter(({ fullAt }) => fullAt <= now);
    const least = Math.ceil(this.#max / DROPPED_SHARE);
    const dropped = full.length >= least ? full : droppable.sort((a, b) => a.fullAt - b.fullAt).slice(0, least);
    for (const { key } of dropped) this.#own.delete(key);
    return true;
  }
}

function sharedKey(limit: BucketLimit): string {
  return bucketKey({ key: "*", limit });
}

/** When a bucket has a token, so that it admits calls again, epoch ms. */
function oneTokenAt({ credit, touchedAt }: Bucket, { rate, intervalMs }: BucketLimit): number {
  return touchedAt + Math.ceil(Math.max(0, intervalMs - credit) / rate);
}
