// A shard of rate-limit buckets, and their only writer: exact buckets and leased buckets.
// They are in memory. What a restart has to know is stored before a response leaves (core/rate-limit/storage/stored-bucket.ts).
import { DurableObject } from "cloudflare:workers";
import type { LeaseGrant, LeaseRequest } from "../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../core/rate-limit/lease-record.ts";
import { longestLeaseMs } from "../core/rate-limit/lease-sizing.ts";
import { bucketEndsAt, CLOCK_GUARD_MS, grantLease } from "../core/rate-limit/leased-bucket.ts";
import { BucketStore, type OpenBucket } from "../core/rate-limit/storage/bucket-store.ts";
import { EXACT, LEASED } from "../core/rate-limit/storage/stored-bucket.ts";
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
import { LEASED_PREFIX } from "./rate-limit/old-tables.ts";
import { RegionalBuckets, type SendToRoot } from "./rate-limit/regional-buckets.ts";

/** What one call takes from one bucket. */
export interface BucketCharge {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly cost: number; // tokens, in [1, limit.capacity]
}

/** A request of one isolate to spend from one bucket for a while by itself. */
export interface BucketLeaseRequest {
  readonly key: string; // rule and caller
  readonly limit: BucketLimit;
  readonly request: LeaseRequest;
  readonly lenders?: number; // read by `lendOn`: see `KeyRequest`
}

/** Above a bound, new callers of a limit share one bucket, and write nothing of their own. */
export interface TokenBucketsBounds {
  readonly maxBuckets: number; // exact buckets that are not full
  readonly maxLeasedBuckets: number; // leased buckets that are not full, or lend something
  readonly maxRows: number; // buckets of both kinds that have a row
  readonly maxRegionalBuckets?: number; // buckets that are leased from a root shard, and lent on
}

const BOUNDS: TokenBucketsBounds = { maxBuckets: 100_000, maxLeasedBuckets: 50_000, maxRows: 100_000 };
const MAX_REGIONAL_BUCKETS = 20_000;
const SHARED_LEASE_MS = 1_000; // lifetime of a lease on a shared bucket: it has tokens for one round of calls, and no rate
const SHARED_KEY = "*";

type OpenExactBucket = OpenBucket<Bucket> & { readonly isShared: boolean };

