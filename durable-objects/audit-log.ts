// The audit log of the admin services, and its only writer. A gateway has one.
import { DurableObject } from "cloudflare:workers";
import { AUDIT_BOUNDS, type AuditEvent, boundedEvent, type RecordedEvent } from "../core/auth/audit-event.ts";

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
}
