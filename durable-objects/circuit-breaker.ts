// The breakers of one upstream for all isolates, and their only writer: hears what they report, answers with the views.
import { DurableObject } from "cloudflare:workers";
import {
  type BreakerReport,
  type BreakerView,
  CLOSED,
  force,
  type Reporter,
  restore,
  type SharedBreaker,
  type StoredBreaker,
  viewAt,
} from "../core/breaker/shared-breaker.ts";
import { receiveReports, type SharedBreakers } from "../core/breaker/shared-breakers.ts";
import type { BreakerPolicy } from "../core/config/breaker.ts";

const AUDITED = 200; // changes by evidence, and as many by operators

/** A line of the audit. */
export interface BreakerChange extends Record<string, SqlStorageValue> {
  readonly id: number;
  readonly at: number; // epoch ms
  readonly endpoint: string;
  readonly kind: BreakerView["kind"];
  readonly forced: "open" | "closed" | null;
  readonly who: string; // "evidence", or the operator
  readonly reason: string;
}

/** What is known of an endpoint. */
export interface BreakerStatus {
  readonly endpoint: string;
  readonly kind: BreakerView["kind"];
  readonly since: number | undefined; // epoch ms; undefined where it has never changed
  readonly forced: SharedBreaker["forced"];
  readonly isolates: number; // that have told of it in the last seconds
}

/** Who changes something, and why: for the audit. */
export interface Author {
  readonly who: string;
  readonly reason: string;
}

const EVIDENCE: Author = { who: "evidence", reason: "" };

export class CircuitBreaker extends DurableObject {
  #board: SharedBreakers = new Map();
  readonly #since = new Map<string, number>(); // the last change of an endpoint, epoch ms

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS breakers (endpoint TEXT PRIMARY KEY, value TEXT, since INTEGER)");
    sql.exec(
      "CREATE TABLE IF NOT EXISTS changes (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, endpoint TEXT, kind TEXT, forced TEXT, who TEXT, reason TEXT)",
    );
    const now = Date.now();
    const rows = sql.exec<{ endpoint: string; value: string; since: number }>("SELECT endpoint, value, since FROM breakers").toArray();
    for (const { endpoint, since } of rows) this.#since.set(endpoint, since);
    this.#board = new Map(rows.map(({ endpoint, value }) => [endpoint, restore(JSON.parse(value) as StoredBreaker, now)]));
    // Stored where probes may be granted: of two lives, no two may give one number to two of them.
    for (const [endpoint, shared] of this.#board) if (shared.kind !== "closed") this.#store(endpoint, shared);
  }

  report(by: Reporter, seen: Readonly<Record<string, BreakerReport>>, policy: BreakerPolicy): Readonly<Record<string, BreakerView>> {
    const [board, views] = receiveReports(this.#board, by, seen, policy, Date.now());
    this.#keep(board, EVIDENCE);
    return views;
  }

  /** @param forced undefined: by evidence again @returns what is known of it now */
  force(endpoint: string, forced: SharedBreaker["forced"], author: Author): BreakerStatus {
    const known = this.#board.get(endpoint) ?? CLOSED;
    if (forced !== undefined || known.forced !== undefined) this.#keep(new Map(this.#board).set(endpoint, force(known, forced)), author);
    return this.#standing(endpoint, this.#board.get(endpoint) ?? CLOSED);
  }

  /** Every endpoint that was ever reported of, or forced, by name. */
  state(): BreakerStatus[] {
    const now = Date.now();
    this.#keep(new Map([...this.#board].map(([endpoint, shared]) => [endpoint, viewAt(shared, now)[0]])), EVIDENCE); // what time alone does
    return [...this.#board.keys()].sort().map((endpoint) => this.#standing(endpoint, this.#board.get(endpoint)!));
  }

  /** The latest first. */
  changes(): BreakerChange[] {
    return this.ctx.storage.sql.exec<BreakerChange>("SELECT * FROM changes ORDER BY id DESC").toArray();
  }

  #standing(endpoint: string, { kind, forced, evidence }: SharedBreaker): BreakerStatus {
    return { endpoint, kind: forced ?? kind, since: this.#since.get(endpoint), forced, isolates: evidence.size };
  }

  /** Stored only where it changes, and before anybody hears of it: evidence and probes are not, a restart is careful instead. */
  #keep(board: SharedBreakers, { who, reason }: Author): void {
    const before = this.#board;
    this.#board = board;
    const { sql } = this.ctx.storage;
    const now = Date.now();
    for (const [endpoint, shared] of board) {
      if (shared.version === (before.get(endpoint) ?? CLOSED).version) continue;
      this.#since.set(endpoint, now);
      this.#store(endpoint, shared);
      const change = [now, endpoint, shared.kind, shared.forced ?? null, who, reason];
      sql.exec("INSERT INTO changes (at, endpoint, kind, forced, who, reason) VALUES (?, ?, ?, ?, ?, ?)", ...change);
      const kept = "SELECT id FROM changes WHERE (who = 'evidence') = ? ORDER BY id DESC LIMIT ?";
      const isOperators = who !== EVIDENCE.who; // whose words are not pushed out by those of isolates
      sql.exec(
        `DELETE FROM changes WHERE (who = 'evidence') = ? AND id NOT IN (${kept})`,
        ...[Number(!isOperators), Number(!isOperators), AUDITED],
      );
    }
    for (const endpoint of before.keys()) {
      if (board.has(endpoint)) continue;
      this.#since.delete(endpoint);
      sql.exec("DELETE FROM breakers WHERE endpoint = ?", endpoint);
    }
  }

  #store(endpoint: string, { version, kind, until, opens, forced, nextToken }: SharedBreaker): void {
    const stored: StoredBreaker = { version, kind, until, opens, forced, nextToken };
    const since = this.#since.get(endpoint) ?? null;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO breakers VALUES (?, ?, ?)", endpoint, JSON.stringify(stored), since);
  }
}
