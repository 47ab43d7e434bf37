// A Durable Object that stores the dead letters of one queue until an operator sends them again or deletes them.
import { DurableObject } from "cloudflare:workers";

/** Plain data, fit for calls between Workers. */
export interface StoredDeadLetter {
  readonly number: number;
  readonly envelope: Uint8Array; // tidegate.queue.v1.Envelope in binary
  readonly storedAt: number; // epoch ms
}

const PAGE_MAX_BYTES = 4_194_304; // a page that reaches this size ends early

/** Bound: `maxRows` dead letters. What comes after is refused, and stays in the dead letter queue as long as that keeps it. */
export class DeadLetters extends DurableObject {
  /** Dead letters that are stored at most: 1.3 GB where all have the largest size. */
  maxRows = 10_000;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const table = "number INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL UNIQUE, envelope BLOB NOT NULL, stored_at INTEGER NOT NULL";
    ctx.storage.sql.exec(`CREATE TABLE IF NOT EXISTS dead_letters (${table})`);
  }

  /**
   * @param message id that the queue has given the message: one that is delivered again is stored once
   * @returns false where it is not stored, because there are too many
   */
  add(message: string, envelope: Uint8Array): boolean {
    const { sql } = this.ctx.storage;
    if (sql.exec("SELECT 1 FROM dead_letters WHERE message = ?", message).toArray().length > 0) return true;
    if (this.total() >= this.maxRows) return false;
    sql.exec("INSERT INTO dead_letters (message, envelope, stored_at) VALUES (?, ?, ?)", message, envelope, Date.now());
    return true;
  }

  /** The first ones after a number. @param limit at most 100 */
  list(after: number, limit: number): { readonly deadLetters: StoredDeadLetter[]; readonly total: number } {
    const rows = this.ctx.storage.sql.exec<{ number: number; envelope: ArrayBuffer; stored_at: number }>(
      "SELECT number, envelope, stored_at FROM dead_letters WHERE number > ? ORDER BY number LIMIT ?",
      after,
      limit,
    );
    const deadLetters: StoredDeadLetter[] = [];
    let bytes = 0;
    for (const { number, envelope, stored_at } of rows) {
      deadLetters.push({ number, envelope: new Uint8Array(envelope), storedAt: stored_at });
      bytes += envelope.byteLength;
      if (bytes > PAGE_MAX_BYTES) break;
    }
    return { deadLetters, total: this.total() };
  }

  /** @returns those of the numbers that are stored */
  find(numbers: readonly number[]): StoredDeadLetter[] {
    const rows = this.ctx.storage.sql.exec<{ number: number; envelope: ArrayBuffer; stored_at: number }>(
      "SELECT number, envelope, stored_at FROM dead_letters WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number",
      JSON.stringify(numbers),
    );
    return rows.toArray().map(({ number, envelope, stored_at }) => ({ number, envelope: new Uint8Array(envelope), storedAt: stored_at }));
  }

  remove(numbers: readonly number[]): void {
    this.ctx.storage.sql.exec("DELETE FROM dead_letters WHERE number IN (SELECT value FROM json_each(?))", JSON.stringify(numbers));
  }

  total(): number {
    return this.ctx.storage.sql.exec<{ total: number }>("SELECT COUNT(*) AS total FROM dead_letters").one().total;
  }
}
