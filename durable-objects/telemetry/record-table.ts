// One text in rows of bounded size: SQLite in Durable Objects takes rows of at most 2 MB.

const MAX_ROW_BYTES = 1_900_000;

export class RecordTable {
  readonly #storage: DurableObjectStorage;
  #rows: number;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    storage.sql.exec("CREATE TABLE IF NOT EXISTS record (part INTEGER PRIMARY KEY, bytes BLOB)");
    this.#rows = storage.sql.exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM record").one().rows;
  }

  /** @returns undefined where nothing is stored */
  read(): string | undefined {
    if (this.#rows === 0) return undefined;
    const rows = this.#storage.sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM record ORDER BY part").toArray();
    const decoder = new TextDecoder();
    return rows.map(({ bytes }) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode();
  }

  /** Replaces the text, as a whole or not at all. @throws where storage fails */
  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const rows = Math.ceil(bytes.length / MAX_ROW_BYTES);
    this.#storage.transactionSync(() => {
      for (let part = 0; part < rows; part++) {
        const slice = bytes.slice(part * MAX_ROW_BYTES, (part + 1) * MAX_ROW_BYTES);
        this.#storage.sql.exec("INSERT OR REPLACE INTO record VALUES (?, ?)", part, slice.buffer);
      }
      if (rows < this.#rows) this.#storage.sql.exec("DELETE FROM record WHERE part >= ?", rows);
    });
    this.#rows = rows;
  }
}
