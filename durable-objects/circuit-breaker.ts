// The breakers of one upstream for all isolates, and their only writer: hears what they report, answers with the views.
import { DurableObject } from "cloudflare:workers";
import { type Board, reported } from "../core/breaker/board.ts";
import type { BreakerPolicy } from "../core/breaker/policy.ts";
import { CLOSED, force, type Reporter, restarted, type Seen, type Shared, type Stored, type View } from "../core/breaker/shared.ts";

const AUDITED = 200;

/** A line of the audit. */
export interface Change extends Record<string, SqlStorageValue> {
  readonly id: number;
  readonly at: number; // epoch ms
  readonly endpoint: string;
  readonly kind: string;
  readonly who: string; // "evidence", or the operator
}

export class CircuitBreaker extends DurableObject {
  #board: Board;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS breakers (endpoint TEXT PRIMARY KEY, value TEXT)");
    sql.exec("CREATE TABLE IF NOT EXISTS changes (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, endpoint TEXT, kind TEXT, who TEXT)");
    const now = Date.now();
    const rows = sql.exec<{ endpoint: string; value: string }>("SELECT endpoint, value FROM breakers").toArray();
    this.#board = new Map(rows.map(({ endpoint, value }) => [endpoint, restarted(JSON.parse(value) as Stored, now)]));
  }

  report(by: Reporter, seen: Readonly<Record<string, Seen>>, policy: BreakerPolicy): Readonly<Record<string, View>> {
    const [board, views] = reported(this.#board, by, seen, policy, Date.now());
    this.#keep(board, "evidence");
    return views;
  }

  /** @param forced undefined: by evidence again @param who what stands in the audit */
  force(endpoint: string, forced: "open" | "closed" | undefined, who: string): void {
    this.#keep(new Map(this.#board).set(endpoint, force(this.#board.get(endpoint) ?? CLOSED, forced)), who);
  }

  /** What is known of every endpoint that was ever reported of. */
  state(): { endpoint: string; kind: View["kind"]; forced: Shared["forced"]; isolates: number }[] {
    return [...this.#board].map(([endpoint, { kind, forced, evidence }]) => ({ endpoint, kind, forced, isolates: evidence.size }));
  }

  /** The latest first. */
  changes(): Change[] {
    return this.ctx.storage.sql.exec<Change>("SELECT * FROM changes ORDER BY id DESC LIMIT ?", AUDITED).toArray();
  }

  /** Stored only where it changes, and before anybody hears of it: evidence and probes are not, a restart is careful instead. */
  #keep(board: Board, who: string): void {
    const before = this.#board;
    this.#board = board;
    const { sql } = this.ctx.storage;
    for (const [endpoint, { version, kind, until, opens, forced, nextToken }] of board) {
      if (version === (before.get(endpoint)?.version ?? CLOSED.version)) continue;
      const stored: Stored = { version, kind, until, opens, forced, nextToken };
      sql.exec("INSERT OR REPLACE INTO breakers VALUES (?, ?)", endpoint, JSON.stringify(stored));
      sql.exec("INSERT INTO changes (at, endpoint, kind, who) VALUES (?, ?, ?, ?)", Date.now(), endpoint, forced ?? kind, who);
      sql.exec("DELETE FROM changes WHERE id <= (SELECT MAX(id) FROM changes) - ?", AUDITED);
    }
    for (const endpoint of before.keys()) if (!board.has(endpoint)) sql.exec("DELETE FROM breakers WHERE endpoint = ?", endpoint);
  }
}
