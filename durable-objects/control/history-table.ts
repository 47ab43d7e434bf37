// The history of versions in rows: one for each version, one for each change, and one for the pointers.
import { EMPTY_HISTORY, type PointerChange, type Version, type VersionHistory } from "../../core/control/version.ts";

const POINTERS = "pointers";

export class HistoryTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY, record TEXT)");
    sql.exec("CREATE TABLE IF NOT EXISTS changes (sequence INTEGER PRIMARY KEY, record TEXT)");
    sql.exec("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, record TEXT) WITHOUT ROWID");
  }

  read(): VersionHistory {
    // Only `write` writes these tables: their texts are what it was given.
    const pointers = this.#records<Omit<VersionHistory, "versions" | "changes">>("SELECT record FROM marks WHERE name = ?", POINTERS)[0];
    const versions = this.#records<Version>("SELECT record FROM versions ORDER BY version");
    const changes = this.#records<PointerChange>("SELECT record FROM changes ORDER BY sequence");
    return { ...EMPTY_HISTORY, ...pointers, versions, changes };
  }

  /** Within a transaction. */
  write(before: VersionHistory, after: VersionHistory): void {
    const { versions, changes, ...pointers } = after;
    const [isKept, wasThere] = [new Set(versions), new Set(before.versions)];
    for (const stored of before.versions) if (!isKept.has(stored)) this.#sql.exec("DELETE FROM versions WHERE version = ?", stored.version);
    for (const added of versions) {
      if (!wasThere.has(added)) this.#sql.exec("INSERT INTO versions VALUES (?, ?)", added.version, JSON.stringify(added));
    }
    const known = before.changes.at(-1)?.sequence ?? 0;
    for (const change of changes) {
      if (change.sequence > known) this.#sql.exec("INSERT INTO changes VALUES (?, ?)", change.sequence, JSON.stringify(change));
    }
    this.#sql.exec("DELETE FROM changes WHERE sequence < ?", changes[0]?.sequence ?? 0);
    this.#sql.exec("INSERT OR REPLACE INTO marks VALUES (?, ?)", POINTERS, JSON.stringify(pointers));
  }

  #records<T>(query: string, ...values: string[]): T[] {
    return this.#sql
      .exec<{ record: string }>(query, ...values)
      .toArray()
      .map(({ record }) => JSON.parse(record) as T);
  }
}
