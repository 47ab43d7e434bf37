// The shared breakers of one upstream, and their only writer: takes reports of isolates in, which relays bring, and responds with views.
import { DurableObject } from "cloudflare:workers";
import type { BreakerView, IsolateReports, Reporter, SharedViews } from "../core/breaker/report.ts";
import { CLOSED, type Override, type SharedBreaker, setOverride, viewAt } from "../core/breaker/shared-breaker.ts";
import { receiveBatch, type SharedBreakers } from "../core/breaker/shared-breakers.ts";
import { type FirstStoredBreaker, restore, type StoredBreaker, toStored, upgrade } from "../core/breaker/stored-breaker.ts";
import type { BreakerPolicy } from "../core/config/breaker.ts";

const MAX_CHANGES = 200; // rows by evidence; the same number by operators
const FORMAT = 2; // version of the stored rows

/** One row of the audit log. */
export interface BreakerChange extends Record<string, SqlStorageValue> {
  readonly id: number;
  readonly at: number; // epoch ms
  readonly endpoint: string;
  readonly kind: BreakerView["kind"]; // state after the change
  readonly override: Override | null;
  readonly author: string; // "evidence", or the operator
  readonly reason: string;
}

/** The state of one endpoint. */
export interface BreakerStatus {
  readonly endpoint: string;
  readonly kind: BreakerView["kind"];
  readonly since: number | undefined; // epoch ms; undefined if it has never changed
  readonly override: Override | undefined;
  readonly isolates: number; // number of isolates that have reported it in the last 15 s
}

/** Who has changed something, and why: for the audit log. */
export type ChangeAuthor = Pick<BreakerChange, "author" | "reason">;

/** The arguments of `report` in version 0.1. */
type FirstReport = readonly [Reporter, IsolateReports["reports"], BreakerPolicy];

const EVIDENCE: ChangeAuthor = { author: "evidence", reason: "" };

export class CircuitBreaker extends DurableObject {
  #breakers: SharedBreakers = new Map();
  readonly #since = new Map<string, number>(); // epoch ms of the last change, by endpoint

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS breakers (endpoint TEXT PRIMARY KEY, value TEXT, since INTEGER)");
    const columns = "at INTEGER, endpoint TEXT, kind TEXT, forced TEXT, who TEXT, reason TEXT";
    sql.exec(`CREATE TABLE IF NOT EXISTS changes (id INTEGER PRIMARY KEY AUTOINCREMENT, ${columns})`);
    this.#upgradeRows();
    const now = Date.now();
    const rows = sql.exec<{ endpoint: string; value: string; since: number }>("SELECT endpoint, value, since FROM breakers").toArray();
    for (const { endpoint, since } of rows) this.#since.set(endpoint, since);
    this.#breakers = new Map(rows.map(({ endpoint, value }) => [endpoint, restore(JSON.parse(value) as StoredBreaker, now)]));
    // The new version is stored where probes may be granted: otherwise two restarts could grant the same probe of the same version twice.
    for (const [endpoint, breaker] of this.#breakers)
      if (breaker.kind !== "closed" && breaker.kind !== "overridden") this.#store(endpoint, breaker, this.#since.get(endpoint) ?? null);
  }

  /** Takes in a batch of a relay: reports of isolates of its region. */
  report(batch: readonly IsolateReports[], policy: BreakerPolicy, ...later: readonly unknown[]): SharedViews {
    if (!Array.isArray(batch)) return this.#reportOfFirstVersion([batch, policy, ...later] as unknown as FirstReport) as never;
    const [breakers, views] = receiveBatch(this.#breakers, batch, policy, Date.now());
    this.#replace(breakers, EVIDENCE);
    return views;
  }

  /** A gateway of version 0.1 has no relays: each isolate reports by itself, and reads a view of each endpoint that it has reported. */
  #reportOfFirstVersion([reporter, reports, policy]: FirstReport): Readonly<Record<string, BreakerView>> {
    const { views, probes } = this.report([{ ...reporter, reports }], policy);
    const granted = probes[reporter.isolate] ?? {};
    return Object.fromEntries(Object.entries(views).map(([endpoint, view]) => [endpoint, { ...view, probeId: granted[endpoint] }]));
  }

  /** @param to undefined removes the override */
  setOverride(endpoint: string, to: Override | undefined, author: ChangeAuthor): BreakerStatus {
    const known = this.#breakers.get(endpoint) ?? CLOSED;
    if (to !== undefined || known.kind === "overridden")
      this.#replace(new Map(this.#breakers).set(endpoint, setOverride(known, to)), author);
    return this.#statusOf(endpoint, this.#breakers.get(endpoint) ?? CLOSED);
  }

