// The object's half of a leased bucket. The bucket is split: every isolate has a rate and a capacity of its own for a while, the pool
// has the rest. All rates together are never more than the limit's, nor all capacities; so no window admits more than one bucket would.
import { assert } from "../assert.ts";
import type { LeaseGrant, LeaseRequest } from "./lease-messages.ts";
import { bucketDemand, chunkSize, leasedCapacity, leasedRate, pauseAfterGrantMs, pauseAfterRefusalMs } from "./lease-sizing.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** Plain data: fit for storage. */
export interface LeasedBucket {
  readonly tokens: number;
  readonly updatedAt: number; // epoch ms of the object's clock
  readonly leases: Readonly<Record<string, LeaseRecord>>; // by isolate
  readonly periodFactor: number; // in (0, 1]: how much sooner than usual shares lapse, because too much lapsed unused
}

interface LeasedShare {
  readonly ratePerMs: number;
  readonly capacity: number; // the most it can hold, tokens
  readonly expiresAt: number; // epoch ms: nothing of it can be spent after
}

export interface LeaseRecord {
  readonly sequence: number;
  readonly demandPerMs: number; // tokens per ms
  readonly activeUntil: number; // counts as active until then, epoch ms
  readonly current: LeasedShare; // as granted
  readonly previous: LeasedShare; // what it lives on where that grant never arrived
}

/** Clocks run at rates that differ a little, and a Worker's stands still between two turns of I/O. */
export const CLOCK_GUARD_MS = 250;
const NOTHING: LeasedShare = { ratePerMs: 0, capacity: 0, expiresAt: 0 };

export function fullLeasedBucket(limit: BucketLimit, now: number): LeasedBucket {
  return { tokens: limit.capacity, updatedAt: now, leases: {}, periodFactor: 1 };
}

/** When nothing of a loan can be spent any more, and nobody counts its isolate as active, epoch ms. */
export function leaseEndsAt({ current: now, previous: before, activeUntil: seenUntil }: LeaseRecord): number {
  return Math.max(now.expiresAt, before.expiresAt, seenUntil);
}

/** When a pool that nobody asks again is full with nothing lent, epoch ms: forgetting it then changes nothing. */
export function bucketEndsAt(pool: LeasedBucket, limit: BucketLimit): number {
  const lapsed = Object.values(pool.leases).reduce(
    (last, { current: now, previous: before }) => Math.max(last, now.expiresAt, before.expiresAt),
    pool.updatedAt,
  );
  return lapsed + Math.ceil((limit.capacity * limit.intervalMs) / limit.rate) + 1; // sums of fractions come out a little low
}

/** What may be spent of what is lent at once, tokens: never more than the capacity. */
export function reservedByLeases(loans: LeasedBucket["leases"]): { readonly capacity: number; readonly ratePerMs: number } {
  let [capacity, ratePerMs] = [0, 0];
  for (const { current: now, previous: before } of Object.values(loans)) {
    capacity += Math.max(now.capacity, before.capacity);
    ratePerMs += Math.max(now.ratePerMs, before.ratePerMs);
  }
  return { capacity, ratePerMs };
}

/**
 * Answers one ask. A renewal never shortens what an isolate may be living on: its grant may be lost on the way, so both are reserved
 * until the isolate says which it applied. What lapses is gone with what was left of it: the dead keep nothing from the living.
 *
 * @param now  epoch ms; a clock that steps back refills nothing
 * @param roll a number in [0, 1): spreads those who come back
 * @returns the pool after it, and the grant; `undefined` where a later ask of the same isolate has been answered already
 */
