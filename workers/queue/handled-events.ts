// The ids of events that were handled, beside what handling them has changed: an event that is delivered again changes nothing.

const MAX_ROWS = 100_000;
const RETENTION_MS = 15 * 86_400_000; // a queue keeps a message for 14 days at most
const SWEPT_ROWS = 2; // expired rows that each new one deletes: their number falls, without an alarm

/** In the object that an event changes. A row is about 100 bytes; the oldest are deleted first. */
export class HandledEvents {
  /** SQL that creates the table; it is a step of the migrations of the object. */
  static readonly TABLE = "CREATE TABLE handled_events (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL)";

  /** Ids that are stored at most. An event is recognized until so many newer ones were handled, or for 15 days. */
  maxRows = MAX_ROWS;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /**
   * Runs `change` and records the id, in one transaction; or does nothing where the id is recorded already.
   *
   * @param id  of the event: `delivery.id`
   * @param now epoch ms
   * @returns whether `change` has run
   * @throws what `change` throws; nothing has changed then, and the event may be handled again
   */
  once(id: string, now: number, change: () => void): boolean {
    const { sql } = this.#storage;
    return this.#storage.transactionSync(() => {
      if (sql.exec("SELECT 1 FROM handled_events WHERE id = ?", id).toArray().length > 0) return false;
      const expired = "SELECT seq FROM handled_events WHERE at < ? ORDER BY seq LIMIT ?";
      sql.exec(`DELETE FROM handled_events WHERE seq IN (${expired})`, now - RETENTION_MS, SWEPT_ROWS);
      sql.exec("INSERT INTO handled_events (id, at) VALUES (?, ?)", id, now);
      sql.exec("DELETE FROM handled_events WHERE seq <= (SELECT MAX(seq) FROM handled_events) - ?", this.maxRows);
      change();
      return true;
    });
  }
}
