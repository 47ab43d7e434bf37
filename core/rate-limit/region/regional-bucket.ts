// A leased bucket whose limit is a lease itself: a region's Durable Object lends to isolates what it has leased of the root bucket.
//
// Two rules make the bound of leased-bucket.ts hold over any number of levels (docs/lease-tree.md):
// 1. A lease ends, guard included, before the share ends out of which it was granted.
// 2. A smaller share is acknowledged only when all leases fit into it; until then the root reserves the larger one.
import type { LeaseGrant, LeaseRequest } from "../lease-messages.ts";
import type { LeasedBucket, LeaseRecord } from "../lease-record.ts";
import { CLOCK_GUARD_MS, grantLease, newDebt, refill, reservedByLeases } from "../leased-bucket.ts";
import type { BucketLimit } from "../token-bucket.ts";
import type { LenderTerms } from "./lender-terms.ts";

/** Plain data. It need not be stored: a Durable Object that lost it leases again under another name, and its old share lapses. */
export interface RegionalBucket {
  readonly bucket: LeasedBucket; // the pool, and the leases of isolates
  readonly share: RootShare; // in use; the only one that requests acknowledge
  readonly next: RootShare | undefined; // granted later, but leases do not fit into it yet
  readonly root: RootExchange;
  readonly waiting: Readonly<Record<string, WaitingDemand>>; // demand of lessees whose requests wait for the root; their names are the keys
}

/** Demand as a request reports it. */
export type WaitingDemand = Pick<LeaseRequest, "demandPerMs" | "peakDemandPerMs" | "lessees">;

/** What the root has lent, by the region's clock. */
export interface RootShare {
  readonly sequence: number; // sequence of its grant; 0 for none
  readonly ratePerMs: number; // tokens per ms
  readonly capacity: number; // tokens; the pool and all leases together
  readonly expiresAt: number; // epoch ms; counted from when the request was sent
  readonly isReserved: boolean; // false once a later request has acknowledged another share: then it only limits new leases
}

/** Where the exchange with the root stands. */
export interface RootExchange {
  readonly sequence: number; // sequence of the latest request
  readonly settledSequence: number; // sequence of the latest grant that arrived
  readonly requestedAt: number | undefined; // epoch ms; undefined while no request is under way
  readonly lastRequestAt: number; // epoch ms
  readonly tokensOwed: number; // spent by isolates before they were granted; the root has not settled them
  readonly tokensOwedSent: number; // the part that is in the latest request
  readonly renewAt: number | undefined; // epoch ms
  readonly pausedUntil: number; // epoch ms; no request before
  readonly retryAt: number; // epoch ms; the root may have tokens again
  readonly isUnreachable: boolean; // the latest request failed
  readonly failures: number; // requests that have failed since the latest grant
  readonly rootTokens: number; // in the root's pool at the latest grant
  readonly lessees: number; // lessees of the root at the latest grant
  readonly roundTripMs: number; // time that the latest request took; 0 before the first grant
  readonly activeSince: number; // epoch ms; since then there has been a lease at any time
  readonly requiresRate: boolean; // the latest request of an isolate says so
}

/** A lease that would end sooner is not granted, ms: it would cost more messages than it saves. */
const MIN_LIFETIME_MS = 200;
const REQUESTS_PER_SECOND = 200; // messages for one key, all isolates of all regions together
const MAX_REQUESTS_PER_SECOND = 80; // the same in one region
const ROOT_STOCK_SHARE = 0.05; // share of the root's capacity; with fewer tokens there, they are scarce
export const NO_SHARE: RootShare = { sequence: 0, ratePerMs: 0, capacity: 0, expiresAt: 0, isReserved: false };

