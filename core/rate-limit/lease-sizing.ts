// How much of a leased bucket one isolate gets, and when it requests again. No value computed here can break the limit:
// `grantLease` lends no more than the pool has. So this file is tuned, while leased-bucket.ts has to be correct.
//
// Every constant was chosen by running `npm run sim -- limiter`, whose scenarios have goals for tokens over the limit, tokens left
// unused, messages per call, latency and fairness.
import type { LeaseRequest } from "./lease-messages.ts";
import type { BucketLimit } from "./token-bucket.ts";

// How often isolates renew.
const REQUESTS_PER_SECOND = 80; // messages for one key, all isolates together
const MIN_PERIOD_MS = 100;
const MIN_IDLE_PERIOD_MS = 1_000; // while demand is below `BUSY_UTILIZATION`: tokens that expire unused are missed by no other isolate
const MAX_PERIOD_MS = 5_000;
const MIN_PERIOD_FACTOR = 0.1;
const PERIOD_SHRINK = 0.9; // factor for each share of mean size that expires while the key is busy
const PERIOD_GROWTH = 1.01; // factor for each other request

// How much of the rate is lent.
const MAX_LEASED_UTILIZATION = 0.98; // share of the limit's rate; the rest refills the pool for isolates that are new
const BUSY_UTILIZATION = 0.7; // share of the limit's rate; above it demand counts as scarce
const BUSY_RATE_FACTOR = 0.85; // rate lent, over measured demand; the varying part of demand is granted as chunks out of the pool
const IDLE_RATE_FACTOR = 1.3; // the same while demand is below `BUSY_UTILIZATION`
const RATE_HYSTERESIS = 0.1; // share of the old rate; a smaller change is not made, because a change reserves the larger rate for a while
const DEMAND_SAMPLE_MS = 4_000; // a mean with a time constant of 2 s is as precise as a count over 4 s; changes within its error are not made

// How many tokens are granted at once.
const CHUNK_MARGIN = 1.1; // chunk over mean demand; 1 while demand exceeds the limit
const CHUNK_DEVIATIONS = 2; // standard deviations of Poisson demand added to a chunk; 1 while demand exceeds the limit
const BURST_MS = 190; // a chunk for unsteady demand lasts this long ...
const BURST_PERIOD_SHARE = 0.15; // ... or this share of a period, if that is longer: many isolates must not request all the time

// How much an isolate may hold.
const LEASED_CAPACITY_SHARE = 0.5; // share of the bucket's capacity lent along with rates; capacity that is lent is missing in the pool
const HELD_RATE_MS = 100; // an isolate may always hold the tokens of its rate for this long

// How long an isolate pauses between requests.
const SHORT_PAUSE_MS = 6; // after a chunk that was smaller than wanted for unsteady demand ...
const SHORT_PAUSE_PER_ISOLATE_MS = 0.15; // ... or this long for each isolate, if that is longer
const POOL_STOCK_SHARE = 0.05; // share of capacity; while the pool has more, isolates whose demand exceeds their share do not pause

// Small limits: no rates are lent, because tokens that one isolate holds are missing in the others.
const SMALL_TOKENS_PER_REQUEST = 2; // a limit is small if it refills fewer tokens than this between two messages
const SMALL_CAPACITY_PER_ISOLATE = 3; // ... or if its capacity is below this many times the tokens needed, for each isolate
const SMALL_RESPONSE_MS = 50; // demand of this time is granted beside the tokens needed: calls spend it before the next response arrives
const SMALL_LIFETIME_MS = 300; // tokens that are not spent at once expire soon: while they are reserved, the pool cannot refill
const SMALL_REQUEST_RATE = 1.25; // messages of all refused isolates together, over the limit's rate
const SMALL_ATTACK_DEMAND = 2; // demand over rate; above it, and with a pool below `SMALL_SCARCE_SHARE`, isolates pause after grants too
const SMALL_SCARCE_SHARE = 0.1; // share of capacity

