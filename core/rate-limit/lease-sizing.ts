// How much of a leased bucket one isolate gets, and when it requests again. No value computed here can break the limit:
// `grantLease` lends no more than the pool has. So this file is tuned, while leased-bucket.ts has to be correct.
//
// Every constant was chosen by running `npm run sim -- limiter`, whose scenarios have goals for tokens over the limit, tokens left
// unused, messages per call, latency and fairness.
import type { LeaseRequest } from "./lease-messages.ts";
import type { LeasedBucket } from "./lease-record.ts";
import { type LenderTerms, longestPause, ROOT_TERMS } from "./region/lender-terms.ts";
import { type Ahead, aheadCapacity, aheadChunk, aheadMs, aheadOf } from "./sole/lending-ahead.ts";
import type { BucketLimit } from "./token-bucket.ts";

// How often isolates renew.
const REQUESTS_PER_SECOND = 80; // messages for one key, all isolates together
const MIN_PERIOD_MS = 100;
const MIN_IDLE_PERIOD_MS = 1_000; // while demand is below `BUSY_UTILIZATION`: tokens that expire unused are missed by no other isolate
const MAX_PERIOD_MS = 5_000;
const LIFETIME_PERIODS = 1.5; // a renewal may be half a period late ...
const LATE_MS = 100; // ... and this long beyond that
const MIN_PERIOD_FACTOR = 0.1;
const PERIOD_SHRINK = 0.9; // factor for each share of mean size that expires while the key is busy
const PERIOD_GROWTH = 1.01; // factor for each other request
const RELEND_PERIOD_MS = 1_000; // at least this long between two renewals of a lessee that lends on: round trips to the root are long
const RELEND_SMALL_LIFETIME_MS = 1_500; // like `SMALL_LIFETIME_MS`, for a lessee that lends on

// How much of the rate is lent.
const MAX_LEASED_UTILIZATION = 0.98; // share of the limit's rate; the rest refills the pool for isolates that are new
const DEBT_LEASED_UTILIZATION = 0.75; // the same while the pool is below zero: the rest of the rate repays the debt
const BUSY_UTILIZATION = 0.7; // share of the limit's rate; above it demand counts as scarce
const BUSY_RATE_FACTOR = 0.85; // rate lent, over measured demand; the varying part of demand is granted as chunks out of the pool
const IDLE_RATE_FACTOR = 1.3; // the same while demand is below `BUSY_UTILIZATION`
const RELEND_BUSY_RATE_FACTOR = 1; // the same two for a lessee that lends on: the sum of its lessees' demand varies little ...
const RELEND_IDLE_RATE_FACTOR = 1.7; // ... and what one region has in excess is missing in the others until its lessees have given it back
const RATE_HYSTERESIS = 0.1; // share of the old rate; a smaller change is not made, because a change reserves the larger rate for a while
const RELEND_RATE_HYSTERESIS = 0.02; // the same for a lessee that lends on
const DEMAND_SAMPLE_MS = 4_000; // a mean with a time constant of 2 s is as precise as a count over 4 s; changes within its error are not made

// How many tokens are granted at once.
const CHUNK_MARGIN = 1.1; // chunk over mean demand; 1 while demand exceeds the limit
const CHUNK_DEVIATIONS = 2; // standard deviations of Poisson demand added to a chunk; 1 while demand exceeds the limit
const BURST_MS = 190; // a chunk for unsteady demand lasts this long ...
const RELEND_BURST_MS = 260; // the same for a lessee that lends on: a round trip to the root, and the time until its next request
const BURST_PERIOD_SHARE = 0.15; // ... or this share of a period, if that is longer: many isolates must not request all the time

// How much an isolate may hold.
const LEASED_CAPACITY_SHARE = 0.5; // share of the bucket's capacity lent along with rates; capacity that is lent is missing in the pool
const RELEND_CAPACITY_SHARE = 0.9; // the same for lessees that lend on
const RELEND_POOL_SHARE = 0.1; // share of capacity kept for the pool where lessees lend on, and where a lessee lends
const HELD_RATE_MS = 100; // an isolate may always hold the tokens of its rate for this long