export function newRegionalBucket(now: number): RegionalBucket {
  return {
    bucket: { tokens: 0, updatedAt: now, leases: {}, periodFactor: 1 },
    share: NO_SHARE,
    next: undefined,
    root: {
      ...{
        sequence: 0,
        settledSequence: 0,
        requestedAt: undefined,
        lastRequestAt: 0,
        tokensOwed: 0,
        tokensOwedSent: 0,
        renewAt: undefined,
      },
      ...{
        pausedUntil: 0,
        retryAt: 0,
        isUnreachable: false,
        failures: 0,
        rootTokens: 0,
        lessees: 1,
        roundTripMs: 0,
        activeSince: now,
        requiresRate: false,
      },
    },
    waiting: {},
  };
}

/** Grant of a lessee, or why there is none: tokens have to be requested of the root first, or a later request has been decided already. */
export type RegionalDecision =
  | { readonly kind: "granted"; readonly grant: LeaseGrant }
  | { readonly kind: "request_first"; readonly tokens: number }
  | { readonly kind: "stale" };

/**
 * Decides one request out of the region's share.
 *
 * @param whole   limit of the root bucket; it only paces messages
 * @param isFinal whether the decision may not wait for the root (any more)
 * @param random  in [0, 1)
 * @param waitedMs how long the request has waited for the root. The lessee counts its term from when it sent the request, at least so long ago
 */
export function lendOn(
  known: RegionalBucket,
  whole: BucketLimit,
  request: LeaseRequest,
  now: number,
  random: number,
  isFinal: boolean,
  waitedMs = 0,
): [RegionalBucket, RegionalDecision] {
  const [state, expiredRatePerMs] = settle(known, now);
  const { share, next, bucket } = state;
  const record = bucket.leases[request.isolate];
  if (record !== undefined && request.sequence <= record.sequence) return [state, { kind: "stale" }];

  const maxLifetimeMs = Math.min(share.expiresAt, next?.expiresAt ?? share.expiresAt) - now - CLOCK_GUARD_MS;
  const hasShare = maxLifetimeMs >= MIN_LIFETIME_MS;
  const mayRequest = !isFinal && now >= state.root.pausedUntil;
  const tokens = request.tokensNeeded + newDebt(record, request); // debt is paid first
  const isShort = request.tokensNeeded > 0 && tokens > request.tokensHeld + bucket.tokens;
  if (mayRequest && (!hasShare || isShort)) {
    const { demandPerMs, peakDemandPerMs, lessees } = request;
    const own: WaitingDemand = { demandPerMs, peakDemandPerMs, ...(lessees === undefined ? {} : { lessees }) };
    return [
      { ...state, waiting: { ...state.waiting, [request.isolate]: own } },
      { kind: "request_first", tokens },
    ];
  }
  const charged = chargeDebt(state, record, request);
  const { lessees, isUnreachable } = state.root;
  const terms: LenderTerms = {
    maxLifetimeMs: hasShare ? maxLifetimeMs : 0,
    requestsPerSecond: Math.min(MAX_REQUESTS_PER_SECOND, REQUESTS_PER_SECOND / lessees),
    minPacingRatePerMs: whole.rate / whole.intervalMs / lessees,
    expiredRatePerMs,
  };
  const limit = hasShare ? smallerOf(share, next) : NO_SHARE;
  const [after, granted] = grantLease(charged.bucket, limitOf(limit), { ...request, tokensOwed: 0 }, now, random, terms);
  if (granted === undefined) return [state, { kind: "stale" }];
  const lease: LeaseRecord = { ...after.leases[request.isolate]!, ...reportOf(request) };
  const leases = { ...after.leases, [request.isolate]: lease };
  const pool = hasShare ? after.tokens : charged.bucket.tokens;
  const root = { ...charged.root, requiresRate: request.requiresRate === true };
  const lasting: LeaseGrant = hasShare ? { ...granted, lifetimeMs: granted.lifetimeMs + waitedMs } : granted;
  const { [request.isolate]: _, ...waiting } = state.waiting;
  return [
    { ...charged, bucket: { ...after, tokens: pool, leases }, root, waiting },
    {
      kind: "granted",
      grant: !hasShare && isUnreachable ? { ...lasting, isUnreachable } : withRootTokens(lasting, state.root, whole, now),
    },
  ];
}

