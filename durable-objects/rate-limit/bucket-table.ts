// The rows of buckets, and the boot marker, in a Durable Object of rate limits. Full buckets are dropped by an alarm, at most once a minute.
import { BootMarker, type StoredMarker } from "../../core/rate-limit/storage/boot-marker.ts";
import type { BucketRows } from "../../core/rate-limit/storage/bucket-store.ts";
import type { StoredBucket } from "../../core/rate-limit/storage/stored-bucket.ts";
import { upgradeOldTables } from "./old-tables.ts";

// No index on `expires`: it would double what each new row and each deleted one cost, and a read costs a thousandth of a write.
const TABLE = "buckets (key TEXT PRIMARY KEY, credit INTEGER, touched INTEGER, expires INTEGER) WITHOUT ROWID";
const MARKER = "marker";
const SWEEP_INTERVAL_MS = 60_000;
const SWEPT_ROWS = 2_000; // rows that one alarm reads, in the order of keys, and of which it deletes the full ones
const NEW_ROWS_A_MINUTE = 600; // with more, keys without a bucket share one: writing rows for new keys is what an attacker can cost most with

interface Marker extends Partial<StoredMarker> {
  readonly rows: number; // rows at the latest write; an alarm is set where it is not 0
}

export class BucketTable implements BucketRows {
  readonly marker: BootMarker;
  readonly #storage: DurableObjectStorage;
  readonly #maxRows: number;
  #marker: StoredMarker | undefined; // the stored one
  #rows: number; // an estimate after a crash, until the table has been swept once
  #sweptUpTo = ""; // key
  #sweptRows = 0; // rows of this round: those that are left of the ones read, and new ones, which may be read, too
  #minute = 0;
  #newRows = 0; // in that minute

  constructor(storage: DurableObjectStorage, maxRows: number, now: number) {
    this.#storage = storage;
    this.#maxRows = maxRows;
    let stored = storage.kv.get<Marker>(MARKER);
    if (stored === undefined) {
      storage.sql.exec(`CREATE TABLE IF NOT EXISTS ${TABLE}`);
      stored = upgradeOldTables(storage.sql, now);
      if (stored.rows > 0) this.#setAlarm(now);
      storage.kv.put(MARKER, stored);
    }
    this.#rows = stored.rows;
    const { until, owedUntil } = stored;
    this.#marker = until === undefined ? undefined : owedUntil === undefined ? { until } : { until, owedUntil };
    this.marker = new BootMarker(this.#marker, now, (marker) => this.#writeMarker(marker));
  }

  /** Rows in the table. */
  get size(): number {
    return this.#rows;
  }

  load(key: string): StoredBucket | undefined {
    return this.#storage.sql
      .exec<{ credit: number; at: number }>("SELECT credit, touched AS at FROM buckets WHERE key = ?", key)
      .toArray()[0];
  }

  hasRoom(now: number): boolean {
    return this.#rows < this.#maxRows && (this.#minute !== minuteOf(now) || this.#newRows < NEW_ROWS_A_MINUTE);
  }

  store(key: string, { credit, at }: StoredBucket, fullAt: number): void {
    const { sql } = this.#storage;
    if (sql.exec("UPDATE buckets SET credit = ?, touched = ?, expires = ? WHERE key = ?", credit, at, fullAt, key).rowsWritten > 0) return;
    sql.exec("INSERT INTO buckets VALUES (?, ?, ?, ?)", key, credit, at, fullAt);
    const now = Date.now();
    if (this.#minute !== minuteOf(now)) [this.#minute, this.#newRows] = [minuteOf(now), 0];
    this.#newRows += 1;
    this.#sweptRows += 1;
    this.#rows += 1;
    if (this.#rows > 1) return;
    this.#setAlarm(now);
    this.#writeMarker(this.#marker);
  }

  /** Deletes full buckets among the next rows in the order of keys, and sets the next alarm if there are rows left. */
  sweep(now: number): void {
    const { sql } = this.#storage;
    const query = "SELECT key, expires FROM buckets WHERE key > ? ORDER BY key LIMIT ?";
    const read = sql.exec<{ key: string; expires: number }>(query, this.#sweptUpTo, SWEPT_ROWS).toArray();
    const isLast = read.length < SWEPT_ROWS;
    const isWhole = isLast && this.#sweptUpTo === "";
    if (this.#sweptUpTo === "") this.#sweptRows = 0;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const { key, expires } of read) {
      if (expires <= now) {
        sql.exec("DELETE FROM buckets WHERE key = ?", key);
        this.#rows -= 1;
        continue;
      }
      nextAt = Math.min(nextAt, expires);
      this.#sweptRows += 1;
    }
    if (isLast) this.#rows = this.#sweptRows;
    this.#sweptUpTo = isLast ? "" : read.at(-1)!.key;
    if (this.#rows > 0 || !isLast) this.#setAlarm(isWhole ? Math.max(now, nextAt - SWEEP_INTERVAL_MS) : now);
    else this.#writeMarker(this.#marker);
  }

  /** Sets the alarm a minute after a time. */
  #setAlarm(after: number): void {
    void this.#storage.setAlarm(after + SWEEP_INTERVAL_MS);
  }

  #writeMarker(marker: StoredMarker | undefined): void {
    this.#storage.kv.put(MARKER, { rows: Math.max(0, this.#rows), ...finite(marker) } satisfies Marker);
    this.#marker = marker;
  }
}

/** Without the time that a marker does not have: -Infinity. */
function finite(marker: StoredMarker | undefined): Partial<StoredMarker> {
  if (marker === undefined) return {};
  const { until, owedUntil = until } = marker;
  return { until, owedUntil: Number.isFinite(owedUntil) ? owedUntil : 0 };
}

function minuteOf(now: number): number {
  return Math.floor(now / 60_000);
}