export class TokenBuckets extends DurableObject {
  readonly #table: BucketTable;
  readonly #exact: BucketStore<Bucket>;
  readonly #leased: BucketStore<LeasedBucket>;
  readonly #regional: RegionalBuckets;
  readonly #sharedRefusedUntil = new Map<string, number>(); // keyed by limit, epoch ms; then a shared bucket has all tokens that it refused

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds: TokenBucketsBounds = BOUNDS) {
    super(ctx, env);
    this.#table = new BucketTable(ctx.storage, bounds.maxRows, Date.now());
    const { marker } = this.#table;
    this.#exact = new BucketStore(EXACT, "", this.#table, marker, bounds.maxBuckets);
    this.#leased = new BucketStore(LEASED, LEASED_PREFIX, this.#table, marker, bounds.maxLeasedBuckets);
    const { jurisdiction } = ctx.id;
    const own = (env as { readonly TOKEN_BUCKET: DurableObjectNamespace<TokenBuckets> }).TOKEN_BUCKET;
    const objects = jurisdiction === undefined ? own : own.jurisdiction(jurisdiction as DurableObjectJurisdiction);
    const send: SendToRoot = (root, requests) => objects.getByName(root).grantLeases(requests);
    this.#regional = new RegionalBuckets(send, bounds.maxRegionalBuckets ?? MAX_REGIONAL_BUCKETS);
  }

  /** Takes every charge or none: a call that one rule refuses costs nothing under the other rules. */
  take(charges: readonly BucketCharge[]): BucketDecision[] {
    const now = Date.now(); // one reading for the whole message: the clock of a Worker stands still between two I/O events
    const opened = charges.map((charge) => this.#open(charge, now));
    const latest = new Map<string, Bucket | undefined>(); // two charges may be of the same bucket
    const decisions = charges.map(({ limit, cost }, index): BucketDecision => {
      const { name, bucket, isShared } = opened[index]!;
      const [after, decision] = takeTokens(latest.has(name) ? latest.get(name) : bucket, limit, cost, now);
      latest.set(name, after);
      if (decision.kind === "refused" && isShared) this.#keepSharing(limit, now + decision.retryAfterMs);
      return decision;
    });
    const isAllowed = decisions.every(({ kind }) => kind === "allowed");
    for (const [index, { limit, cost }] of charges.entries()) {
      const open = opened[index]!;
      const bucket = latest.get(open.name);
      if (bucket === undefined) continue;
      if (isAllowed) this.#keep(open, bucket, cost, now);
      else if (decisions[index]!.kind === "refused" && keepsTouches(limit)) this.#keep(open, touched(open, now), 0, now);
    }
    return decisions;
  }

  /** `take` for several calls, one after the other. */
  takeEach(calls: readonly (readonly BucketCharge[])[]): BucketDecision[][] {
    return calls.map((charges) => this.take(charges));
  }

  /** Returns tokens that `take` took for a call that another Durable Object refused. */
  returnTokens(charges: readonly BucketCharge[]): undefined[] {
    const now = Date.now();
    for (const charge of charges) {
      const open = this.#open(charge, now);
      // Without a bucket of its own the key has nothing to get back: a full one, or a share of one that others use, too.
      if (open.isOwn && !open.isShared) this.#keep(open, returnTokens(open.bucket, charge.limit, charge.cost, now), 0, now);
    }
    return charges.map(() => undefined);
  }

  /** Takes what calls turned out to cost in addition to what they paid. */
  overdraw(charges: readonly BucketCharge[]): undefined[] {
    const now = Date.now();
    for (const charge of charges) {
      const open = this.#open(charge, now);
      this.#keep(open, overdraw(open.bucket, charge.limit, charge.cost, now), charge.cost, now);
    }
    return charges.map(() => undefined);
  }

  /**
   * Lends parts of buckets to an isolate.
   *
   * @returns a grant for each request; undefined for a request that is older than one already decided
   */
  grantLeases(requests: readonly BucketLeaseRequest[]): (LeaseGrant | undefined)[] {
    const now = Date.now();
    return requests.map((leased) => {
      const { key, limit, request } = leased;
      const open = this.#leased.open(key, limit, now, longestLeaseMs(limit, request) + CLOCK_GUARD_MS);
      if (!open.isOwn && (this.#isSharing(limit, now) || !this.#leased.hasRoom(limit, now))) return this.#takeFromShared(leased, now);
      const [bucket, grant] = grantLease(open.bucket, limit, request, now, Math.random());
      if (grant === undefined) return undefined;
      const taken = grant.tokens + (request.tokensOwed ?? 0) - (grant.tokensForgiven ?? 0);
      this.#leased.set(open, bucket, taken, bucketEndsAt(bucket, limit), now);
      return grant;
    });
  }

  /**
   * Lends parts of buckets that this shard leases from a root shard itself: world-wide ones, of which each region has a part.
   *
   * @param root name of the shard that has the buckets
   * @returns as `grantLeases` does
   */
  lendOn(root: string, requests: readonly BucketLeaseRequest[]): Promise<readonly (LeaseGrant | undefined)[]> {
    return this.#regional.lend(root, requests);
  }

  override alarm(): void {
    this.#table.sweep(Date.now());
  }

  /** The bucket in which a charge is counted. Where there is no room, new keys share one: a bucket is not dropped for them. */
  #open({ key, limit }: BucketCharge, now: number): OpenExactBucket {
    const own = this.#exact.open(key, limit, now, 0);
    if (own.isOwn || (!this.#isSharing(limit, now) && this.#exact.hasRoom(limit, now))) return { ...own, isShared: false };
    return { ...this.#exact.open(SHARED_KEY, limit, now, 0), isShared: true };
  }

  #keep(open: OpenBucket<Bucket>, bucket: Bucket, taken: number, now: number): void {
    this.#exact.set(open, bucket, taken, expiresAt(bucket, open.limit), now);
  }

  /** Whether new keys share a bucket until it has the tokens of every call that it refused: a full one would give these calls more. */
  #isSharing(limit: BucketLimit, now: number): boolean {
    return this.#sharedRefusedUntil.size > 0 && now < (this.#sharedRefusedUntil.get(bucketKey({ key: SHARED_KEY, limit })) ?? 0);
  }

  #keepSharing(limit: BucketLimit, until: number): void {
    const key = bucketKey({ key: SHARED_KEY, limit });
    this.#sharedRefusedUntil.set(key, Math.max(until, this.#sharedRefusedUntil.get(key) ?? 0));
  }

  /** Takes what a call needs from one bucket that all callers without a leased bucket share under this limit. */
  #takeFromShared({ limit, request }: BucketLeaseRequest, now: number): LeaseGrant {
    const cost = Math.min(limit.capacity, Math.max(1, Math.ceil(request.tokensNeeded)));
    const open = this.#exact.open(SHARED_KEY, limit, now, 0);
    const owed = Math.ceil(request.tokensOwed ?? 0);
    const charged = owed > 0 ? overdraw(open.bucket, limit, owed, now) : open.bucket;
    const [bucket, decision] = takeTokens(charged, limit, cost, now);
    const retryAfterMs = decision.kind === "allowed" ? 0 : decision.retryAfterMs;
    if (retryAfterMs > 0) this.#keepSharing(limit, now + retryAfterMs);
    if (retryAfterMs === 0 || owed > 0) this.#keep(open, bucket, cost + owed, now);
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
}

/** A bucket after a call that took nothing from it. */
function touched({ bucket, limit }: OpenBucket<Bucket>, now: number): Bucket {
  return returnTokens(bucket, limit, 0, now);
}

/** Whether a refused call is stored. It changes only the time of the last call, which matters if a bucket is dropped before it is full. */
function keepsTouches(limit: BucketLimit): boolean {
  return limit.compat === true && limit.capacity > 2 * limit.rate;
}
