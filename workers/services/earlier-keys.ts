// The results of calls that versions before `once` have stored by their idempotency keys. Rows are read until they expire, 24 hours later.

export class EarlierKeys {
  static readonly TABLE =
    "CREATE TABLE answers (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, entity BLOB NOT NULL, expires INTEGER NOT NULL)";

  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(key: string, now: number): Uint8Array<ArrayBuffer> | undefined {
    const rows = this.#sql.exec<{ entity: ArrayBuffer }>("SELECT entity FROM answers WHERE key = ? AND expires > ?", key, now);
    const [row] = rows.toArray();
    return row && new Uint8Array(row.entity);
  }

  /** Deletes expired rows. @returns when the next row expires, epoch ms; undefined where there is none */
  deleteExpired(now: number): number | undefined {
    this.#sql.exec("DELETE FROM answers WHERE expires <= ?", now);
    return this.nextExpiry();
  }

  /** @returns epoch ms; undefined where there is no row */
  nextExpiry(): number | undefined {
    return this.#sql.exec<{ expires: number }>("SELECT expires FROM answers ORDER BY seq LIMIT 1").toArray()[0]?.expires;
  }
}
