// How long an isolate pauses between requests to a leased bucket. As in lease-sizing.ts, no value computed here can break the limit.
import type { LeaseRequest } from "./lease-messages.ts";
import { type BucketDemand, burstMs } from "./lease-sizing.ts";
import type { BucketLimit } from "./token-bucket.ts";

const SHORT_PAUSE_MS = 6; // after a chunk that was smaller than wanted for unsteady demand ...
const SHORT_PAUSE_PER_ISOLATE_MS = 0.15; // ... or this long for each isolate, if that is longer
const POOL_STOCK_SHARE = 0.05; // share of capacity; while the pool has more, isolates whose demand exceeds their share do not pause
const SMALL_REQUEST_RATE = 1.25; // messages of all refused isolates together, over the limit's rate
const SMALL_ATTACK_DEMAND = 2; // demand over rate; above it, and with a pool below `SMALL_SCARCE_SHARE`, isolates pause after grants too
const SMALL_SCARCE_SHARE = 0.1; // share of capacity

/**
 * How long an isolate whose request was refused sends no other one, ms.
 *
 * @param random in [0, 1): spreads the isolates that come back
 */
export function pauseAfterRefusalMs(demand: BucketDemand, request: LeaseRequest, random: number): number {
  const { pacingRatePerMs, isolates, isSmall, isSaturated, periodMs } = demand;
  if (isSmall) return (isolates / (SMALL_REQUEST_RATE * pacingRatePerMs)) * (0.5 + random);
  if (!request.isDemandSteady) return burstMs(periodMs) / 2;
  return isSaturated ? periodMs : periodMs / 2;
}

/** The outcome of a grant, from which the pause after it follows. */
export interface Granted {
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
  // The chunk may have been small since less than a token was wanted: calls are not refused while the pool has plenty.
  if (poolTokens > POOL_STOCK_SHARE * limit.capacity) return 0;
  if (isSaturated && request.isDemandSteady) return periodMs;
  if (held >= chunk / 2) return 0;
  if (!request.isDemandSteady) return Math.max(SHORT_PAUSE_MS, SHORT_PAUSE_PER_ISOLATE_MS * isolates);
  return isBusy ? periodMs / 2 : 0;
}

/**
 * How long an isolate sends no other request for need, ms. A pause lasts at least until the pool has tokens.
 *
 * @param granted      undefined after a refusal
 * @param retryAfterMs until the pool has the tokens needed, or one more
 * @param random       in [0, 1): spreads the isolates that come back
 */
export function pauseAfterMs(
  demand: BucketDemand,
  limit: BucketLimit,
  request: LeaseRequest,
  granted: Granted | undefined,
  retryAfterMs: number,
  random: number,
): number {
  const spread = spreadPauseMs(demand, request, retryAfterMs, random);
  const pause =
    granted === undefined ? pauseAfterRefusalMs(demand, request, random) : pauseAfterGrantMs(demand, limit, request, granted, random);
  const { maxPauseMs = Number.POSITIVE_INFINITY } = demand;
  return pause === 0 ? spread : Math.ceil(Math.min(maxPauseMs, Math.max(spread, retryAfterMs, pause)));
}

/**
 * How long an isolate whose calls do not wait sends no other request while the pool of a small limit is empty, ms. Its calls pass before they
 * are paid: if all isolates let one pass as soon as the pool has one token, the pool would sink further with each of them.
 *
 * @param retryAfterMs until the pool has a token
 * @param random       in [0, 1): spreads the isolates
 * @returns 0 for other isolates
 */
function spreadPauseMs(
  { isSmall, isolates, pacingRatePerMs }: BucketDemand,
  request: LeaseRequest,
  retryAfterMs: number,
  random: number,
): number {
  if (!isSmall || request.tokensNeeded > 0 || retryAfterMs === 0) return 0;
  return Math.ceil(retryAfterMs + ((isolates - 1) / pacingRatePerMs) * (0.5 + random));
}
