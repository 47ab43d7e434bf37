// Rows of the sequence of changed keys.
import { appendChanges, EMPTY_KEY_LOG, type KeyChange, type KeyLog } from "../../core/keys/key-log.ts";

export class KeyLogTable {
  readonly #storage: DurableObjectStorage;
  #log: KeyLog;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const { sql } = storage;
    sql.exec("CREATE TABLE IF NOT EXISTS changes (id TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID");
    sql.exec("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID");
    const marks = sql.exec<{ name: string; seq: number }>("SELECT name, seq FROM marks").toArray();
    const changes = sql.exec("SELECT id, seq FROM changes ORDER BY seq").toArray() as unknown as KeyChange[]; // only `append` writes it
    this.#log = { ...EMPTY_KEY_LOG, ...Object.fromEntries(marks.map(({ name, seq }) => [name, seq])), changes };
  }

  get log(): KeyLog {
    return this.#log;
  }

  append(ids: readonly string[], now: number, maxChanges?: number): void {
    const before = this.#log;
    const after = appendChanges(before, ids, now, maxChanges);
    this.#storage.transactionSync(() => this.#write(before, after));
    this.#log = after;
  }

  #write(before: KeyLog, after: KeyLog): void {
    const { sql } = this.#storage;
    const listed = new Set(after.changes.map(({ id }) => id));
    for (const { id } of before.changes) if (!listed.has(id)) sql.exec("DELETE FROM changes WHERE id = ?", id);
    for (const { id, seq } of after.changes) if (seq > before.seq) sql.exec("INSERT OR REPLACE INTO changes VALUES (?, ?)", id, seq);
    sql.exec("INSERT OR REPLACE INTO marks VALUES ('seq', ?)", after.seq);
    if (after.floor !== before.floor) sql.exec("INSERT OR REPLACE INTO marks VALUES ('floor', ?)", after.floor);
  }
}
