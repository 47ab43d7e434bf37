// A shard of rate-limit buckets, and their only writer: loads, lets core decide, stores.
// In SQLite, not only on the heap: an idle object is evicted after seconds, and a forgotten bucket is a full one.
import { DurableObject } from "cloudflare:workers";
import type { Ask, Grant } from "../core/limit/ask.ts";
import { goneAt, idleAt, type Loan, lend, type Pool } from "../core/limit/pool.ts";
import { type Bucket, type BucketLimit, expiresAt, giveBack, takeAnyway, takeTokens, type Verdict } from "../core/limit/token-bucket.ts";

/** What one call wants from one bucket. */
export interface Charge {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly cost: number; // tokens, in [1, limit.capacity]
}

/** An isolate that wants to spend from a bucket for a while without asking. */
export interface LeaseAsk {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly ask: Ask;
}

const FORGOTTEN_AT_ONCE = 1000;
const SWEEP_EVERY_MS = 1000;

export class TokenBucket extends DurableObject {
  /** Buckets kept; beyond it those nearest to their own end are forgotten first, which fills them. */
  maxKeys = 100_000;
  /** Split buckets kept. Beyond it new callers of a rule share one: forgetting a bucket that is lent could lend it twice. */
  maxPools = 50_000;
  readonly #pools = new Map<string, Pool>(); // what the rows say, at hand
  #keys: number;
  #alarmSet: boolean;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    // No index on `expires`: it would double the rows written by each call, to spare the sweep a scan.
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, credit INTEGER, touched INTEGER, expires INTEGER) WITHOUT ROWID",
    );
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS pools (key TEXT PRIMARY KEY, tokens REAL, at REAL, pace REAL, expires INTEGER) WITHOUT ROWID",
    );
    // A row for each isolate: a grant writes two rows, however many isolates share the bucket.
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS loans (key TEXT, isolate TEXT, loan TEXT, gone INTEGER, PRIMARY KEY (key, isolate)) WITHOUT ROWID",
    );
    this.#keys = ctx.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM buckets").one().n;
    const loans = Map.groupBy(
      ctx.storage.sql.exec<{ key: string; isolate: string; loan: string }>("SELECT * FROM loans"),
      ({ key }) => key,
    );
    for (const { key, tokens, at, pace } of ctx.storage.sql.exec<{ key: string; tokens: number; at: number; pace: number }>(
      "SELECT * FROM pools",
    )) {
      const lent = (loans.get(key) ?? []).map(({ isolate, loan }) => [isolate, JSON.parse(loan) as Loan] as const);
      this.#pools.set(key, { tokens, at, pace, loans: Object.fromEntries(lent) });
    }
    this.#alarmSet = this.#keys + this.#pools.size > 0; // an alarm outlives the object as its rows do
  }

  /** Takes every charge or none of them: a call refused by one rule costs nothing under the others. */
  take(charges: readonly Charge[]): Verdict[] {
    // Workers hold the clock still between I/O, so one reading serves the whole message.
    const now = Date.now();
    const decided = charges.map((charge) => takeTokens(this.#load(charge), charge.limit, charge.cost, now));
    const allowed = decided.every(([, verdict]) => verdict.kind === "allowed");
    for (const [index, [bucket, verdict]] of decided.entries()) {
      const charge = charges[index]!;
      // A refusal changes only the time of the last touch; that matters where a bucket is forgotten before it is full.
      const isTouched = verdict.kind === "refused" && charge.limit.compat === true && charge.limit.capacity > 2 * charge.limit.rate;
      if (allowed || isTouched) this.#store(charge, bucket, now);
    }
    return decided.map(([, verdict]) => verdict);
  }

  /** Returns what `take` took for a call that another object refused. */
  giveBack(charges: readonly Charge[]): void {
    const now = Date.now();
    for (const charge of charges) this.#store(charge, giveBack(this.#load(charge), charge.limit, charge.cost, now), now);
  }

  /** Takes what calls turned out to cost beyond what they paid. */
  takeAnyway(charges: readonly Charge[]): void {
    const now = Date.now();
    for (const charge of charges) this.#store(charge, takeAnyway(this.#load(charge), charge.limit, charge.cost, now), now);
  }

  /**
   * Lends parts of buckets to an isolate. Written before the answer leaves, so that a restart forgets nothing that is lent.
   *
   * @returns undefined for an ask that is older than one answered already
   */
  lend(asks: readonly LeaseAsk[]): (Grant | undefined)[] {
    const now = Date.now();
    return asks.map((one) => {
      const key = rowKey(one);
      const known = this.#pools.get(key);
      if (known === undefined && this.#pools.size >= this.maxPools) return this.#fromShared(one, now);
      const [pool, grant] = lend(known, one.limit, one.ask, now, Math.random());
      if (grant === undefined) return undefined;
      this.#pools.set(key, pool);
      this.#write(key, pool, idleAt(pool, one.limit), one.ask.isolate);
      return grant;
    });
  }

  #write(key: string, { tokens, at, pace, loans }: Pool, expires: number, isolate: string): void {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT OR REPLACE INTO pools VALUES (?, ?, ?, ?, ?)", key, tokens, at, pace, expires);
    const loan = loans[isolate]!;
    sql.exec("INSERT OR REPLACE INTO loans VALUES (?, ?, ?, ?)", key, isolate, JSON.stringify(loan), goneAt(loan));
    this.#wakeAt(expires);
  }

  /** No room for another split bucket: what a call needs comes out of one that all such callers under this limit share. */
  #fromShared({ limit, ask }: LeaseAsk, now: number): Grant {
    const charge: Charge = { key: "*", limit, cost: Math.min(limit.capacity, Math.max(1, Math.ceil(ask.need))) };
    const [bucket, verdict] = takeTokens(this.#load(charge), limit, charge.cost, now);
    this.#store(charge, bucket, now);
    const isAllowed = verdict.kind === "allowed";
    const tokens = isAllowed ? charge.cost : 0;
    const pauseMs = isAllowed ? 0 : verdict.retryAfterMs;
    const lifeMs = 1_000;
    const grant = { tokens, perMs: 0, capacity: charge.cost, lifeMs, periodMs: lifeMs, pauseMs, retryAfterMs: pauseMs, left: 0 };
    return { turn: ask.turn, ...grant };
  }

  override async alarm(): Promise<void> {
    this.#alarmSet = false;
    const now = Date.now();
    this.#forget("DELETE FROM buckets WHERE expires <= ?", now);
    this.ctx.storage.sql.exec("DELETE FROM loans WHERE gone <= ?", now);
    for (const { key } of this.ctx.storage.sql.exec<{ key: string }>("DELETE FROM pools WHERE expires <= ? RETURNING key", now)) {
      this.#pools.delete(key); // full, and nothing of it lent: forgetting it changes nothing
    }
    const soonest = "SELECT MIN(expires) AS at FROM (SELECT expires FROM buckets UNION ALL SELECT expires FROM pools)";
    const next = this.ctx.storage.sql.exec<{ at: number | null }>(soonest).one().at;
    if (next !== null) this.#wakeAt(next);
  }

  #load(charge: Charge): Bucket | undefined {
    const sql = "SELECT credit, touched AS touchedAt FROM buckets WHERE key = ?";
    return this.ctx.storage.sql.exec<{ credit: number; touchedAt: number }>(sql, rowKey(charge)).toArray()[0];
  }

  #store(charge: Charge, bucket: Bucket, now: number): void {
    const key = rowKey(charge);
    const expires = expiresAt(bucket, charge.limit);
    const update = "UPDATE buckets SET credit = ?, touched = ?, expires = ? WHERE key = ?";
    if (this.ctx.storage.sql.exec(update, bucket.credit, bucket.touchedAt, expires, key).rowsWritten > 0) return;
    if (this.#keys >= this.maxKeys) this.#makeRoom(now);
    this.ctx.storage.sql.exec("INSERT INTO buckets VALUES (?, ?, ?, ?)", key, bucket.credit, bucket.touchedAt, expires);
    this.#keys += 1;
    this.#wakeAt(expires);
  }

  #makeRoom(now: number): void {
    this.#forget("DELETE FROM buckets WHERE expires <= ?", now);
    if (this.#keys < this.maxKeys) return;
    const some = Math.min(FORGOTTEN_AT_ONCE, Math.ceil(this.maxKeys / 10));
    this.#forget("DELETE FROM buckets WHERE key IN (SELECT key FROM buckets ORDER BY expires LIMIT ?)", some);
  }

  #forget(sql: string, argument: number): void {
    this.ctx.storage.sql.exec(sql, argument);
    this.#keys = this.ctx.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM buckets").one().n;
  }

  #wakeAt(expires: number): void {
    if (this.#alarmSet) return;
    this.#alarmSet = true;
    void this.ctx.storage.setAlarm(Math.max(expires, Date.now() + SWEEP_EVERY_MS));
  }
}

/** A bucket counts in the units of its limit, so a changed limit opens a new one. */
function rowKey({ key, limit }: { readonly key: string; readonly limit: BucketLimit }): string {
  return `${limit.capacity}/${limit.rate}/${limit.intervalMs}/${key}`;
}
