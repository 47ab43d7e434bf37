// The tables of leased buckets and of their leases in a Durable Object of rate limits. All rows are in memory as well.
import { bucketEndsAt, type LeasedBucket, type LeaseRecord, leaseEndsAt } from "../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../core/rate-limit/token-bucket.ts";
import { upgradeFirstTables } from "./first-tables.ts";

// Each lease has a row of its own: a grant writes two rows, however many isolates share the bucket.
const TABLES = [
  "leased_buckets (key TEXT PRIMARY KEY, tokens REAL, updated REAL, period_factor REAL, expires INTEGER) WITHOUT ROWID",
  "leases (key TEXT, isolate TEXT, lease TEXT, expires INTEGER, PRIMARY KEY (key, isolate)) WITHOUT ROWID",
];
const ROWS_IN_STATEMENT = 20; // SQLite in Durable Objects takes at most 100 parameters a statement, and a row has 5

type TableRow = readonly (string | number)[];

export class LeaseTable {
  readonly #sql: SqlStorage;
  readonly #maxBuckets: number;
  readonly #buckets = new Map<string, LeasedBucket>();
  #changedBuckets: TableRow[] = [];
  #changedLeases: TableRow[] = [];

  constructor(sql: SqlStorage, maxBuckets: number) {
    this.#sql = sql;
    this.#maxBuckets = maxBuckets;
    for (const table of TABLES) sql.exec(`CREATE TABLE IF NOT EXISTS ${table}`);
    upgradeFirstTables(sql);
    const leases = Map.groupBy(sql.exec<{ key: string; isolate: string; lease: string }>("SELECT * FROM leases"), ({ key }) => key);
    const buckets = "SELECT key, tokens, updated AS updatedAt, period_factor AS periodFactor FROM leased_buckets";
    for (const { key, ...bucket } of sql.exec<{ key: string } & Omit<LeasedBucket, "leases">>(buckets)) {
      const records = (leases.get(key) ?? []).map(({ isolate, lease }) => [isolate, JSON.parse(lease) as LeaseRecord] as const);
      this.#buckets.set(key, { ...bucket, leases: Object.fromEntries(records) });
    }
  }

  get size(): number {
    return this.#buckets.size;
  }

  get(key: string): LeasedBucket | undefined {
    return this.#buckets.get(key);
  }

  /** A leased bucket is never dropped to make room: its tokens could be lent a second time. */
  hasRoomFor(key: string): boolean {
    return this.#buckets.has(key) || this.#buckets.size < this.#maxBuckets;
  }

  /**
   * Keeps a bucket after a grant to one isolate. `write` has to follow before the grant is sent.
   *
   * @returns epoch ms when the bucket may be dropped
   */
  set(key: string, bucket: LeasedBucket, isolate: string, limit: BucketLimit): number {
    const expiresAt = bucketEndsAt(bucket, limit);
    const lease = bucket.leases[isolate]!; // the grant has just made it
    this.#buckets.set(key, bucket);
    this.#changedBuckets.push([key, bucket.tokens, bucket.updatedAt, bucket.periodFactor, expiresAt]);
    this.#changedLeases.push([key, isolate, JSON.stringify(lease), leaseEndsAt(lease)]);
    return expiresAt;
  }

  /** Stores what `set` has changed. */
  write(): void {
    this.#writeRows("leased_buckets", this.#changedBuckets);
    this.#writeRows("leases", this.#changedLeases);
    this.#changedBuckets = [];
    this.#changedLeases = [];
  }

  /** Drops leases that have ended, and buckets that are full and lend nothing: a new bucket would be the same. */
  dropExpired(now: number): void {
    this.#sql.exec("DELETE FROM leases WHERE expires <= ?", now);
    for (const { key } of this.#sql.exec<{ key: string }>("DELETE FROM leased_buckets WHERE expires <= ? RETURNING key", now))
      this.#buckets.delete(key);
  }

  /** Many rows in one statement: in a large message most of the time goes into the number of statements. */
  #writeRows(table: "leased_buckets" | "leases", rows: readonly TableRow[]): void {
    for (let from = 0; from < rows.length; ) {
      const size = rows.length - from >= ROWS_IN_STATEMENT ? ROWS_IN_STATEMENT : 1; // two statements in all, which SQLite compiles once
      const some = rows.slice(from, from + size);
      const values = some.map((row) => `(${row.map(() => "?").join()})`).join();
      this.#sql.exec(`INSERT OR REPLACE INTO ${table} VALUES ${values}`, ...some.flat());
      from += size;
    }
  }
}
