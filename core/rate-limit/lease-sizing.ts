// How much an isolate is lent of a split bucket, and when it comes back. Whatever is said here is safe: the pool lends no more than it has.
import type { LeaseRequest } from "./lease-messages.ts";
import type { BucketLimit } from "./token-bucket.ts";

const CALLS_PER_SECOND = 80; // for one key, of all isolates together
const MIN_PERIOD_MS = 100;
const IDLE_PERIOD_MS = 1_000; // where there is enough for all: nobody misses what lapses
const MAX_PERIOD_MS = 5_000;
const LENT_AT_MOST = 0.98; // of the rate; what is left fills the pool, for those who come new
const CAPACITY_LENT = 0.5; // with rates: what one holds as room, the pool misses
const BUSY = 0.7; // demand over the rate, from where on ...
const UNDER_DEMAND = 0.85; // ... shares are less than the demand of their isolates: what varies comes in chunks, from the pool
const OVER_DEMAND = 1.3;
const HYSTERESIS = 0.1; // a change of a share reserves the larger of both for a while: small ones are not worth it ...
const MEASURED_MS = 4_000; // ... nor what is noise: a mean that forgets within 2 s is as sure as a count over 4 s
const MARGIN = 1.1; // of demand, that chunks provide for; 1 where there is not enough for all
const SPREAD = 2; // standard deviations of a demand without memory, that chunks provide for, too; 1 where there is not enough
const BURST_MS = 190; // that a chunk serves where demand is not steady, at least ...
const BURST_SHARE = 0.15; // ... and of the period: many isolates must not ask all the time
const EVENS_MS = 100; // of its rate, that an isolate may hold in any case
const SHORT_MS = 6; // nothing is asked for so long, where a burst has got less than it wanted; or for ...
const SHORT_EACH_MS = 0.15; // ... each isolate, where there are many
const STOCK = 0.05; // of the capacity: while the pool has more, who wants more than its share gets it at once
const MIN_PACE = 0.1;
const FASTER = 0.9; // with each share of the mean size that lapses while the key is busy
const SLOWER = 1.01; // with each ask else
const SMALL = 2; // tokens a round and isolate: a limit with fewer lends no rates; what one isolate sits on, the others would miss
const FLIGHT_MS = 50; // of demand, that a small limit lends beside what is needed: it is spent before another answer can be there
const SMALL_LIFE_MS = 300; // of what is spent at once: while it is reserved, the pool has no room for what comes back
const SCARCE = 0.1; // of the capacity of a small limit: under an attack, who got something pauses, too, where the pool has less

/** What all isolates together want of a bucket, and what follows from it for the one that asks. */
export interface BucketDemand {
  readonly ratePerMs: number; // of the limit, tokens per ms
  readonly isolates: number;
  readonly totalDemandPerMs: number; // of all, tokens per ms
  readonly isBusy: boolean;
  readonly maxSharePerMs: number; // the most that one gets, tokens per ms
  readonly isSaturated: boolean; // this one wants more than that
  readonly isSmall: boolean; // no rates are lent
  readonly periodFactor: number;
  readonly periodMs: number;
  readonly lifetimeMs: number;
}

/**
 * @param others what other isolates have said of their demand, tokens per ms
 * @param pace   of the pool, in (0, 1]
 * @param lapsed rates that have lapsed since the last ask, tokens per ms
 */
export function bucketDemand(
  { capacity, ...limit }: BucketLimit,
  others: readonly number[],
  ask: LeaseRequest,
  pace: number,
  lapsed: number,
): BucketDemand {
  const rate = limit.rate / limit.intervalMs;
  const isolates = others.length + 1;
  const demand = others.reduce((total, one) => total + one, ask.demandPerMs);
  const isBusy = demand > BUSY * rate;
  const faster = isBusy && lapsed > 0 ? Math.max(MIN_PACE, pace * FASTER ** ((lapsed / rate) * isolates)) : Math.min(1, pace * SLOWER);
  const least = isBusy ? MIN_PERIOD_MS : IDLE_PERIOD_MS;
  const periodMs = Math.min(MAX_PERIOD_MS, Math.max(least, (faster * isolates * 1_000) / CALLS_PER_SECOND));
  const isSlow = ask.requiresRate !== true && (rate * 1_000) / CALLS_PER_SECOND < SMALL;
  const isSmall = isSlow || capacity < 3 * isolates * Math.max(1, ask.tokensNeeded);
  const level = maxMinShare([...others, ask.demandPerMs], rate * LENT_AT_MOST);
  const lifeMs = isSmall ? SMALL_LIFE_MS : Math.ceil(1.5 * periodMs + 100);
  return {
    ratePerMs: rate,
    isolates,
    totalDemandPerMs: demand,
    isBusy,
    maxSharePerMs: level,
    isSaturated: ask.demandPerMs >= level,
    isSmall,
    periodFactor: faster,
    periodMs,
    lifetimeMs: lifeMs,
  };
}

