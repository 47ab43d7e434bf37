// The records of idempotency keys in the SQLite storage of a Durable Object.
import type { CallRecord, RecordedResponse } from "../../../core/idempotency/call-record.ts";

/** Rows that are stored at most; above it the oldest ones are deleted, even before they expire. */
export const MAX_KEYS = 100_000;

const TABLE = `CREATE TABLE IF NOT EXISTS tidegate_idempotency (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  expires INTEGER NOT NULL,
  token TEXT,
  lease INTEGER,
  response BLOB,
  omitted INTEGER
)`;
const EXPIRED_PER_CALL = 2; // rows that one new key deletes: more than it adds, so that rows go away without an alarm, too

interface Row extends Record<string, SqlStorageValue> {
  seq: number;
  id: string;
  fingerprint: string;
  expires: number; // epoch ms
  token: string | null; // null: the call has ended
  lease: number | null; // epoch ms
  response: ArrayBuffer | null;
  omitted: number | null; // bytes of a response that was too large
}

/** Rows are in the order in which their calls began, which is nearly the order in which they expire: all live for a day. */
export class CallTable {
  maxKeys = MAX_KEYS;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLE);
  }

  read(id: string): CallRecord<Uint8Array> | undefined {
    const row = this.#rows("SELECT * FROM tidegate_idempotency WHERE id = ?", id)[0];
    return row && recordOf(row);
  }

  /** Adds the record of a call that begins, as the newest row. @returns false, and adds nothing, where all rows are of calls that run */
  add(id: string, record: CallRecord<Uint8Array>, now: number): boolean {
    this.#sql.exec("DELETE FROM tidegate_idempotency WHERE id = ?", id);
    if (!this.#hasRoom(now)) return false;
    const columns = "id, fingerprint, expires, token, lease, response, omitted";
    this.#sql.exec(`INSERT INTO tidegate_idempotency (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`, id, ...valuesOf(record));
    return true;
  }

  replace(id: string, record: CallRecord<Uint8Array>): void {
    const columns = "fingerprint = ?, expires = ?, token = ?, lease = ?, response = ?, omitted = ?";
    this.#sql.exec(`UPDATE tidegate_idempotency SET ${columns} WHERE id = ?`, ...valuesOf(record), id);
  }

  delete(id: string): void {
    this.#sql.exec("DELETE FROM tidegate_idempotency WHERE id = ?", id);
  }

  /** Deletes what has expired. @returns when the next row expires, epoch ms; undefined where there is none */
  deleteExpired(now: number): number | undefined {
    const live = "(SELECT seq FROM tidegate_idempotency WHERE expires > ? ORDER BY seq LIMIT 1)";
    this.#sql.exec(`DELETE FROM tidegate_idempotency WHERE seq < IFNULL(${live}, 9223372036854775807)`, now);
    return this.oldest()?.expires;
  }

  oldest(): Row | undefined {
    return this.#rows("SELECT * FROM tidegate_idempotency ORDER BY seq LIMIT 1")[0];
  }

  #hasRoom(now: number): boolean {
    const newest = this.#rows("SELECT * FROM tidegate_idempotency ORDER BY seq DESC LIMIT 1")[0]?.seq ?? 0;
    for (let deleted = 0; ; deleted++) {
      const oldest = this.oldest();
      if (oldest === undefined) return true;
      const isFull = newest - oldest.seq + 1 >= this.maxKeys;
      if (!isFull && (oldest.expires > now || deleted >= EXPIRED_PER_CALL)) return true;
      if (isFull && oldest.token !== null && (oldest.lease ?? 0) > now) return false;
      this.delete(oldest.id);
    }
  }

  #rows(sql: string, ...bindings: SqlStorageValue[]): Row[] {
    return this.#sql.exec<Row>(sql, ...bindings).toArray();
  }
}

function recordOf({ fingerprint, expires: expiresAt, token, lease, response, omitted }: Row): CallRecord<Uint8Array> {
  if (token !== null) return { kind: "running", fingerprint, expiresAt, token, leaseUntil: lease ?? 0 };
  const recorded: RecordedResponse<Uint8Array> =
    omitted === null ? { kind: "stored", response: new Uint8Array(response ?? new ArrayBuffer()) } : { kind: "omitted", bytes: omitted };
  return { kind: "done", fingerprint, expiresAt, recorded };
}

/** fingerprint, expires, token, lease, response, omitted */
function valuesOf(record: CallRecord<Uint8Array>): SqlStorageValue[] {
  const { fingerprint, expiresAt } = record;
  if (record.kind === "running") return [fingerprint, expiresAt, record.token, record.leaseUntil, null, null];
  const { recorded } = record;
  if (recorded.kind === "omitted") return [fingerprint, expiresAt, null, null, null, recorded.bytes];
  return [fingerprint, expiresAt, null, null, recorded.response.slice().buffer, null];
}
