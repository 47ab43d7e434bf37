// Rows of keys in a Durable Object. A record is one JSON text; beside it stand the columns by which rows are found.
import type { KeyRecord } from "../../core/keys/key-record.ts";
import { type KeyUseTimes, USE_STEP_MS } from "../../core/keys/key-uses.ts";

/** A key with the time of its last use, to some minutes. */
export interface StoredKey {
  readonly record: KeyRecord;
  readonly lastUsedAt?: number; // epoch ms; missing for never
}

export interface KeyQuery {
  readonly after: string; // id; "" from the beginning
  readonly limit: number;
  readonly owner?: string;
}

interface Row extends Record<string, SqlStorageValue> {
  readonly record: string;
  readonly used_at: number | null;
}

const DAY_MS = 86_400_000;
const ENDED_KEPT_MS = 90 * DAY_MS; // a key that has ended stays listed for at least this long

export class KeyTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, owner TEXT, ended_at INTEGER, used_at INTEGER, record TEXT) WITHOUT ROWID",
    );
  }

  get count(): number {
    return this.#sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM keys").one().n;
  }

  get(id: string): StoredKey | undefined {
    const [row] = this.#sql.exec<Row>("SELECT record, used_at FROM keys WHERE id = ?", id).toArray();
    return row && storedKey(row);
  }

  list({ after, limit, owner }: KeyQuery): StoredKey[] {
    const where = owner === undefined ? "id > ?" : "id > ? AND owner = ?";
    const values = owner === undefined ? [after] : [after, owner];
    const rows = this.#sql.exec<Row>(`SELECT record, used_at FROM keys WHERE ${where} ORDER BY id LIMIT ?`, ...values, limit).toArray();
    return rows.map(storedKey);
  }

  put(record: KeyRecord): void {
    const { id, owner, revokedAt, expiresAt } = record;
    const endedAt = revokedAt ?? expiresAt ?? null;
    const set = "owner = excluded.owner, ended_at = excluded.ended_at, record = excluded.record";
    const insert = "INSERT INTO keys (id, owner, ended_at, record) VALUES (?, ?, ?, ?)";
    this.#sql.exec(`${insert} ON CONFLICT (id) DO UPDATE SET ${set}`, id, owner, endedAt, JSON.stringify(record));
  }

  /** Removes keys that have ended long ago. */
  removeEnded(now: number): void {
    this.#sql.exec("DELETE FROM keys WHERE ended_at < ?", now - ENDED_KEPT_MS);
  }

  /** Writes times of use, where they are much later than the stored ones: each is a row. A time ahead of the clock counts as now. */
  stamp(uses: KeyUseTimes, now: number): void {
    for (const [id, at] of Object.entries(uses)) {
      const usedAt = Math.min(at, now);
      this.#sql.exec(
        "UPDATE keys SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at <= ?)",
        usedAt,
        id,
        usedAt - USE_STEP_MS / 2,
      );
    }
  }
}

function storedKey({ record, used_at: usedAt }: Row): StoredKey {
  const parsed = JSON.parse(record) as KeyRecord; // only `put` writes this column
  return usedAt === null ? { record: parsed } : { record: parsed, lastUsedAt: usedAt };
}
