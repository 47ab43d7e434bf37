// A shard of rate-limit buckets, and their only writer: loads, lets core decide, stores.
// In SQLite, not only on the heap: an idle object is evicted after seconds, and a forgotten bucket is a full one.
import { DurableObject } from "cloudflare:workers";
import {
  type BucketMoved,
  bucketKeptUntil,
  type HandOver,
  HotKeyDetector,
  handOver,
  moveKeptUntil,
  receivedBucket,
} from "../core/rate-limit/hot-key.ts";
import type { LeaseGrant, LeaseRequest } from "../core/rate-limit/lease-messages.ts";
import { bucketEndsAt, grantLease, type LeasedBucket, type LeaseRecord, leaseEndsAt } from "../core/rate-limit/leased-bucket.ts";
import {
  type Bucket,
  type BucketDecision,
  type BucketLimit,
  bucketKey,
  expiresAt,
  overdraw,
  returnTokens,
  takeTokens,
} from "../core/rate-limit/token-bucket.ts";

/** What one call wants from one bucket. */
export interface BucketCharge {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly cost: number; // tokens, in [1, limit.capacity]
  readonly start?: HandOver; // of a key that has moved here
}

/** An isolate that wants to spend from a bucket for a while without asking. */
export interface BucketLeaseRequest {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly request: LeaseRequest;
}

// No index on `expires`: it would double the rows written by each call, to spare the sweep a scan.
const TABLES = [
  "buckets (key TEXT PRIMARY KEY, credit INTEGER, touched INTEGER, expires INTEGER)",
  "leased_buckets (key TEXT PRIMARY KEY, tokens REAL, updated REAL, period_factor REAL, expires INTEGER)",
  // A row for each isolate: a grant writes two rows, however many isolates share the bucket.
  "leases (key TEXT, isolate TEXT, lease TEXT, expires INTEGER, PRIMARY KEY (key, isolate))",
  "moved (key TEXT PRIMARY KEY, credit INTEGER, generation INTEGER, expires INTEGER)",
];
const FORGOTTEN_AT_ONCE = 1000;
const SWEEP_EVERY_MS = 1000;
const ROWS_AT_ONCE = 20; // a statement has at most 100 parameters

