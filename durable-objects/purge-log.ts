// The log of purges, and its only writer: isolates append purges, and read those that they do not know. A gateway has one log.
import { DurableObject } from "cloudflare:workers";
import { appendPurges, EMPTY_PURGE_LOG, PURGE_LOG_BOUNDS, type PurgeLogState, purgesSince } from "../core/cache/purge/purge-log.ts";
import type { Purge, PurgeDelta, PurgeMode, PurgeTarget } from "../core/cache/purge/purges.ts";

const MARKS = ["seq", "softFloor", "hardFloor", "epoch"] as const;

export class PurgeLog extends DurableObject {
  readonly #bounds: typeof PURGE_LOG_BOUNDS;
  #log: PurgeLogState;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds = PURGE_LOG_BOUNDS) {
    super(ctx, env);
    this.#bounds = bounds;
    const { sql } = ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS purges (kind TEXT, value TEXT, mode TEXT, seq INTEGER, PRIMARY KEY (kind, value, mode)) WITHOUT ROWID",
    );
    sql.exec("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID");
    const marks = sql.exec<{ name: string; seq: number }>("SELECT name, seq FROM marks").toArray();
    // Only `#write` writes this table, so its rows are purges.
    const purges = sql.exec("SELECT seq, kind, value, mode FROM purges ORDER BY seq").toArray() as unknown as Purge[];
    this.#log = { ...EMPTY_PURGE_LOG, ...Object.fromEntries(marks.map(({ name, seq }) => [name, seq])), purges };
  }

  /**
   * Appends all purges or none.
   *
   * @param known the latest seq that the isolate knows
   * @returns what the isolate does not know yet: these purges, and purges of other isolates
   */
  append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): PurgeDelta {
    const before = this.#log;
    const after = appendPurges(before, targets, mode, known, Date.now(), this.#bounds);
    this.ctx.storage.transactionSync(() => this.#write(before, after));
    this.#log = after;
    return purgesSince(after, known);
  }

  /** What an isolate does not know yet. @param known the latest seq that it knows; 0 for none */
  since(known: number): PurgeDelta {
    return purgesSince(this.#log, known);
  }

  #write(before: PurgeLogState, after: PurgeLogState): void {
    const { sql } = this.ctx.storage;
    const added = new Set(after.purges);
    for (const purge of before.purges) {
      const isStored = added.delete(purge);
      if (!isStored) sql.exec("DELETE FROM purges WHERE kind = ? AND value = ? AND mode = ?", purge.kind, purge.value, purge.mode);
    }
    for (const { kind, value, mode, seq } of added) sql.exec("INSERT OR REPLACE INTO purges VALUES (?, ?, ?, ?)", kind, value, mode, seq);
    for (const name of MARKS) if (after[name] !== before[name]) sql.exec("INSERT OR REPLACE INTO marks VALUES (?, ?)", name, after[name]);
  }
}