/** Demand of all isolates for a bucket, and what follows from it for the isolate that sent a request. */
export interface BucketDemand {
  readonly ratePerMs: number; // rate of the limit, tokens per ms
  readonly isolates: number; // isolates with a lease, the requesting one included
  readonly totalDemandPerMs: number; // tokens per ms
  readonly isBusy: boolean; // demand is above `BUSY_UTILIZATION` of the rate
  readonly maxSharePerMs: number; // the largest rate that one isolate gets, tokens per ms; Infinity if the limit is enough for all
  readonly isSaturated: boolean; // this isolate's demand is above `maxSharePerMs`
  readonly isSmall: boolean; // the limit is too small to lend rates
  readonly periodFactor: number; // in (0, 1]; scales the period, see `LeasedBucket.periodFactor`
  readonly periodMs: number; // time between two renewals of one isolate
  readonly lifetimeMs: number; // time after which a lease expires
}

/**
 * Sums up the demand for a bucket.
 *
 * @param othersPerMs      demand that the other isolates reported, tokens per ms
 * @param periodFactor     the bucket's, in (0, 1]
 * @param expiredRatePerMs rates that expired since the last request, tokens per ms
 */
export function bucketDemand(
  { capacity, rate, intervalMs }: BucketLimit,
  othersPerMs: readonly number[],
  request: LeaseRequest,
  periodFactor: number,
  expiredRatePerMs: number,
): BucketDemand {
  const ratePerMs = rate / intervalMs;
  const isolates = othersPerMs.length + 1;
  const totalDemandPerMs = othersPerMs.reduce((total, demand) => total + demand, request.demandPerMs);
  const isBusy = totalDemandPerMs > BUSY_UTILIZATION * ratePerMs;
  const factor =
    isBusy && expiredRatePerMs > 0
      ? Math.max(MIN_PERIOD_FACTOR, periodFactor * PERIOD_SHRINK ** ((expiredRatePerMs / ratePerMs) * isolates))
      : Math.min(1, periodFactor * PERIOD_GROWTH);
  const minPeriodMs = isBusy ? MIN_PERIOD_MS : MIN_IDLE_PERIOD_MS;
  const periodMs = Math.min(MAX_PERIOD_MS, Math.max(minPeriodMs, (factor * isolates * 1_000) / REQUESTS_PER_SECOND));
  const isSlow = request.requiresRate !== true && (ratePerMs * 1_000) / REQUESTS_PER_SECOND < SMALL_TOKENS_PER_REQUEST;
  const isSmall = isSlow || capacity < SMALL_CAPACITY_PER_ISOLATE * isolates * Math.max(1, request.tokensNeeded);
  const maxSharePerMs = maxMinShare([...othersPerMs, request.demandPerMs], ratePerMs * MAX_LEASED_UTILIZATION);
  return {
    ratePerMs,
    isolates,
    totalDemandPerMs,
    isBusy,
    maxSharePerMs,
    isSaturated: request.demandPerMs >= maxSharePerMs,
    isSmall,
    periodFactor: factor,
    periodMs,
    lifetimeMs: isSmall ? SMALL_LIFETIME_MS : Math.ceil(1.5 * periodMs + 100), // a renewal may be half a period late
  };
}

/**
 * The rate to lend, tokens per ms.
 *
 * @param previousPerMs the rate that the isolate uses now, tokens per ms
 */
export function leasedRate(demand: BucketDemand, request: LeaseRequest, previousPerMs: number): number {
  const wantedPerMs = wantedRate(demand, request);
  const errorPerMs = demand.isSaturated ? 0 : Math.sqrt(previousPerMs / DEMAND_SAMPLE_MS); // standard deviation of Poisson demand
  const isSmallChange = Math.abs(wantedPerMs - previousPerMs) <= RATE_HYSTERESIS * previousPerMs + errorPerMs;
  return isSmallChange ? previousPerMs : wantedPerMs;
}

