// The buckets of one kind in a Durable Object: all that are not full are in memory, and storage knows enough of them for a restart.

import { type BucketLimit, bucketKey } from "../token-bucket.ts";
import type { BootMarker } from "./boot-marker.ts";
import {
  type BucketKind,
  isBelow,
  isShort,
  nextRow,
  rowlessCredit,
  type StoredBucket,
  storedFullAt,
  withoutDebt,
} from "./stored-bucket.ts";

/** The rows of buckets that have one. */
export interface BucketRows {
  load(name: string): StoredBucket | undefined;
  /** @param fullAt epoch ms; the row may be deleted then @throws what the storage throws */
  store(name: string, row: StoredBucket, fullAt: number): void;
  /** Whether a key without a row may get one. */
  hasRoom(now: number): boolean;
}

/** A bucket that a message has opened. */
export interface OpenBucket<B> {
  readonly name: string; // the name of its row
  readonly limit: BucketLimit;
  readonly isOwn: boolean; // false for a key that has no bucket yet: a full one, or what a restart may have left of it
  readonly bucket: B | undefined; // undefined: full
  readonly row: StoredBucket | undefined;
  readonly withdrawn: number; // tokens taken since the bucket was loaded
}

interface Entry<B> extends OpenBucket<B> {
  readonly fullAt: number; // epoch ms; the bucket is full then, and lends nothing
}

const SWEPT_AT_ONCE = 8; // entries that each change looks at, so that full ones do not pile up
const FULL_SWEEP_INTERVAL_MS = 1_000; // while there is no room: a full sweep looks at every entry

export class BucketStore<B> {
  readonly #kind: BucketKind<B>;
  readonly #prefix: string;
  readonly #rows: BucketRows;
  readonly #marker: BootMarker;
  readonly #max: number;
  readonly #entries = new Map<string, Entry<B>>();
  #sweep = this.#entries.values();
  #noRoomUntil = Number.NEGATIVE_INFINITY; // epoch ms; until then no full sweep

  /** @param prefix of the names of rows: kinds share the table @param max buckets in memory */
  constructor(kind: BucketKind<B>, prefix: string, rows: BucketRows, marker: BootMarker, max: number) {
    this.#kind = kind;
    this.#prefix = prefix;
    this.#rows = rows;
    this.#marker = marker;
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param leaseMs the longest lease of the bucket, and the guard, ms: a restart has to wait until those of the last run have ended; 0 if it lends nothing */
  open(key: string, limit: BucketLimit, now: number, leaseMs: number): OpenBucket<B> {
    const name = this.#prefix + bucketKey({ key, limit });
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const row = isShort(limit) ? undefined : this.#rows.load(name);
    const opened = { name, limit, withdrawn: 0 };
    if (row !== undefined && storedFullAt(row, limit) > now) {
      const bucket = this.#kind.restore(row, limit, now);
      const loaded = { ...opened, isOwn: true, bucket, row, fullAt: storedFullAt(row, limit) };
      if (this.#entries.size < this.#max) this.#entries.set(name, loaded); // refused calls do not read it again
      return loaded;
    }
    const rowless = { credit: rowlessCredit(limit), at: this.#marker.previousEnd(leaseMs) };
    const isFull = rowless.credit >= limit.capacity * limit.intervalMs || storedFullAt(rowless, limit) <= now;
    return { ...opened, isOwn: false, bucket: isFull ? undefined : this.#kind.restore(rowless, limit, now), row: undefined };
  }

  /** Whether a key without a bucket of its own can get one. A bucket that is not full is never dropped to make room. */
  hasRoom(limit: BucketLimit, now: number): boolean {
    if (!isShort(limit) && !this.#rows.hasRoom(now)) return false;
    if (this.#entries.size < this.#max) return true;
    if (now < this.#noRoomUntil) return false;
    for (const [name, { fullAt }] of this.#entries) if (fullAt <= now) this.#entries.delete(name);
    this.#noRoomUntil = now + FULL_SWEEP_INTERVAL_MS;
    return this.#entries.size < this.#max;
  }

  /**
   * Keeps a changed bucket. What a restart has to know is stored first.
   *
   * @param taken  tokens that the change took from the bucket, at least 0
   * @param fullAt epoch ms; the bucket is full then, and lends nothing
   * @throws what the storage throws; nothing has changed then
   */
  set({ name, limit, row: known, withdrawn: before }: OpenBucket<B>, bucket: B, taken: number, fullAt: number, now: number): void {
    const withdrawn = before + taken;
    const row = this.#storeBound(name, limit, this.#kind.boundOf(bucket, limit), known, withdrawn, now);
    this.#entries.set(name, { name, limit, isOwn: true, bucket, row, withdrawn, fullAt });
    this.#sweepSome(now);
  }

  /** Stores a bound that is not above the bucket's, unless the stored one is. @returns the bucket's row */
  #storeBound(
    name: string,
    limit: BucketLimit,
    bound: StoredBucket,
    known: StoredBucket | undefined,
    withdrawn: number,
    now: number,
  ): StoredBucket | undefined {
    if (known !== undefined && storedFullAt(known, limit) > now) {
      if (isBelow(known, bound, limit)) return known;
    } else {
      const isOwed = isShort(limit) && bound.credit < 0;
      const { credit, at } = isOwed ? withoutDebt(bound, limit) : bound;
      const rowless = { credit: rowlessCredit(limit), at: this.#marker.until };
      if (credit >= rowless.credit) {
        this.#marker.cover(isBelow(rowless, { credit, at }, limit) ? rowless.at : at, now, isOwed);
        return undefined;
      }
    }
    const row = nextRow(bound, limit, withdrawn);
    this.#rows.store(name, row, storedFullAt(row, limit));
    return row;
  }

  #sweepSome(now: number): void {
    for (let count = 0; count < SWEPT_AT_ONCE; count++) {
      const { done, value } = this.#sweep.next();
      if (done) {
        this.#sweep = this.#entries.values();
        return;
      }
      if (value.fullAt <= now) this.#entries.delete(value.name);
    }
  }
}
