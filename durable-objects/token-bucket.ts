// A shard of rate-limit buckets, and their only writer: exact buckets, leased buckets, and keys that have moved away.
// All of it is stored: a Durable Object without calls is evicted after seconds, and a lost bucket would be a full one.
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
import { grantLease } from "../core/rate-limit/leased-bucket.ts";
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
import { BucketTable } from "./rate-limit/bucket-table.ts";
import { LeaseTable } from "./rate-limit/lease-table.ts";
import { MoveTable } from "./rate-limit/move-table.ts";

/** What one call takes from one bucket. */
export interface BucketCharge {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly cost: number; // tokens, in [1, limit.capacity]
  readonly start?: HandOver; // what the shard had left, if the key has moved to this Durable Object
}

/** A request of one isolate to spend from one bucket for a while by itself. */
export interface BucketLeaseRequest {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly request: LeaseRequest;
}

export interface TokenBucketBounds {
  readonly maxBuckets: number; // exact buckets; above it those nearest to full are dropped
  readonly maxLeasedBuckets: number; // above it new callers of a limit share one exact bucket
  readonly maxMoves: number; // above it no hot key moves any more
}

const BOUNDS: TokenBucketBounds = { maxBuckets: 100_000, maxLeasedBuckets: 50_000, maxMoves: 1_000 };
const MIN_SWEEP_INTERVAL_MS = 1_000;
const SHARED_LEASE_MS = 1_000; // lifetime of a lease on a shared bucket: it has tokens for one round of calls, and no rate
const SHARED_KEY = "*";

