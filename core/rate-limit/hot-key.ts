// A key that is asked for too often for one shard moves to an object of its own. The shard gives up its bucket once, for good, and tells
// everybody what was left of it: from there the other object starts, whoever comes first. No bucket is ever in two places.
import { type Bucket, type BucketLimit, fillTimeMs, returnTokens } from "./token-bucket.ts";

/** What a shard has left of a bucket that moved. Never changes: each who asks may bring it, and the first one counts. */
export interface HandOver {
  readonly credit: number; // token·ms
  readonly generation: number; // of moves of this shard; each starts a bucket anew
}

export interface BucketMoved {
  readonly kind: "moved";
  readonly start: HandOver;
}

/** For so long an isolate goes to the other object without asking the shard, counted from when it sent the ask. */
export const MOVE_CACHED_MS = 60_000;
const GUARD_MS = 10_000; // messages under way, and clocks that differ in rate or stand still
const WINDOW_MS = 3_000;
const HOT_PER_SECOND = 100;
const COUNTED_KEYS = 10_000;
const KNOWN_MOVES = 1_000;

/** What is left of a bucket now, to be given up with it. */
export function handOver(bucket: Bucket | undefined, limit: BucketLimit, now: number, generation: number): HandOver {
  return { credit: returnTokens(bucket, limit, 0, now).credit, generation };
}

/** The bucket in its new place. It earns from now on only: the shard's clock is not compared with this one. */
export function receivedBucket({ credit }: HandOver, now: number): Bucket {
  return { credit, touchedAt: now };
}

/**
 * Until when the shard remembers a move, epoch ms: then nobody has gone to the other object for so long that its bucket is full. A full
 * one here is the same.
 *
 * @param toldAt when somebody was told last, epoch ms
 */
export function moveKeptUntil(limit: BucketLimit, toldAt: number): number {
  return toldAt + MOVE_CACHED_MS + GUARD_MS + fillTimeMs(limit);
}

/** Until when the other object keeps the bucket, epoch ms: while somebody may still bring what it started from, which is less. */
export function bucketKeptUntil(fullAt: number): number {
  return fullAt + 2 * MOVE_CACHED_MS;
}

/** What an isolate has been told. What it forgets it is told again. */
export class MovedKeys {
  readonly #known = new Map<string, { readonly start: HandOver; readonly until: number }>();

  get(key: string, now: number): HandOver | undefined {
    const known = this.#known.get(key);
    return known !== undefined && now < known.until ? known.start : undefined;
  }

  /** @param sentAt when the ask was sent that was answered so, epoch ms */
  remember(key: string, start: HandOver, sentAt: number): void {
    if (!this.#known.delete(key) && this.#known.size >= KNOWN_MOVES) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { start, until: sentAt + MOVE_CACHED_MS });
  }
}

/** Counts asks by key, over a few seconds at a time. Forgetting them moves nothing. */
export class HotKeyDetector {
  #since = 0;
  readonly #asks = new Map<string, number>();

  /** @returns whether this key has been asked for too often */
  count(key: string, now: number): boolean {
    if (now - this.#since >= WINDOW_MS || now < this.#since) {
      this.#since = now;
      this.#asks.clear();
    }
    const asks = (this.#asks.get(key) ?? 0) + 1;
    if (asks > 1 || this.#asks.size < COUNTED_KEYS) this.#asks.set(key, asks);
    return asks > (HOT_PER_SECOND * WINDOW_MS) / 1_000;
  }
}
