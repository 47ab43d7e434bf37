// How much of a key an isolate may let pass before the key's Durable Object has granted it. Such tokens are a debt: the next request reports
// them, and the Durable Object charges them to the bucket. docs/rate-limiting.md derives the bound that follows ("The bound under debt").
import type { BucketLimit } from "../token-bucket.ts";

/** Under one rule. */
export interface DebtLimit {
  readonly tokens: number; // d: debt of one isolate for one key
  readonly ratePerMs: number; // rate of the whole bucket, tokens per ms
  readonly warmTokens?: number; // the most for an isolate that knows how many others there are; absent: `tokens`, whatever it knows
}

/** What the latest grant said of a bucket. */
export interface PoolKnowledge {
  readonly tokens: number; // in the Durable Object, at `at`
  readonly at: number; // epoch ms; the time of the grant, or the end of the pause that it ordered
  readonly lessees?: number; // isolates that had a lease of it then; absent where the Durable Object does not say so
}

/** For rules that wait until the Durable Object has granted tokens. */
export const NO_DEBT: DebtLimit = { tokens: 0, ratePerMs: 0 };

const MIN_TOKENS = 20; // the first calls of a web page
const CAPACITY_SHARE = 0.25;
const SHARED_TOKENS = 1; // every isolate may owe as much, so a key that all isolates share needs the smallest one
const SHARED_WARM_TOKENS = 6; // more calls than a small isolate has within a round trip; one with many calls gets a lease that lasts
const SHARES = 4; // an isolate may owe so many times its share of the pool: that all owe as much at the same time is rare
const WARM_MS = 10_000; // after that time a grant says nothing of the number of isolates

/** @param isShared whether all callers share the key, so that many isolates have calls for it at the same time */
export function debtLimitOf({ capacity, rate, intervalMs }: BucketLimit, isShared: boolean): DebtLimit {
  const ratePerMs = rate / intervalMs;
  if (isShared) return { tokens: SHARED_TOKENS, ratePerMs, warmTokens: Math.min(capacity, SHARED_WARM_TOKENS) };
  return { tokens: Math.min(capacity, Math.max(MIN_TOKENS, Math.floor(CAPACITY_SHARE * capacity))), ratePerMs };
}

/**
 * The most tokens that the Durable Object can have of a bucket: it earns no faster than its rate. An isolate that is the only one to use the
 * key spends no more than there is, if its debt stays below.
 *
 * @param pool undefined before the first grant: anything up to a full bucket
 */
export function poolAtMost(pool: PoolKnowledge | undefined, ratePerMs: number, now: number): number {
  return pool === undefined ? Number.POSITIVE_INFINITY : pool.tokens + Math.max(0, now - pool.at) * ratePerMs;
}

/** What an isolate may owe of a key now. */
export interface DebtBound {
  readonly tokens: number;
  readonly isShare: boolean; // more would be beyond the isolate's share of the bucket: its calls are refused, and do not wait
}

/** A key that all callers share gets a larger debt than d while the latest grant says how many isolates have to get by with what it left. */
export function debtBound(limit: DebtLimit, pool: PoolKnowledge | undefined, now: number): DebtBound {
  const { tokens, warmTokens } = limit;
  const isWarm = pool?.lessees !== undefined && now - pool.at <= WARM_MS;
  if (warmTokens === undefined || !isWarm) return { tokens, isShare: false };
  const share = (SHARES * pool.tokens) / pool.lessees!;
  return { tokens: Math.max(tokens, Math.min(warmTokens, share)), isShare: share < warmTokens };
}

/**
 * The most that isolates together owe of a key that all callers share, tokens, if they have their first contact at the same time: none of
 * their leases has ended, so the grant of the n-th of them names n lessees.
 */
export function sharedDebtAtMost(limit: BucketLimit, isolates: number): number {
  const debt = debtLimitOf(limit, true);
  const pool = { tokens: limit.capacity, at: 0 };
  let sum = 0;
  for (let lessees = 1; lessees <= isolates; lessees++) sum += debtBound(debt, { ...pool, lessees }, 0).tokens;
  return Math.floor(sum);
}

const COLLECT_MS = 5; // a request waits this long for those of other keys, and shares a message with them
const COLLECT_DEBT_MS = 150; // the same for a small debt: a caller with ten calls a second then causes a message for every third one
const SMALL_DEBT_SHARE = 0.125; // share of the debt limit

/**
 * How long a request in the background waits before it is sent, ms. A small debt can wait for further calls, unless the bucket was empty: then
 * each token counts.
 *
 * @param unsentDebt tokens; 0 for a renewal
 */
export function collectMs(
  { unsentDebt, isEmpty }: { readonly unsentDebt: number; readonly isEmpty: boolean },
  { tokens }: DebtLimit,
): number {
  const isSmall = unsentDebt > 0 && unsentDebt <= SMALL_DEBT_SHARE * tokens;
  return isSmall && !isEmpty ? COLLECT_DEBT_MS : COLLECT_MS;
}
