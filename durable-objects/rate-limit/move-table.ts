// The table of hot keys that have moved from a shard of rate limits to Durable Objects of their own. All rows are in memory as well.
import type { HandOver } from "../../core/rate-limit/hot-key.ts";

const TABLE = "moved (key TEXT PRIMARY KEY, credit INTEGER, generation INTEGER, expires INTEGER) WITHOUT ROWID";

export class MoveTable {
  readonly #storage: DurableObjectStorage;
  readonly #maxMoves: number;
  readonly #moves = new Map<string, HandOver>();

  constructor(storage: DurableObjectStorage, maxMoves: number) {
    this.#storage = storage;
    this.#maxMoves = maxMoves;
    storage.sql.exec(`CREATE TABLE IF NOT EXISTS ${TABLE}`);
    const query = "SELECT key, credit, generation FROM moved";
    for (const { key, ...start } of storage.sql.exec<{ key: string; credit: number; generation: number }>(query))
      this.#moves.set(key, start);
  }

  get size(): number {
    return this.#moves.size;
  }

  get hasRoom(): boolean {
    return this.#moves.size < this.#maxMoves;
  }

  get(key: string): HandOver | undefined {
    return this.#moves.get(key);
  }

  /** @returns the number of the next move of this shard; it never repeats, also over restarts */
  nextGeneration(): number {
    const { kv } = this.#storage;
    const generation = (kv.get<number>("generation") ?? 0) + 1;
    kv.put("generation", generation);
    return generation;
  }

  /** @param keepUntil epoch ms; the move is forgotten then */
  store(key: string, start: HandOver, keepUntil: number): void {
    this.#moves.set(key, start);
    this.#storage.sql.exec("INSERT OR REPLACE INTO moved VALUES (?, ?, ?, ?)", key, start.credit, start.generation, keepUntil);
  }

  /** Forgets moves to Durable Objects that had no call until their buckets were full. */
  dropExpired(now: number): void {
    for (const { key } of this.#storage.sql.exec<{ key: string }>("DELETE FROM moved WHERE expires <= ? RETURNING key", now))
      this.#moves.delete(key);
  }
}