/** @param before the rate it lives on, tokens per ms */
export function leasedRate(
  { maxSharePerMs: level, isBusy, isSaturated, isSmall }: BucketDemand,
  ask: LeaseRequest,
  before: number,
): number {
  const wanted = isSmall || !ask.isDemandSteady ? 0 : isSaturated ? level : ask.demandPerMs * (isBusy ? UNDER_DEMAND : OVER_DEMAND);
  const noise = isSaturated ? 0 : Math.sqrt(before / MEASURED_MS);
  return Math.abs(wanted - before) <= HYSTERESIS * before + noise ? before : wanted;
}

/**
 * Tokens at once, beside the rate: what the demand may take until the next ask, and the rate does not bring.
 *
 * @param perMs the rate it gets
 * @param has   tokens it holds
 * @param left  tokens in the pool
 */
export function chunkSize(traffic: BucketDemand, ask: LeaseRequest, perMs: number, has: number, left: number): number {
  const { periodMs, maxSharePerMs: level, isBusy, isSaturated } = traffic;
  if (traffic.isSmall) return ask.tokensNeeded + Math.floor(ask.demandPerMs * FLIGHT_MS);
  const burst = (ask.peakDemandPerMs - perMs) * Math.min(periodMs, Math.max(BURST_MS, BURST_SHARE * periodMs));
  // Where there is not enough for all, what one keeps in stock others miss.
  const [margin, spread] = level === Number.POSITIVE_INFINITY ? [MARGIN, SPREAD] : [1, 1];
  const steady = (ask.demandPerMs * margin - perMs) * periodMs + spread * Math.sqrt(ask.demandPerMs * periodMs);
  if (!ask.isDemandSteady) return Math.max(ask.tokensNeeded, burst - has);
  const ahead = ask.tokensNeeded > 0 || !isBusy ? Math.max(steady, burst) : steady; // a mean is late where demand grows
  return Math.max(ask.tokensNeeded, (isSaturated ? Math.min(ahead, left / 2) : ahead) - has);
}

/**
 * The most that it may hold. A capacity that is lent is room the pool has no longer: while it has use for it, little more than what
 * serves to even out.
 *
 * @param perMs the rate it gets
 * @param has   tokens it holds, with what it gets
 * @param room  that neither others nor the pool have use for, tokens
 */
export function leasedCapacity(
  { ratePerMs: rate, periodMs }: BucketDemand,
  limit: BucketLimit,
  perMs: number,
  has: number,
  room: number,
): number {
  if (perMs === 0) return has;
  const deviation = Math.sqrt(perMs * periodMs);
  const evens = perMs * EVENS_MS + SPREAD * deviation;
  const head = Math.max(0, Math.min(room / 2, deviation)); // for a lull: what overflows is lost
  return Math.max(has + head, Math.min(CAPACITY_LENT * limit.capacity * (perMs / rate), Math.max(room, evens)));
}

/** When one that was refused may ask again, ms. @param roll a number in [0, 1): spreads those who come back */
export function pauseAfterRefusalMs(
  { ratePerMs: rate, isolates, isSmall, isSaturated, periodMs }: BucketDemand,
  ask: LeaseRequest,
  roll: number,
): number {
  if (isSmall) return (isolates / (1.25 * rate)) * (0.5 + roll);
  if (!ask.isDemandSteady) return Math.max(BURST_MS, BURST_SHARE * periodMs) / 2;
  return isSaturated ? periodMs : periodMs / 2;
}

/** How long one that got something does not ask for more, ms. @param got what it wanted and has now, and what the pool has left */
export function pauseAfterGrantMs(
  traffic: BucketDemand,
  limit: BucketLimit,
  ask: LeaseRequest,
  got: { readonly chunk: number; readonly has: number; readonly left: number },
  roll: number,
): number {
  const { ratePerMs: rate, isolates, totalDemandPerMs: demand, isBusy, isSaturated, isSmall, periodMs } = traffic;
  if (isSmall) return demand > 2 * rate && got.left < SCARCE * limit.capacity ? pauseAfterRefusalMs(traffic, ask, roll) : 0;
  if (isSaturated && ask.isDemandSteady) return got.left > STOCK * limit.capacity ? 0 : periodMs;
  if (got.has >= got.chunk / 2) return 0;
  if (!ask.isDemandSteady) return Math.max(SHORT_MS, SHORT_EACH_MS * isolates);
  return isBusy ? periodMs / 2 : 0;
}

/**
 * The most that one of several demands gets where all of them are more than the rate; Infinity where there is enough for all.
 *
 * @see Bertsekas and Gallager, Data Networks, section 6.5.2 (max-min fairness)
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
