// Hot keys: a key with too many requests for its shard moves to a Durable Object of its own, for good. The shard gives up the bucket once
// and reports to every isolate how much was left in it. The first isolate to call the other Durable Object starts the bucket there from that
// report, so a bucket is never in two places.
import { type Bucket, type BucketLimit, fillTimeMs, returnTokens } from "./token-bucket.ts";

/** What a shard had left of a bucket when it moved. It never changes: any isolate may bring it, and the first one to arrive counts. */
export interface HandOver {
  readonly credit: number; // token·ms
  readonly generation: number; // number of the move within its shard; every move starts a new bucket
}

/** A shard's response for a key that it does not hold any more. */
export interface BucketMoved {
  readonly kind: "moved";
  readonly start: HandOver;
}

/** How long an isolate uses the other Durable Object without a question to the shard, ms from when it sent its request to the shard. */
export const MOVE_CACHED_MS = 60_000;
const GUARD_MS = 10_000; // covers messages under way, and clocks that run at different rates or stand still
const WINDOW_MS = 3_000; // requests are counted over windows of this length
const HOT_PER_SECOND = 100; // requests for one key; a tenth of the 1,000 a second that one Durable Object is good for (see docs/rate-limiting.md, "Hot keys")
const MAX_COUNTED_KEYS = 10_000;
const MAX_CACHED_MOVES = 1_000;

/** What is left of a bucket when it is given up. */
export function handOver(bucket: Bucket | undefined, limit: BucketLimit, now: number, generation: number): HandOver {
  return { credit: returnTokens(bucket, limit, 0, now).credit, generation };
}

/** The bucket where it has moved to. It earns from now on only: clocks of two Durable Objects are not compared. */
export function receivedBucket({ credit }: HandOver, now: number): Bucket {
  return { credit, touchedAt: now };
}

/**
 * When the shard may forget a move, epoch ms: no isolate has used the other Durable Object for so long that the bucket there is full. Then
 * a full bucket in the shard is the same.
 *
 * @param reportedAt when the shard last reported the move to an isolate, epoch ms
 */
export function moveKeptUntil(limit: BucketLimit, reportedAt: number): number {
  return reportedAt + MOVE_CACHED_MS + GUARD_MS + fillTimeMs(limit);
}

/**
 * When the other Durable Object may forget the bucket, epoch ms. Before that an isolate may still bring the hand-over, which is less than
 * the full bucket.
 */
export function bucketKeptUntil(fullAt: number): number {
  return fullAt + 2 * MOVE_CACHED_MS;
}

/** The moves that an isolate knows. If it forgets one, the shard reports it again. */
export class MovedKeys {
  readonly #moves = new Map<string, { readonly start: HandOver; readonly until: number }>();

  get(key: string, now: number): HandOver | undefined {
    const move = this.#moves.get(key);
    return move !== undefined && now < move.until ? move.start : undefined;
  }

  /** @param sentAt when the request was sent to which the shard responded with the move, epoch ms */
  remember(key: string, start: HandOver, sentAt: number): void {
    if (!this.#moves.delete(key) && this.#moves.size >= MAX_CACHED_MOVES) this.#moves.delete(this.#moves.keys().next().value!);
    this.#moves.set(key, { start, until: sentAt + MOVE_CACHED_MS });
  }
}

/** Counts requests by key over one window at a time. Losing the counts is harmless: no key moves then. */
export class HotKeyDetector {
  #since = 0; // start of the window, epoch ms
  readonly #requests = new Map<string, number>();

  /** @returns whether the key has had more than 100 requests per second in this window */
  count(key: string, now: number): boolean {
    if (now - this.#since >= WINDOW_MS || now < this.#since) {
      this.#since = now;
      this.#requests.clear();
    }
    const requests = (this.#requests.get(key) ?? 0) + 1;
    if (requests > 1 || this.#requests.size < MAX_COUNTED_KEYS) this.#requests.set(key, requests);
    return requests > (HOT_PER_SECOND * WINDOW_MS) / 1_000;
  }
}