export class TokenBucket extends DurableObject {
  /** Buckets kept; beyond it those nearest to their own end are forgotten first, which fills them. */
  maxKeys = 100_000;
  /** Split buckets kept. Beyond it new callers of a rule share one: forgetting a bucket that is lent could lend it twice. */
  maxPools = 50_000;
  /** Keys that have moved to objects of their own. Beyond it they stay. */
  maxMoved = 1_000;
  readonly #pools = new Map<string, LeasedBucket>(); // what the rows say, at hand
  readonly #moved = new Map<string, HandOver>(); // the same
  readonly #heat = new HotKeyDetector();
  #keys: number;
  #alarmSet: boolean;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    for (const table of TABLES) sql.exec(`CREATE TABLE IF NOT EXISTS ${table} WITHOUT ROWID`);
    this.#keys = sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM buckets").one().n;
    const moved = "SELECT key, credit, generation FROM moved";
    for (const { key, ...start } of sql.exec<{ key: string } & Pick<HandOver, keyof HandOver>>(moved)) this.#moved.set(key, start);
    const leases = Map.groupBy(sql.exec<{ key: string; isolate: string; lease: string }>("SELECT * FROM leases"), ({ key }) => key);
    const buckets = "SELECT key, tokens, updated AS updatedAt, period_factor AS periodFactor FROM leased_buckets";
    for (const { key, ...pool } of sql.exec<{ key: string } & Omit<LeasedBucket, "leases">>(buckets)) {
      const lent = (leases.get(key) ?? []).map(({ isolate, lease }) => [isolate, JSON.parse(lease) as LeaseRecord] as const);
      this.#pools.set(key, { ...pool, leases: Object.fromEntries(lent) });
    }
    this.#alarmSet = this.#keys + this.#pools.size + this.#moved.size > 0; // an alarm outlives the object as its rows do
  }

  /**
   * Takes every charge or none of them: a call refused by one rule costs nothing under the others.
   *
   * @returns where a key has moved, for that key its start and nothing for the others: nothing was taken
   */
  take(charges: readonly BucketCharge[]): (BucketDecision | BucketMoved | undefined)[] {
    // Workers hold the clock still between I/O, so one reading serves the whole message.
    const now = Date.now();
    const moved = charges.map((charge) => this.#whereMoved(charge, now, true));
    if (moved.some((one) => one !== undefined)) return moved;
    const decided = charges.map((charge) => takeTokens(this.#load(charge, now), charge.limit, charge.cost, now));
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
  returnTokens(charges: readonly BucketCharge[]): (BucketMoved | undefined)[] {
    return this.#change(charges, returnTokens);
  }

  /** Takes what calls turned out to cost beyond what they paid. */
  overdraw(charges: readonly BucketCharge[]): (BucketMoved | undefined)[] {
    return this.#change(charges, overdraw);
  }

  #change(charges: readonly BucketCharge[], change: typeof returnTokens): (BucketMoved | undefined)[] {
    const now = Date.now();
    return charges.map((charge) => {
      const moved = this.#whereMoved(charge, now, false);
      if (moved === undefined) this.#store(charge, change(this.#load(charge, now), charge.limit, charge.cost, now), now);
      return moved;
    });
  }

  /** Moves a key that is hot. Written before anybody is told: a restart knows that the bucket is not here any more. */
  #whereMoved(charge: BucketCharge, now: number, isAsked: boolean): BucketMoved | undefined {
    if (charge.start !== undefined || charge.limit.compat === true) return undefined; // it is here that it has moved to
    const key = rowKey(charge);
    let start = this.#moved.get(key);
    if (start === undefined) {
      if (!isAsked || !this.#heat.count(key, now) || this.#moved.size >= this.maxMoved) return undefined;
      const { kv } = this.ctx.storage;
      const generation = (kv.get<number>("generation") ?? 0) + 1;
      kv.put("generation", generation);
      start = handOver(this.#load(charge, now), charge.limit, now, generation);
      this.#moved.set(key, start);
      this.#forget("DELETE FROM buckets WHERE key = ?", key);
    }
    const until = moveKeptUntil(charge.limit, now);
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO moved VALUES (?, ?, ?, ?)", key, start.credit, start.generation, until);
    this.#wakeAt(until);
    return { kind: "moved", start };
  }

  /**
   * Lends parts of buckets to an isolate. Written before the answer leaves, so that a restart forgets nothing that is lent.
   *
   * @returns undefined for an ask that is older than one answered already
   */
  grantLeases(asks: readonly BucketLeaseRequest[]): (LeaseGrant | undefined)[] {
    const now = Date.now();
    const pools: (string | number)[][] = [];
    const leases: (string | number)[][] = [];
    const grants = asks.map((one) => {
      const key = rowKey(one);
      const known = this.#pools.get(key);
      if (known === undefined && this.#pools.size >= this.maxPools) return this.#fromShared(one, now);
      const [pool, grant] = grantLease(known, one.limit, one.request, now, Math.random());
      if (grant === undefined) return undefined;
      this.#pools.set(key, pool);
      const expires = bucketEndsAt(pool, one.limit);
      const lease = pool.leases[one.request.isolate]!;
      pools.push([key, pool.tokens, pool.updatedAt, pool.periodFactor, expires]);
      leases.push([key, one.request.isolate, JSON.stringify(lease), leaseEndsAt(lease)]);
      this.#wakeAt(expires);
      return grant;
    });
    this.#write("leased_buckets", pools);
    this.#write("leases", leases);
    return grants;
  }

  /** Many rows with each statement: the statements are what a large message takes most time for. */
  #write(table: string, rows: readonly (string | number)[][]): void {
    for (let from = 0; from < rows.length; ) {
      const some = rows.slice(from, from + (rows.length - from >= ROWS_AT_ONCE ? ROWS_AT_ONCE : 1));
      const values = some.map((row) => `(${row.map(() => "?").join()})`).join();
      this.ctx.storage.sql.exec(`INSERT OR REPLACE INTO ${table} VALUES ${values}`, ...some.flat());
      from += some.length;
    }
  }

  /** No room for another split bucket: what a call needs comes out of one that all such callers under this limit share. */
  #fromShared({ limit, request: ask }: BucketLeaseRequest, now: number): LeaseGrant {
    const charge: BucketCharge = { key: "*", limit, cost: Math.min(limit.capacity, Math.max(1, Math.ceil(ask.tokensNeeded))) };
    const [bucket, verdict] = takeTokens(this.#load(charge, now), limit, charge.cost, now);
    this.#store(charge, bucket, now);
    const isAllowed = verdict.kind === "allowed";
    const tokens = isAllowed ? charge.cost : 0;
    const pauseMs = isAllowed ? 0 : verdict.retryAfterMs;
    const grant = { tokens, capacity: charge.cost, lifetimeMs: 1_000, renewAfterMs: 1_000, pauseMs, retryAfterMs: pauseMs };
    return { ...grant, sequence: ask.sequence, ratePerMs: 0, poolTokens: 0 };
  }

  override async alarm(): Promise<void> {
    this.#alarmSet = false;
    const now = Date.now();
    this.#forget("DELETE FROM buckets WHERE expires <= ?", now);
    this.ctx.storage.sql.exec("DELETE FROM leases WHERE expires <= ?", now);
    for (const { key } of this.ctx.storage.sql.exec<{ key: string }>("DELETE FROM leased_buckets WHERE expires <= ? RETURNING key", now)) {
      this.#pools.delete(key); // full, and nothing of it lent: forgetting it changes nothing
    }
    for (const { key } of this.ctx.storage.sql.exec<{ key: string }>("DELETE FROM moved WHERE expires <= ? RETURNING key", now)) {
      this.#moved.delete(key); // the other object has been silent until it was full
    }
    const tables = ["buckets", "leased_buckets", "moved"].map((table) => `SELECT expires FROM ${table}`);
    const soonest = `SELECT MIN(expires) AS at FROM (${tables.join(" UNION ALL ")})`;
    const next = this.ctx.storage.sql.exec<{ at: number | null }>(soonest).one().at;
    if (next !== null) this.#wakeAt(next);
  }

  #load(charge: BucketCharge, now: number): Bucket | undefined {
    const sql = "SELECT credit, touched AS touchedAt FROM buckets WHERE key = ?";
    const row = this.ctx.storage.sql.exec<{ credit: number; touchedAt: number }>(sql, rowKey(charge)).toArray()[0];
    return row ?? (charge.start && receivedBucket(charge.start, now));
  }

  #store(charge: BucketCharge, bucket: Bucket, now: number): void {
    const key = rowKey(charge);
    const fullAt = expiresAt(bucket, charge.limit);
    const expires = charge.start === undefined ? fullAt : bucketKeptUntil(fullAt);
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

  #forget(sql: string, argument: number | string): void {
    this.ctx.storage.sql.exec(sql, argument);
    this.#keys = this.ctx.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM buckets").one().n;
  }

  #wakeAt(expires: number): void {
    if (this.#alarmSet) return;
    this.#alarmSet = true;
    void this.ctx.storage.setAlarm(Math.max(expires, Date.now() + SWEEP_EVERY_MS));
  }
}

/** Each move of a key opens a new bucket, in its new place. */
function rowKey(charge: Pick<BucketCharge, "key" | "limit" | "start">): string {
  return charge.start === undefined ? bucketKey(charge) : `${charge.start.generation}#${bucketKey(charge)}`;
}