  /** All endpoints that were reported or overridden, sorted by name. */
  state(): BreakerStatus[] {
    const now = Date.now();
    this.#replace(new Map([...this.#breakers].map(([endpoint, breaker]) => [endpoint, viewAt(breaker, now)[0]])), EVIDENCE);
    return [...this.#breakers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([endpoint, breaker]) => this.#statusOf(endpoint, breaker));
  }

  /** The audit log, the latest change first. */
  changes(): BreakerChange[] {
    const columns = "id, at, endpoint, kind, forced AS override, who AS author, reason";
    return this.ctx.storage.sql.exec<BreakerChange>(`SELECT ${columns} FROM changes ORDER BY id DESC`).toArray();
  }

  #statusOf(endpoint: string, breaker: SharedBreaker): BreakerStatus {
    const since = this.#since.get(endpoint);
    return { endpoint, kind: kindOf(breaker), since, override: overrideOf(breaker), isolates: breaker.evidence.size };
  }

  /**
   * Stores transitions, all of them or none, before any isolate gets their views. Evidence and probes are not stored: a restart is careful
   * instead.
   */
  #replace(breakers: SharedBreakers, author: ChangeAuthor): void {
    const before = this.#breakers;
    const now = Date.now();
    const changed = [...breakers].filter(([endpoint, { version }]) => version !== (before.get(endpoint) ?? CLOSED).version);
    const dropped = [...before.keys()].filter((endpoint) => !breakers.has(endpoint));
    if (changed.length + dropped.length > 0) this.ctx.storage.transactionSync(() => this.#write(changed, dropped, author, now));
    for (const [endpoint] of changed) this.#since.set(endpoint, now);
    for (const endpoint of dropped) this.#since.delete(endpoint);
    this.#breakers = breakers;
  }

  #write(changed: readonly [string, SharedBreaker][], dropped: readonly string[], author: ChangeAuthor, now: number): void {
    for (const [endpoint, breaker] of changed) {
      this.#store(endpoint, breaker, now);
      this.#audit(endpoint, breaker, author, now);
    }
    for (const endpoint of dropped) this.ctx.storage.sql.exec("DELETE FROM breakers WHERE endpoint = ?", endpoint);
  }

  #store(endpoint: string, breaker: SharedBreaker, since: number | null): void {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO breakers VALUES (?, ?, ?)", endpoint, JSON.stringify(toStored(breaker)), since);
  }

  /** Changes by evidence and by operators have separate bounds: a breaker that flaps does not push out what operators did. */
  #audit(endpoint: string, breaker: SharedBreaker, { author, reason }: ChangeAuthor, now: number): void {
    const { sql } = this.ctx.storage;
    const row = [now, endpoint, kindOf(breaker), overrideOf(breaker) ?? null, author, reason];
    sql.exec("INSERT INTO changes (at, endpoint, kind, forced, who, reason) VALUES (?, ?, ?, ?, ?, ?)", ...row);
    const isEvidence = Number(author === EVIDENCE.author);
    const latest = "SELECT id FROM changes WHERE (who = 'evidence') = ? ORDER BY id DESC LIMIT ?";
    sql.exec(`DELETE FROM changes WHERE (who = 'evidence') = ? AND id NOT IN (${latest})`, isEvidence, isEvidence, MAX_CHANGES);
  }

  /** Rewrites rows of the first format, once. */
  #upgradeRows(): void {
    const { sql, kv } = this.ctx.storage;
    if (kv.get<number>("format") === FORMAT) return;
    for (const { endpoint, value } of sql.exec<{ endpoint: string; value: string }>("SELECT endpoint, value FROM breakers").toArray()) {
      const stored = JSON.stringify(upgrade(JSON.parse(value) as FirstStoredBreaker));
      sql.exec("UPDATE breakers SET value = ? WHERE endpoint = ?", stored, endpoint);
    }
    sql.exec("UPDATE changes SET kind = 'half_open' WHERE kind = 'half'");
    sql.exec("UPDATE changes SET kind = forced WHERE forced IS NOT NULL");
    kv.put("format", FORMAT);
  }
}

/** The state that calls are subject to. */
function kindOf(breaker: SharedBreaker): BreakerView["kind"] {
  return breaker.kind === "overridden" ? breaker.to : breaker.kind;
}

function overrideOf(breaker: SharedBreaker): Override | undefined {
  return breaker.kind === "overridden" ? breaker.to : undefined;
}