export function grantLease(
  known: LeasedBucket | undefined,
  limit: BucketLimit,
  ask: LeaseRequest,
  now: number,
  roll: number,
): [LeasedBucket, LeaseGrant | undefined] {
  assert(ask.tokensNeeded >= 0 && ask.tokensHeld >= 0 && ask.demandPerMs >= 0, "an ask has no negative numbers");
  const [pool, lapsed] = refill(known ?? fullLeasedBucket(limit, now), limit, now);
  const mine = pool.leases[ask.isolate];
  if (mine !== undefined && ask.sequence <= mine.sequence) return [pool, undefined];

  const { [ask.isolate]: _, ...others } = pool.leases;
  const lent = reservedByLeases(others);
  const basis = mine === undefined ? NOTHING : ask.appliedSequence === mine.sequence ? mine.current : mine.previous;
  const has = Math.min(ask.tokensHeld, basis.capacity); // nobody holds what was not lent
  const room = Math.max(0, limit.capacity - lent.capacity); // for what it may hold and the pool has, together
  const demands = Object.values(others).map(({ demandPerMs: demand }) => demand);
  const traffic = bucketDemand(limit, demands, ask, pool.periodFactor, lapsed);
  const { ratePerMs: rate } = traffic;

  const perMs = Math.max(0, Math.min(leasedRate(traffic, ask, basis.ratePerMs), rate - lent.ratePerMs));
  const chunk = chunkSize(traffic, ask, perMs, has, pool.tokens);
  const whole = Math.floor(Math.min(chunk, pool.tokens, Math.max(0, room - has)));
  const isRefused = whole + has < ask.tokensNeeded;
  const tokens = isRefused ? 0 : whole;
  const capacity = Math.min(room, leasedCapacity(traffic, limit, perMs, has + tokens, room - (pool.tokens - tokens)));
  const left = Math.max(0, Math.min(pool.tokens - tokens, room - Math.max(capacity, basis.capacity)));

  const retryAfterMs = Math.max(0, Math.ceil((isRefused ? ask.tokensNeeded - has - pool.tokens : 1 - left) / rate)); // until the pool has it
  const got = { chunk, has: has + tokens, left };
  const rests = isRefused ? pauseAfterRefusalMs(traffic, ask, roll) : pauseAfterGrantMs(traffic, limit, ask, got, roll);
  const pauseMs = rests === 0 ? 0 : Math.ceil(Math.max(retryAfterMs, rests));
  const { periodMs, lifetimeMs: lifeMs, periodFactor: pace } = traffic;
  const until = now + lifeMs + CLOCK_GUARD_MS;
  const loan: LeaseRecord = {
    sequence: ask.sequence,
    demandPerMs: ask.demandPerMs,
    activeUntil: Math.max(until, now + pauseMs + CLOCK_GUARD_MS),
    current: { ratePerMs: perMs, capacity, expiresAt: until },
    previous: basis.expiresAt > now ? { ...basis, capacity: Math.max(basis.capacity, has) } : NOTHING,
  };
  const after: LeasedBucket = { tokens: left, updatedAt: pool.updatedAt, leases: { ...others, [ask.isolate]: loan }, periodFactor: pace };
  return [
    after,
    {
      sequence: ask.sequence,
      tokens,
      ratePerMs: perMs,
      capacity,
      lifetimeMs: lifeMs,
      renewAfterMs: periodMs,
      pauseMs,
      retryAfterMs,
      poolTokens: left,
    },
  ];
}

/** What the pool has earned meanwhile beside the rates that are lent, as far as there is room; and the rates that have lapsed, together. */
function refill(pool: LeasedBucket, limit: BucketLimit, now: number): [LeasedBucket, lapsed: number] {
  let { tokens, updatedAt: at, leases: loans } = pool;
  let lapsed = 0;
  while (at < now) {
    const next = Object.values(loans).reduce((soonest, loan) => Math.min(soonest, lapse(loan.current, at), lapse(loan.previous, at)), now);
    const lent = reservedByLeases(loans);
    const earned = (next - at) * Math.max(0, limit.rate / limit.intervalMs - lent.ratePerMs);
    tokens = Math.max(0, Math.min(tokens + earned, limit.capacity - lent.capacity));
    at = next;
    for (const loan of Object.values(loans)) if (loan.current.expiresAt === at) lapsed += loan.current.ratePerMs;
    loans = living(loans, at);
  }
  return [{ tokens, updatedAt: at, leases: loans, periodFactor: pool.periodFactor }, lapsed];
}

/** The next lapse of a share, epoch ms; never for one that has lapsed. */
function lapse({ expiresAt: until }: LeasedShare, at: number): number {
  return until > at ? until : Number.POSITIVE_INFINITY;
}

function living(loans: LeasedBucket["leases"], at: number): LeasedBucket["leases"] {
  const kept: Record<string, LeaseRecord> = {};
  for (const [isolate, loan] of Object.entries(loans)) {
    if (loan.activeUntil <= at) continue;
    kept[isolate] = {
      ...loan,
      current: loan.current.expiresAt > at ? loan.current : NOTHING,
      previous: loan.previous.expiresAt > at ? loan.previous : NOTHING,
    };
  }
  return kept;
}
