// The storage of a Durable Object over SQLite in memory: rows are counted as Cloudflare bills them, for tables without an index.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Operations } from "./prices.ts";

interface Cursor extends Iterable<unknown> {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  toArray(): unknown[];
  one(): unknown;
}

/**
 * @param operations where rows are counted
 * @param at         plans an event
 * @param alarm      runs the object's alarm
 */
export function countedStorage(operations: Operations, at: (time: number, event: () => void) => void, alarm: () => void): object {
  const database = new DatabaseSync(":memory:");
  const stored = new Map<string, unknown>();
  let alarmAt: number | null = null;
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  const exec = (query: string, ...values: readonly (SQLInputValue | ArrayBuffer)[]): Cursor => {
    const bindings = values.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    const statement = statements.get(query) ?? database.prepare(query);
    statements.set(query, statement);
    const isRead = /^\s*select/i.test(query);
    const rows = isRead ? (statement.all(...bindings) as unknown[]) : [];
    const rowsWritten = isRead ? 0 : Number(statement.run(...bindings).changes);
    operations.rowsRead += rows.length;
    operations.rowsWritten += /^\s*create/i.test(query) ? 1 : rowsWritten;
    return {
      rowsRead: rows.length,
      rowsWritten,
      toArray: () => rows,
      one: () => rows[0],
      [Symbol.iterator]: () => rows[Symbol.iterator](),
    };
  };
  const get = (key: string): unknown => {
    operations.rowsRead += 1;
    return structuredClone(stored.get(key));
  };
  const put = (key: string, value: unknown): void => {
    operations.rowsWritten += 1;
    stored.set(key, structuredClone(value));
  };
  const ring = (time: number): void =>
    at(time, () => {
      if (alarmAt !== time) return; // moved, or deleted
      alarmAt = null;
      alarm();
    });
  return {
    sql: { exec },
    kv: { get, put },
    get: (key: string) => Promise.resolve(get(key)),
    put: (key: string, value: unknown) => Promise.resolve(put(key, value)),
    transactionSync: <T>(work: () => T): T => work(),
    getAlarm: () => Promise.resolve(alarmAt),
    setAlarm: (time: number) => {
      operations.rowsWritten += 1;
      alarmAt = time;
      ring(time);
      return Promise.resolve();
    },
    deleteAlarm: () => {
      alarmAt = null;
      return Promise.resolve();
    },
  };
}
