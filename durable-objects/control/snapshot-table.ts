// Snapshots in rows: texts and descriptor sets by their digests, in chunks, each stored once however many versions share it.
import { joinBytes } from "../../core/bytes.ts";
import type { StoredSnapshot } from "../../core/control/snapshot.ts";

const CHUNK_BYTES = 1_048_576; // a row may have 2 MB

export class SnapshotTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS chunks (digest TEXT, n INTEGER, bytes BLOB, PRIMARY KEY (digest, n)) WITHOUT ROWID");
    // The parts of a snapshot: its text, whose digest is that of the snapshot, and its descriptor sets.
    sql.exec("CREATE TABLE IF NOT EXISTS parts (snapshot TEXT, part TEXT, PRIMARY KEY (snapshot, part)) WITHOUT ROWID");
  }

  /** Within a transaction. */
  put({ digest, text, descriptors }: StoredSnapshot): void {
    this.#write(digest, digest, new TextEncoder().encode(text));
    for (const [part, bytes] of Object.entries(descriptors)) this.#write(digest, part, bytes);
  }

  /** @returns undefined where it is not stored */
  get(digest: string): StoredSnapshot | undefined {
    const rows = this.#sql.exec<{ part: string }>("SELECT part FROM parts WHERE snapshot = ?", digest).toArray();
    if (rows.length === 0) return undefined;
    const descriptors = rows.filter(({ part }) => part !== digest).map(({ part }) => [part, this.#read(part)] as const);
    return { digest, text: new TextDecoder().decode(this.#read(digest)), descriptors: Object.fromEntries(descriptors) };
  }

  /** Drops what none of these snapshots needs. Within a transaction. */
  keepOnly(digests: ReadonlySet<string>): void {
    const stored = this.#sql.exec<{ snapshot: string }>("SELECT DISTINCT snapshot FROM parts").toArray();
    for (const { snapshot } of stored) if (!digests.has(snapshot)) this.#sql.exec("DELETE FROM parts WHERE snapshot = ?", snapshot);
    this.#sql.exec("DELETE FROM chunks WHERE digest NOT IN (SELECT part FROM parts)");
  }

  #write(snapshot: string, part: string, bytes: Uint8Array): void {
    this.#sql.exec("INSERT OR IGNORE INTO parts VALUES (?, ?)", snapshot, part);
    const known = this.#sql.exec("SELECT 1 FROM chunks WHERE digest = ? LIMIT 1", part).toArray();
    if (known.length > 0) return; // equal digests have equal bytes
    for (let n = 0; n === 0 || n * CHUNK_BYTES < bytes.byteLength; n++)
      this.#sql.exec("INSERT INTO chunks VALUES (?, ?, ?)", part, n, bytes.slice(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES));
  }

  #read(part: string): Uint8Array<ArrayBuffer> {
    const rows = this.#sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM chunks WHERE digest = ? ORDER BY n", part).toArray();
    return joinBytes(rows.map(({ bytes }) => new Uint8Array(bytes)));
  }
}
