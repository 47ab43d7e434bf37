// What was answered to requests that may be repeated, by the key their caller gave them, for a day.

const KEPT_FOR_MS = 86_400_000;
const KEPT = 100_000;
// Rows run out one by one; one alarm clears those of a minute.
const SWEEP_EVERY_MS = 60_000;

export class Answers {
  static readonly TABLE =
    "CREATE TABLE answers (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, entity BLOB NOT NULL, expires INTEGER NOT NULL)";

  /** Answers remembered; beyond that the oldest are forgotten before their day is over. */
  kept = KEPT;
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
    const isFirst = this.#oldestExpires() === undefined; // as long as there are rows, an alarm is set
    sql.exec("INSERT OR REPLACE INTO answers (key, entity, expires) VALUES (?, ?, ?)", key, entity, now + KEPT_FOR_MS);
    sql.exec("DELETE FROM answers WHERE seq <= (SELECT MAX(seq) FROM answers) - ?", this.kept);
    if (isFirst) void this.#storage.setAlarm(now + KEPT_FOR_MS);
  }

  /** Forgets what is older than a day, and has itself called again for the rest. */
  async sweep(now: number): Promise<void> {
    this.#storage.sql.exec("DELETE FROM answers WHERE expires <= ?", now);
    const next = this.#oldestExpires();
    if (next !== undefined) await this.#storage.setAlarm(Math.max(next, now) + SWEEP_EVERY_MS);
  }

  #oldestExpires(): number | undefined {
    return this.#storage.sql.exec<{ expires: number }>("SELECT expires FROM answers ORDER BY seq LIMIT 1").toArray()[0]?.expires;
  }
}
