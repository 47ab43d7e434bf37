// The last changes of a collection, numbered by revision, and the calls that wait for the next change.

const MAX_ROWS = 10_000;
const READ_ROWS = 100; // returned by one read
const MAX_WAITING = 5_000; // calls; each takes about 1 KB, and makes a request every 20 s

export interface JournalRow {
  readonly revision: number;
  readonly kind: number;
  readonly entity: ArrayBuffer;
}

export class Journal {
  static readonly TABLE = "CREATE TABLE changes (revision INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, entity BLOB NOT NULL)";

  /** Changes that are stored at most; the oldest ones are deleted first. */
  maxRows = MAX_ROWS;
  /** Calls that wait at most. */
  maxWaiting = MAX_WAITING;
  readonly #sql: SqlStorage;
  readonly #waiting = new Set<() => void>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Calls that wait for a change. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** @returns the revision of the change */
  append(kind: number, entity: Uint8Array): number {
    const insert = "INSERT INTO changes (kind, entity) VALUES (?, ?) RETURNING revision";
    const { revision } = this.#sql.exec<{ revision: number }>(insert, kind, entity).one();
    this.#sql.exec("DELETE FROM changes WHERE revision <= ?", revision - this.maxRows);
    for (const wake of this.#waiting) wake();
    return revision;
  }

  /** The revisions that are stored; 1 and 0 where there has never been a change. */
  range(): { readonly oldest: number; readonly latest: number } {
    const ends = "SELECT (SELECT MIN(revision) FROM changes) AS oldest, (SELECT MAX(revision) FROM changes) AS latest";
    const { oldest, latest } = this.#sql.exec<{ oldest: number | null; latest: number | null }>(ends).one();
    return { oldest: oldest ?? 1, latest: latest ?? 0 };
  }

  /** The first changes after a revision, at most `READ_ROWS`, in order. */
  after(revision: number): JournalRow[] {
    const sql = "SELECT revision, kind, entity FROM changes WHERE revision > ? ORDER BY revision LIMIT ?";
    return this.#sql.exec<JournalRow & Record<string, SqlStorageValue>>(sql, revision, READ_ROWS).toArray();
  }

  /**
   * Waits for the next change, but not longer than `waitMs`: the caller may have gone.
   *
   * @returns false, at once, where too many calls wait already
   */
  async next(waitMs: number): Promise<boolean> {
    if (this.#waiting.size >= this.maxWaiting) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#waiting.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
    return true;
  }
}