// Small limits: no rates are lent, because tokens that one isolate holds are missing in the others.
const SMALL_TOKENS_PER_REQUEST = 2; // a limit is small if it refills fewer tokens than this between two messages
const SMALL_CAPACITY_PER_ISOLATE = 3; // ... or if its capacity is below this many times the tokens needed, for each isolate
const SMALL_RESPONSE_MS = 50; // demand of this time is granted beside the tokens needed: calls spend it before the next response arrives
const MIN_STOCK = 2; // tokens of an isolate under a small limit; fewer are spent before they expire
const SMALL_LIFETIME_MS = 300; // tokens that are not spent at once expire soon: while they are reserved, the pool cannot refill

/** The longest lifetime of a lease, ms. Leases that are lent on have it: their lessees' leases have to end before they do. */
export const MAX_LEASE_LIFETIME_MS = LIFETIME_PERIODS * MAX_PERIOD_MS + LATE_MS;

/** The longest lifetime of a lease that isolates may have of a bucket, ms, according to a request of one of them. */
export function longestLeaseMs({ rate, intervalMs }: BucketLimit, request: LeaseRequest): number {
  const isSlow = request.requiresRate !== true && isSlowRate(rate / intervalMs, REQUESTS_PER_SECOND);
  if (!isSlow) return MAX_LEASE_LIFETIME_MS;
  return request.lessees === undefined ? Math.max(SMALL_LIFETIME_MS, aheadMs(request, ROOT_TERMS)) : RELEND_SMALL_LIFETIME_MS;
}

function isSlowRate(ratePerMs: number, requestsPerSecond: number): boolean {
  return (ratePerMs * 1_000) / requestsPerSecond < SMALL_TOKENS_PER_REQUEST;
}

/** Demand of all isolates for a bucket, and what follows from it for the isolate that sent a request. */
export interface BucketDemand {
  readonly ratePerMs: number; // rate of the limit, tokens per ms
  readonly pacingRatePerMs: number; // the rate by which pauses are computed, tokens per ms
  readonly isolates: number; // isolates with a lease, the requesting one included
  readonly totalDemandPerMs: number; // tokens per ms
  readonly isBusy: boolean; // demand is above `BUSY_UTILIZATION` of the rate
  readonly maxSharePerMs: number; // the largest rate that one isolate gets, tokens per ms; Infinity if the limit is enough for all
  readonly isSaturated: boolean; // this isolate's demand is above `maxSharePerMs`
  readonly isSmall: boolean; // the limit is too small to lend rates to several isolates
  readonly ahead?: Ahead; // the limit is small, and the isolate is its only lessee; absent: nothing is lent before calls need it
  readonly keepsStock?: boolean; // the isolate has more than its calls need, and may keep it while calls come
  readonly periodFactor: number; // in (0, 1]; scales the period, see `LeasedBucket.periodFactor`
  readonly periodMs: number; // time between two renewals of one isolate
  readonly lifetimeMs: number; // time after which a lease expires
  readonly maxPauseMs?: number; // the longest pause between two requests; absent: no bound
}

/**
 * Sums up the demand for a bucket.
 *
 * @param othersPerMs      demand that the other isolates reported, tokens per ms
 * @param bucket           tokens in its pool, its period factor, and the isolate that sent the latest request
 * @param expiredRatePerMs rates that expired since the last request, tokens per ms
 */
