// The table of exact buckets in a Durable Object of rate limits. Above its bound, buckets that are nearest to full are dropped first.
import type { Bucket } from "../../core/rate-limit/token-bucket.ts";

// `expires` has no index: it would double the rows that each call writes, and only save the sweep a scan.
const TABLE = "buckets (key TEXT PRIMARY KEY, credit INTEGER, touched INTEGER, expires INTEGER) WITHOUT ROWID";
const MAX_DROPPED_AT_ONCE = 1_000;

export class BucketTable {
  readonly #sql: SqlStorage;
  readonly #maxRows: number;
  #rows: number;

  constructor(sql: SqlStorage, maxRows: number) {
    this.#sql = sql;
    this.#maxRows = maxRows;
    sql.exec(`CREATE TABLE IF NOT EXISTS ${TABLE}`);
    this.#rows = this.#count();
  }

  get size(): number {
    return this.#rows;
  }

  load(key: string): Bucket | undefined {
    const query = "SELECT credit, touched AS touchedAt FROM buckets WHERE key = ?";
    return this.#sql.exec<{ credit: number; touchedAt: number }>(query, key).toArray()[0];
  }

  /** @param expiresAt epoch ms; a bucket may be dropped then, because it is full */
  store(key: string, { credit, touchedAt }: Bucket, expiresAt: number, now: number): void {
    const update = "UPDATE buckets SET credit = ?, touched = ?, expires = ? WHERE key = ?";
    if (this.#sql.exec(update, credit, touchedAt, expiresAt, key).rowsWritten > 0) return;
    if (this.#rows >= this.#maxRows) this.#makeRoom(now);
    this.#sql.exec("INSERT INTO buckets VALUES (?, ?, ?, ?)", key, credit, touchedAt, expiresAt);
    this.#rows += 1;
  }

  drop(key: string): void {
    this.#sql.exec("DELETE FROM buckets WHERE key = ?", key);
    this.#rows = this.#count();
  }

  dropExpired(now: number): void {
    this.#sql.exec("DELETE FROM buckets WHERE expires <= ?", now);
    this.#rows = this.#count();
  }

  #makeRoom(now: number): void {
    this.dropExpired(now);
    if (this.#rows < this.#maxRows) return;
    const dropped = Math.min(MAX_DROPPED_AT_ONCE, Math.ceil(this.#maxRows / 10));
    this.#sql.exec("DELETE FROM buckets WHERE key IN (SELECT key FROM buckets ORDER BY expires LIMIT ?)", dropped);
    this.#rows = this.#count();
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM buckets").one().n;
  }
}
