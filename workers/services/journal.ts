// The last changes to a collection, numbered, and those who wait for the next one.

const KEPT = 10_000;
const ONE_READ = 100;

export interface JournalRow {
  readonly revision: number;
  readonly kind: number;
  readonly entity: ArrayBuffer;
}

export class Journal {
  static readonly TABLE = "CREATE TABLE changes (revision INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, entity BLOB NOT NULL)";

  /** Changes remembered; older ones are forgotten as new ones come. */
  kept = KEPT;
  readonly #sql: SqlStorage;
  readonly #waiting = new Set<() => void>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How many wait for a change. */
  get waiting(): number {
    return this.#waiting.size;
  }

  append(kind: number, entity: Uint8Array): void {
    this.#sql.exec("INSERT INTO changes (kind, entity) VALUES (?, ?)", kind, entity);
    this.#sql.exec("DELETE FROM changes WHERE revision <= ?", this.range().latest - this.kept);
    for (const wake of this.#waiting) wake();
  }

  /** The revisions remembered; 1 and 0 when nothing has ever happened. */
  range(): { readonly oldest: number; readonly latest: number } {
    const ends = "SELECT (SELECT MIN(revision) FROM changes) AS oldest, (SELECT MAX(revision) FROM changes) AS latest";
    const { oldest, latest } = this.#sql.exec<{ oldest: number | null; latest: number | null }>(ends).one();
    return { oldest: oldest ?? 1, latest: latest ?? 0 };
  }

  /** The changes after a revision, oldest first; some of them, where there are many. */
  after(revision: number): JournalRow[] {
    const some = "SELECT revision, kind, entity FROM changes WHERE revision > ? ORDER BY revision LIMIT ?";
    return this.#sql.exec<JournalRow & Record<string, SqlStorageValue>>(some, revision, ONE_READ).toArray();
  }

  /** Waits for the next change, but not longer than `waitMs`: one who no longer listens is forgotten then. */
  async next(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#waiting.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }
}
