// The audit log of the admin services, and traces of calls for a minute. A gateway has one, which is its only writer.
import { DurableObject } from "cloudflare:workers";
import { AUDIT_BOUNDS, type AuditEvent, boundedEvent, type RecordedEvent } from "../core/auth/audit-event.ts";
import { TRACE_BOUNDS } from "../core/explain/trace-record.ts";

const COLUMNS = "seq, at, outcome, identity, role, route, subject, address, requestId";

export class AuditLog extends DurableObject {
  readonly #bounds: typeof AUDIT_BOUNDS;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds = AUDIT_BOUNDS) {
    super(ctx, env);
    this.#bounds = bounds;
    const { sql } = ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, outcome TEXT, identity TEXT, role TEXT, route TEXT, subject TEXT, address TEXT, requestId TEXT)",
    );
    sql.exec("CREATE TABLE IF NOT EXISTS traces (id TEXT PRIMARY KEY, at INTEGER, text TEXT)");
    sql.exec("CREATE INDEX IF NOT EXISTS events_by_outcome ON events (outcome, seq)");
  }

  /** Stores one event, and drops the oldest one of its outcome where there are more than its bound. */
  append(event: AuditEvent): void {
    const { outcome, identity, role, route, subject, address, requestId } = boundedEvent(event);
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      const values = [Date.now(), outcome, identity, role, route, subject, address, requestId];
      sql.exec(
        "INSERT INTO events (at, outcome, identity, role, route, subject, address, requestId) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ...values,
      );
      sql.exec(
        "DELETE FROM events WHERE outcome = ?1 AND seq <= (SELECT seq FROM events WHERE outcome = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
        outcome,
        this.#bounds[outcome],
      );
    });
  }

  /**
   * Events, the latest first.
   *
   * @param before seq below which they are; Infinity for the latest
   * @param limit  1 to 200
   */
  list(outcome: AuditEvent["outcome"], before: number, limit: number): readonly RecordedEvent[] {
    const below = Math.min(before, Number.MAX_SAFE_INTEGER);
    const query = `SELECT ${COLUMNS} FROM events WHERE outcome = ? AND seq < ? ORDER BY seq DESC LIMIT ?`;
    // Only `append` writes this table, so its rows are events.
    return this.ctx.storage.sql.exec(query, outcome, below, limit).toArray() as unknown as RecordedEvent[];
  }

  /**
   * Stores the trace of a call for a minute; of more than its bound, the oldest go first.
   *
   * @param id   of the request
   * @param text of bounded size: `traceText`
   */
  async storeTrace(id: string, text: string): Promise<void> {
    const now = Date.now();
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      this.#dropTraces(now);
      sql.exec("INSERT OR REPLACE INTO traces (id, at, text) VALUES (?, ?, ?)", id, now, text.slice(0, TRACE_BOUNDS.maxRecordBytes));
      sql.exec("DELETE FROM traces WHERE id NOT IN (SELECT id FROM traces ORDER BY at DESC, id LIMIT ?)", TRACE_BOUNDS.maxStoredRecords);
    });
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(now + TRACE_BOUNDS.lifetimeMs);
  }

  /** @returns undefined where there is none of this id, or no longer */
  findTrace(id: string): string | undefined {
    const oldest = Date.now() - TRACE_BOUNDS.lifetimeMs;
    const [row] = this.ctx.storage.sql.exec("SELECT text FROM traces WHERE id = ? AND at > ?", id, oldest).toArray();
    return row === undefined ? undefined : String(row["text"]);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#dropTraces(now);
    const [row] = this.ctx.storage.sql.exec("SELECT MIN(at) AS at FROM traces").toArray();
    const first = row?.["at"];
    if (typeof first === "number") await this.ctx.storage.setAlarm(Math.max(now + 1, first + TRACE_BOUNDS.lifetimeMs));
  }

  #dropTraces(now: number): void {
    this.ctx.storage.sql.exec("DELETE FROM traces WHERE at <= ?", now - TRACE_BOUNDS.lifetimeMs);
  }
}