/** An empty pool of the region is no reason to refuse calls while the root has tokens in stock: the lessee gets them with its next request. */
function withRootTokens(grant: LeaseGrant, { rootTokens, pausedUntil }: RootExchange, whole: BucketLimit, now: number): LeaseGrant {
  if (rootTokens < Math.max(1, ROOT_STOCK_SHARE * whole.capacity) || now < pausedUntil) return grant;
  return { ...grant, poolTokens: grant.poolTokens + rootTokens, pauseMs: 0, retryAfterMs: 0 };
}

/** New leases have to fit into a smaller share at once, so that it can be acknowledged soon. */
function smallerOf(share: RootShare, next: RootShare | undefined): RootShare {
  if (next === undefined) return share;
  return { ...share, capacity: Math.min(share.capacity, next.capacity), ratePerMs: Math.min(share.ratePerMs, next.ratePerMs) };
}

/** The state at a later time: the pool has earned, and what has expired is gone. @returns also the rates of leases that have expired, tokens per ms */
export function settle(state: RegionalBucket, now: number): [RegionalBucket, expiredRatePerMs: number] {
  const { share, next } = state;
  const [earned, expired] = refill(state.bucket, limitOf(share), Math.min(now, share.expiresAt));
  if (now < share.expiresAt) return [withActivity({ ...state, bucket: earned }, now), expired];
  // All leases ended before the share did, so they fit into any other one.
  if (next?.isReserved === true && next.expiresAt > share.expiresAt) {
    const bucket = { ...earned, tokens: Math.min(earned.tokens, next.capacity) };
    const [later, expiredLater] = settle({ ...state, bucket, share: next, next: undefined }, now);
    return [later, expired + expiredLater];
  }
  const [bucket] = refill({ ...earned, tokens: 0 }, limitOf(NO_SHARE), now);
  return [withActivity({ ...state, bucket, share: NO_SHARE, next: undefined }, now), expired];
}

/** Uses a share that was granted later, if all leases fit into it. */
export function adoptNext(state: RegionalBucket): RegionalBucket {
  const { bucket, next } = state;
  if (next?.isReserved !== true) return state;
  const reserved = reservedByLeases(bucket.leases);
  const lastsLongEnough = Object.values(bucket.leases).every(
    ({ current, previous }) => Math.max(current.expiresAt, previous.expiresAt) <= next.expiresAt,
  );
  if (!lastsLongEnough || reserved.capacity > next.capacity || reserved.ratePerMs > next.ratePerMs) return state;
  const tokens = Math.max(0, Math.min(bucket.tokens, next.capacity - reserved.capacity)); // a sum of shares may be rounded up
  return { ...state, bucket: { ...bucket, tokens }, share: next, next: undefined };
}

export function limitOf({ capacity, ratePerMs }: RootShare): BucketLimit {
  return { capacity, rate: ratePerMs, intervalMs: 1 };
}

function withActivity(state: RegionalBucket, now: number): RegionalBucket {
  const isActive = Object.keys(state.bucket.leases).length > 0;
  return isActive ? state : { ...state, root: { ...state.root, activeSince: now } };
}

/** Takes debt out of the pool. What the pool does not have is passed to the root. */
function chargeDebt(state: RegionalBucket, record: LeaseRecord | undefined, request: LeaseRequest): RegionalBucket {
  const debt = newDebt(record, request);
  if (debt === 0) return state;
  const paid = Math.min(state.bucket.tokens, debt);
  const root = { ...state.root, tokensOwed: state.root.tokensOwed + debt - paid };
  return { ...state, bucket: { ...state.bucket, tokens: state.bucket.tokens - paid }, root };
}

/** What the region reports to the root about a lessee is stored with its lease. */
function reportOf({ tokensOwed, peakDemandPerMs, lessees }: LeaseRequest): Partial<LeaseRecord> {
  return { peakDemandPerMs, ...(tokensOwed === undefined ? {} : { tokensOwed }), ...(lessees === undefined ? {} : { lessees }) };
}
