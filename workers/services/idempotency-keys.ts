// The results of calls that may be repeated, by the idempotency key of the caller. A key is valid for a day.

const RETENTION_MS = 86_400_000;
const MAX_ROWS = 100_000;
const SWEEP_INTERVAL_MS = 60_000; // rows expire one by one; one alarm deletes those of a minute

export class IdempotencyKeys {
  static readonly TABLE =
    "CREATE TABLE answers (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, entity BLOB NOT NULL, expires INTEGER NOT NULL)";

  /** Rows that are stored at most; the oldest ones are deleted first, even before they expire. */
  maxRows = MAX_ROWS;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  find(key: string, now: number): Uint8Array | undefined {
    const sql = "SELECT entity FROM answers WHERE key = ? AND expires > ?";
    const row = this.#storage.sql.exec<{ entity: ArrayBuffer }>(sql, key, now).toArray()[0];
    return row && new Uint8Array(row.entity);
  }

  add(key: string, entity: Uint8Array, now: number): void {
    const { sql } = this.#storage;
    const isFirst = this.#oldestExpires() === undefined; // while there are rows, an alarm is set
    sql.exec("INSERT OR REPLACE INTO answers (key, entity, expires) VALUES (?, ?, ?)", key, entity, now + RETENTION_MS);
    sql.exec("DELETE FROM answers WHERE seq <= (SELECT MAX(seq) FROM answers) - ?", this.maxRows);
    if (isFirst) void this.#storage.setAlarm(now + RETENTION_MS);
  }

  /** Deletes expired rows, and sets the alarm for the next one. */
  async deleteExpired(now: number): Promise<void> {
    this.#storage.sql.exec("DELETE FROM answers WHERE expires <= ?", now);
    const next = this.#oldestExpires();
    if (next !== undefined) await this.#storage.setAlarm(Math.max(next, now) + SWEEP_INTERVAL_MS);
  }

  #oldestExpires(): number | undefined {
    return this.#storage.sql.exec<{ expires: number }>("SELECT expires FROM answers ORDER BY seq LIMIT 1").toArray()[0]?.expires;
  }
}