export function bucketDemand(
  limit: BucketLimit,
  othersPerMs: readonly number[],
  request: LeaseRequest,
  bucket: Pick<LeasedBucket, "tokens" | "periodFactor" | "latest" | "updatedAt">,
  expiredRatePerMs: number,
  terms: LenderTerms = ROOT_TERMS,
): BucketDemand {
  const { tokens, periodFactor } = bucket;
  const ratePerMs = limit.rate / limit.intervalMs;
  const isolates = othersPerMs.length + 1;
  const totalDemandPerMs = othersPerMs.reduce((total, demand) => total + demand, request.demandPerMs);
  const isBusy = totalDemandPerMs > BUSY_UTILIZATION * ratePerMs;
  const factor =
    isBusy && expiredRatePerMs > 0
      ? Math.max(MIN_PERIOD_FACTOR, periodFactor * PERIOD_SHRINK ** ((expiredRatePerMs / ratePerMs) * isolates))
      : Math.min(1, periodFactor * PERIOD_GROWTH);
  const { requestsPerSecond = REQUESTS_PER_SECOND } = terms;
  const lendsOn = request.lessees !== undefined;
  const minPeriodMs = lendsOn ? RELEND_PERIOD_MS : isBusy ? MIN_PERIOD_MS : MIN_IDLE_PERIOD_MS;
  const wantedPeriodMs = Math.min(MAX_PERIOD_MS, Math.max(minPeriodMs, (factor * isolates * 1_000) / requestsPerSecond));
  const periodMs = Math.min(wantedPeriodMs, Math.max(1, (terms.maxLifetimeMs - LATE_MS) / LIFETIME_PERIODS));
  const isSlow = request.requiresRate !== true && isSlowRate(ratePerMs, requestsPerSecond);
  const tokensPerLessee = request.tokensNeeded / Math.max(1, request.lessees ?? 1);
  const isSmall = isSlow || limit.capacity < SMALL_CAPACITY_PER_ISOLATE * isolates * Math.max(1, tokensPerLessee);
  const maxUtilization = tokens < 0 ? DEBT_LEASED_UTILIZATION : MAX_LEASED_UTILIZATION;
  const maxSharePerMs = maxMinShare([...othersPerMs, request.demandPerMs], ratePerMs * maxUtilization);
  const isSaturated = request.demandPerMs >= maxSharePerMs;
  const ahead = isSmall && isolates === 1 && !lendsOn ? aheadOf(limit, request, bucket, terms, maxUtilization) : undefined;
  const keepsStock = ahead !== undefined || (isSmall && aheadMs(request, terms) > 0 && request.tokensHeld >= MIN_STOCK);
  const isInTree = lendsOn || terms.maxLifetimeMs < Number.POSITIVE_INFINITY;
  return {
    ratePerMs,
    pacingRatePerMs: Math.max(ratePerMs, terms.minPacingRatePerMs),
    isolates,
    totalDemandPerMs,
    isBusy,
    maxSharePerMs,
    isSaturated,
    isSmall,
    ...(keepsStock ? { keepsStock } : {}),
    ...(ahead === undefined ? {} : { ahead }),
    periodFactor: factor,
    periodMs,
    ...(isInTree ? longestPause(isSaturated || isSmall, lendsOn, RELEND_PERIOD_MS) : {}),
    lifetimeMs: Math.min(terms.maxLifetimeMs, keepsStock ? aheadMs(request, terms) : lifetimeMs(isSmall, lendsOn, periodMs)),
  };
}

function lifetimeMs(isSmall: boolean, lendsOn: boolean, periodMs: number): number {
  if (lendsOn) return isSmall ? RELEND_SMALL_LIFETIME_MS : MAX_LEASE_LIFETIME_MS;
  return isSmall ? SMALL_LIFETIME_MS : Math.ceil(LIFETIME_PERIODS * periodMs + LATE_MS);
}

/**
 * The rate to lend, tokens per ms.
 *
 * @param previousPerMs the rate that the isolate uses now, tokens per ms
 */
export function leasedRate(demand: BucketDemand, request: LeaseRequest, previousPerMs: number): number {
  if (demand.ahead !== undefined) return demand.ahead.ratePerMs;
  const wantedPerMs = wantedRate(demand, request);
  const errorPerMs = demand.isSaturated ? 0 : Math.sqrt(previousPerMs / DEMAND_SAMPLE_MS); // standard deviation of Poisson demand
  const hysteresis = request.lessees === undefined ? RATE_HYSTERESIS : RELEND_RATE_HYSTERESIS;
  const isSmallChange = Math.abs(wantedPerMs - previousPerMs) <= hysteresis * previousPerMs + errorPerMs;
  return isSmallChange ? previousPerMs : wantedPerMs;
}

function wantedRate({ isSmall, isSaturated, maxSharePerMs, isBusy }: BucketDemand, request: LeaseRequest): number {
  if (isSmall || !request.isDemandSteady) return 0;
  if (isSaturated) return maxSharePerMs;
  if (request.lessees !== undefined) return request.demandPerMs * (isBusy ? RELEND_BUSY_RATE_FACTOR : RELEND_IDLE_RATE_FACTOR);
  return request.demandPerMs * (isBusy ? BUSY_RATE_FACTOR : IDLE_RATE_FACTOR);
}