export class TokenBucket extends DurableObject {
  readonly #buckets: BucketTable;
  readonly #leases: LeaseTable;
  readonly #moves: MoveTable;
  readonly #hotKeys = new HotKeyDetector();
  #isAlarmSet: boolean;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds: TokenBucketBounds = BOUNDS) {
    super(ctx, env);
    this.#buckets = new BucketTable(ctx.storage.sql, bounds.maxBuckets);
    this.#leases = new LeaseTable(ctx.storage.sql, bounds.maxLeasedBuckets);
    this.#moves = new MoveTable(ctx.storage, bounds.maxMoves);
    this.#isAlarmSet = this.#buckets.size + this.#leases.size + this.#moves.size > 0; // an alarm survives restarts, as its rows do
  }

  /**
   * Takes every charge or none: a call that one rule refuses costs nothing under the other rules.
   *
   * @returns a decision for each charge. If a key has moved away, nothing is taken: the result has the move for this key, and undefined for
   *   the others.
   */
  take(charges: readonly BucketCharge[]): (BucketDecision | BucketMoved | undefined)[] {
    const now = Date.now(); // one reading for the whole message: the clock of a Worker stands still between two I/O events
    const moved = charges.map((charge) => this.#moveOf(charge, now, true));
    if (moved.some((move) => move !== undefined)) return moved;
    const decided = charges.map((charge) => takeTokens(this.#load(charge, now), charge.limit, charge.cost, now));
    const isAllowed = decided.every(([, decision]) => decision.kind === "allowed");
    for (const [index, [bucket, decision]] of decided.entries()) {
      const charge = charges[index]!;
      if (isAllowed || (decision.kind === "refused" && keepsTouches(charge.limit))) this.#store(charge, bucket, now);
    }
    return decided.map(([, decision]) => decision);
  }

  /** Returns tokens that `take` took for a call that another Durable Object refused. */
  returnTokens(charges: readonly BucketCharge[]): (BucketMoved | undefined)[] {
    return this.#change(charges, returnTokens);
  }

  /** Takes what calls turned out to cost in addition to what they paid. */
  overdraw(charges: readonly BucketCharge[]): (BucketMoved | undefined)[] {
    return this.#change(charges, overdraw);
  }

  /**
   * Lends parts of buckets to an isolate. Leases are stored before the response leaves: a restart forgets nothing that is lent.
   *
   * @returns a grant for each request; undefined for a request that is older than one already decided
   */
  grantLeases(requests: readonly BucketLeaseRequest[]): (LeaseGrant | undefined)[] {
    const now = Date.now();
    const grants = requests.map((leased) => {
      const { limit, request } = leased;
      const key = rowKey(leased);
      if (!this.#leases.hasRoomFor(key)) return this.#takeFromShared(leased, now);
      const [bucket, grant] = grantLease(this.#leases.get(key), limit, request, now, Math.random());
      if (grant !== undefined) this.#scheduleSweep(this.#leases.set(key, bucket, request.isolate, limit));
      return grant;
    });
    this.#leases.write();
    return grants;
  }

  override async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    const now = Date.now();
    for (const table of [this.#buckets, this.#leases, this.#moves]) table.dropExpired(now);
    const expiries = ["buckets", "leased_buckets", "moved"].map((table) => `SELECT expires FROM ${table}`).join(" UNION ALL ");
    const { next } = this.ctx.storage.sql.exec<{ next: number | null }>(`SELECT MIN(expires) AS next FROM (${expiries})`).one();
    if (next !== null) this.#scheduleSweep(next);
  }

  #change(charges: readonly BucketCharge[], change: typeof returnTokens): (BucketMoved | undefined)[] {
    const now = Date.now();
    return charges.map((charge) => {
      const moved = this.#moveOf(charge, now, false);
      if (moved === undefined) this.#store(charge, change(this.#load(charge, now), charge.limit, charge.cost, now), now);
      return moved;
    });
  }

  /**
   * Where a key has moved; moves it if it has become hot. A move is stored before it is reported: after a restart the shard still knows
   * that it does not hold the bucket any more.
   *
   * @param isCounted whether this is a request that can make the key hot
   */
  #moveOf(charge: BucketCharge, now: number, isCounted: boolean): BucketMoved | undefined {
    if (charge.start !== undefined || charge.limit.compat === true) return undefined; // a moved key stays; `compat` buckets never move
    const key = rowKey(charge);
    const start = this.#moves.get(key) ?? (isCounted && this.#hotKeys.count(key, now) ? this.#giveUp(charge, key, now) : undefined);
    if (start === undefined) return undefined;
    const keepUntil = moveKeptUntil(charge.limit, now);
    this.#moves.store(key, start, keepUntil);
    this.#scheduleSweep(keepUntil);
    return { kind: "moved", start };
  }

  /** Gives up the bucket of a hot key. */
  #giveUp(charge: BucketCharge, key: string, now: number): HandOver | undefined {
    if (!this.#moves.hasRoom) return undefined;
    const start = handOver(this.#load(charge, now), charge.limit, now, this.#moves.nextGeneration());
    this.#buckets.drop(key);
    return start;
  }

  /** Takes what a call needs from one bucket that all callers without a leased bucket share under this limit. */
  #takeFromShared({ limit, request }: BucketLeaseRequest, now: number): LeaseGrant {
    const cost = Math.min(limit.capacity, Math.max(1, Math.ceil(request.tokensNeeded)));
    const charge: BucketCharge = { key: SHARED_KEY, limit, cost };
    const [bucket, decision] = takeTokens(this.#load(charge, now), limit, cost, now);
    this.#store(charge, bucket, now);
    const retryAfterMs = decision.kind === "allowed" ? 0 : decision.retryAfterMs;
    return {
      sequence: request.sequence,
      tokens: decision.kind === "allowed" ? cost : 0,
      ratePerMs: 0,
      capacity: cost,
      lifetimeMs: SHARED_LEASE_MS,
      renewAfterMs: SHARED_LEASE_MS,
      pauseMs: retryAfterMs,
      retryAfterMs,
      poolTokens: 0,
    };
  }

  #load(charge: BucketCharge, now: number): Bucket | undefined {
    return this.#buckets.load(rowKey(charge)) ?? (charge.start && receivedBucket(charge.start, now));
  }

  #store(charge: BucketCharge, bucket: Bucket, now: number): void {
    const fullAt = expiresAt(bucket, charge.limit);
    const keepUntil = charge.start === undefined ? fullAt : bucketKeptUntil(fullAt);
    this.#buckets.store(rowKey(charge), bucket, keepUntil, now);
    this.#scheduleSweep(keepUntil);
  }

  /** @param at epoch ms at which a row expires. A set alarm stays: it sets the next one. */
  #scheduleSweep(at: number): void {
    if (this.#isAlarmSet) return;
    this.#isAlarmSet = true;
    void this.ctx.storage.setAlarm(Math.max(at, Date.now() + MIN_SWEEP_INTERVAL_MS));
  }
}

/** Whether a refused call is stored. It changes only the time of the last call, which matters if a bucket is dropped before it is full. */
function keepsTouches(limit: BucketLimit): boolean {
  return limit.compat === true && limit.capacity > 2 * limit.rate;
}

/** Each move of a key starts a new bucket in the Durable Object that it moves to. */
function rowKey({ key, limit, start }: Pick<BucketCharge, "key" | "limit" | "start">): string {
  return start === undefined ? bucketKey({ key, limit }) : `${start.generation}#${bucketKey({ key, limit })}`;
}
