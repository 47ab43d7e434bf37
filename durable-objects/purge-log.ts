// The log of purges, and its only writer: isolates append to it, and ask what is new. One object for all caches of a gateway.
import { DurableObject } from "cloudflare:workers";
import { appendPurges, EMPTY_PURGE_LOG, type PurgeLogState as Log, PURGE_LOG_BOUNDS, purgesSince } from "../core/cache/purge/purge-log.ts";
import type { Purge, PurgeDelta, PurgeMode, PurgeTarget } from "../core/cache/purge/purges.ts";

type Row = { seq: number; kind: string; value: string; mode: string };

export class PurgeLog extends DurableObject {
  bounds = PURGE_LOG_BOUNDS;
  #log: Log;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS purges (kind TEXT, value TEXT, mode TEXT, seq INTEGER, PRIMARY KEY (kind, value, mode)) WITHOUT ROWID",
    );
    sql.exec("CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID");
    const marks = sql.exec<{ name: string; seq: number }>("SELECT name, seq FROM marks").toArray();
    const purges = sql.exec<Row>("SELECT seq, kind, value, mode FROM purges ORDER BY seq").toArray();
    this.#log = {
      ...EMPTY_PURGE_LOG,
      ...Object.fromEntries(marks.map(({ name, seq }) => [name, seq])),
      purges: purges as unknown as Purge[],
    };
  }

  /**
   * Purges, all of them or none.
   *
   * @param known the latest seq that the isolate knows
   * @returns what the isolate has to hear: these purges, and those of others meanwhile
   */
  append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): PurgeDelta {
    const before = this.#log;
    const after = appendPurges(before, targets, mode, known, Date.now(), this.bounds);
    this.ctx.storage.transactionSync(() => this.#write(before, after));
    this.#log = after;
    return purgesSince(after, known);
  }

  /** What is new to an isolate that knows all up to `known`; 0 for none. */
  since(known: number): PurgeDelta {
    return purgesSince(this.#log, known);
  }

  #write(before: Log, after: Log): void {
    const { sql } = this.ctx.storage;
    const kept = new Set(after.purges);
    for (const purge of before.purges) {
      if (kept.delete(purge)) continue; // it stands there as it is
      sql.exec("DELETE FROM purges WHERE kind = ? AND value = ? AND mode = ?", purge.kind, purge.value, purge.mode);
    }
    for (const { kind, value, mode, seq } of kept) sql.exec("INSERT OR REPLACE INTO purges VALUES (?, ?, ?, ?)", kind, value, mode, seq);
    for (const name of ["seq", "softFloor", "hardFloor", "epoch"] as const) {
      if (after[name] !== before[name]) sql.exec("INSERT OR REPLACE INTO marks VALUES (?, ?)", name, after[name]);
    }
  }
}