function wantedRate({ isSmall, isSaturated, maxSharePerMs, isBusy }: BucketDemand, request: LeaseRequest): number {
  if (isSmall || !request.isDemandSteady) return 0;
  if (isSaturated) return maxSharePerMs;
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
  if (demand.isSmall) return tokensNeeded + Math.floor(demandPerMs * SMALL_RESPONSE_MS);
  const burst = (peakDemandPerMs - ratePerMs) * Math.min(periodMs, Math.max(BURST_MS, BURST_PERIOD_SHARE * periodMs));
  if (!isDemandSteady) return Math.max(tokensNeeded, burst - held);
  // If the limit is not enough for all, tokens that one isolate keeps in stock are missing in the others.
  const isEnoughForAll = maxSharePerMs === Number.POSITIVE_INFINITY;
  const [margin, deviations] = isEnoughForAll ? [CHUNK_MARGIN, CHUNK_DEVIATIONS] : [1, 1];
  const mean = (demandPerMs * margin - ratePerMs) * periodMs + deviations * Math.sqrt(demandPerMs * periodMs);
  const wanted = tokensNeeded > 0 || !isBusy ? Math.max(mean, burst) : mean; // the mean lags behind while demand grows
  return Math.max(tokensNeeded, (isSaturated ? Math.min(wanted, poolTokens / 2) : wanted) - held);
}

/**
 * Tokens that the isolate may hold at most. Capacity that is lent is missing in the pool: while the pool needs it, an isolate gets
 * little more than it takes to even out its demand.
 *
 * @param ratePerMs the rate that is lent, tokens per ms
 * @param held      tokens that the isolate holds, those just granted included
 * @param room      capacity that neither other isolates nor the pool need, tokens
 */
export function leasedCapacity(demand: BucketDemand, limit: BucketLimit, ratePerMs: number, held: number, room: number): number {
  if (ratePerMs === 0) return held;
  const deviation = Math.sqrt(ratePerMs * demand.periodMs);
  const evenOut = ratePerMs * HELD_RATE_MS + CHUNK_DEVIATIONS * deviation;
  const headroom = Math.max(0, Math.min(room / 2, deviation)); // demand may pause, and tokens above the capacity are lost
  const share = LEASED_CAPACITY_SHARE * limit.capacity * (ratePerMs / demand.ratePerMs);
  return Math.max(held + headroom, Math.min(share, Math.max(room, evenOut)));
}

/**
 * How long an isolate whose request was refused sends no other one, ms.
 *
 * @param random in [0, 1): spreads the isolates that come back
 */
export function pauseAfterRefusalMs(demand: BucketDemand, request: LeaseRequest, random: number): number {
  const { ratePerMs, isolates, isSmall, isSaturated, periodMs } = demand;
  if (isSmall) return (isolates / (SMALL_REQUEST_RATE * ratePerMs)) * (0.5 + random);
  if (!request.isDemandSteady) return Math.max(BURST_MS, BURST_PERIOD_SHARE * periodMs) / 2;
  return isSaturated ? periodMs : periodMs / 2;
}

/** The outcome of a grant, from which the pause after it follows. */
interface Granted {
  readonly chunk: number; // tokens that were wanted at once
  readonly held: number; // tokens that the isolate holds now
  readonly poolTokens: number; // tokens left in the pool
}

/**
 * How long an isolate that got tokens sends no other request for need, ms.
 *
 * @param random in [0, 1): spreads the isolates that come back
 */
export function pauseAfterGrantMs(
  demand: BucketDemand,
  limit: BucketLimit,
  request: LeaseRequest,
  { chunk, held, poolTokens }: Granted,
  random: number,
): number {
  const { ratePerMs, isolates, totalDemandPerMs, isBusy, isSaturated, isSmall, periodMs } = demand;
  if (isSmall) {
    const isAttack = totalDemandPerMs > SMALL_ATTACK_DEMAND * ratePerMs && poolTokens < SMALL_SCARCE_SHARE * limit.capacity;
    return isAttack ? pauseAfterRefusalMs(demand, request, random) : 0;
  }
  if (isSaturated && request.isDemandSteady) return poolTokens > POOL_STOCK_SHARE * limit.capacity ? 0 : periodMs;
  if (held >= chunk / 2) return 0;
  if (!request.isDemandSteady) return Math.max(SHORT_PAUSE_MS, SHORT_PAUSE_PER_ISOLATE_MS * isolates);
  return isBusy ? periodMs / 2 : 0;
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