/**
 * Tokens to grant at once: the part of demand until the next request that the rate does not cover.
 *
 * @param ratePerMs  the rate that is lent, tokens per ms
 * @param held       tokens that the isolate holds
 * @param poolTokens tokens in the pool
 */
export function chunkSize(demand: BucketDemand, request: LeaseRequest, ratePerMs: number, held: number, poolTokens: number): number {
  const { periodMs, maxSharePerMs, isBusy, isSaturated } = demand;
  const { tokensNeeded, demandPerMs, peakDemandPerMs, isDemandSteady } = request;
  if (demand.ahead !== undefined) return aheadChunk(demand.ahead, request, held, poolTokens);
  if (demand.isSmall) return tokensNeeded + Math.floor(demandPerMs * SMALL_RESPONSE_MS);
  const burst = (peakDemandPerMs - ratePerMs) * (request.lessees === undefined ? Math.min(periodMs, burstMs(periodMs)) : RELEND_BURST_MS);
  if (!isDemandSteady) return Math.max(tokensNeeded, burst - held);
  // If the limit is not enough for all, tokens that one isolate keeps in stock are missing in the others.
  const isEnoughForAll = maxSharePerMs === Number.POSITIVE_INFINITY;
  const [margin, deviations] = isEnoughForAll ? [CHUNK_MARGIN, CHUNK_DEVIATIONS] : [1, 1];
  const mean = (demandPerMs * margin - ratePerMs) * periodMs + deviations * Math.sqrt(demandPerMs * periodMs);
  const wanted = tokensNeeded > 0 || !isBusy ? Math.max(mean, burst) : mean; // the mean lags behind while demand grows
  return Math.max(tokensNeeded, (isSaturated ? Math.min(wanted, poolTokens / 2) : wanted) - held);
}

/** Share of the capacity that is not lent beyond what lessees hold: a pool without room cannot refill. An isolate of a root gets all of it. */
export function poolShare({ maxLifetimeMs }: LenderTerms, lendsOn: boolean): number {
  return lendsOn || maxLifetimeMs < Number.POSITIVE_INFINITY ? RELEND_POOL_SHARE : 0;
}

/**
 * Tokens that the isolate may hold at most. Capacity that is lent is missing in the pool: while the pool needs it, an isolate gets
 * little more than it takes to even out its demand.
 *
 * @param ratePerMs the rate that is lent, tokens per ms
 * @param held      tokens that the isolate holds or has lent on, those just granted included
 * @param room      capacity that neither other isolates nor the pool need, tokens
 * @param lendsOn   whether the lessee is a Durable Object with lessees of its own
 */
export function leasedCapacity(
  demand: BucketDemand,
  limit: BucketLimit,
  ratePerMs: number,
  held: number,
  room: number,
  lendsOn = false,
): number {
  if (ratePerMs === 0) return held;
  if (demand.ahead !== undefined) return aheadCapacity(demand.ahead, limit, held);
  const deviation = Math.sqrt(ratePerMs * demand.periodMs);
  const evenOut = ratePerMs * HELD_RATE_MS + CHUNK_DEVIATIONS * deviation;
  const headroom = Math.max(0, Math.min(room / 2, deviation)); // demand may pause, and tokens above the capacity are lost
  const share = (lendsOn ? RELEND_CAPACITY_SHARE : LEASED_CAPACITY_SHARE) * limit.capacity * (ratePerMs / demand.ratePerMs);
  return Math.max(held + headroom, Math.min(share, Math.max(room, evenOut)));
}

/**
 * The largest share of a rate under max-min fairness: demands below it are met whole, the others get this share.
 *
 * @returns Infinity if the rate meets all demands
 * @see Bertsekas and Gallager, Data Networks, section 6.5.2
 */
export function maxMinShare(demands: readonly number[], rate: number): number {
  let left = rate;
  let count = demands.length;
  for (const demand of [...demands].sort((a, b) => a - b)) {
    if (demand * count >= left) return left / count;
    left -= demand;
    count -= 1;
  }
  return Number.POSITIVE_INFINITY;
}

/** How long a chunk for unsteady demand lasts, ms. */
export function burstMs(periodMs: number): number {
  return Math.max(BURST_MS, BURST_PERIOD_SHARE * periodMs);
}
