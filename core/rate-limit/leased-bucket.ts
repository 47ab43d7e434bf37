// The object's half of a leased bucket. The bucket is split: every isolate has a rate and a capacity of its own for a while, the pool
// has the rest. All rates together are never more than the limit's, nor all capacities; so no window admits more than one bucket would.
import { assert } from "../assert.ts";
import type { Ask, Grant } from "./lease-messages.ts";
import { capacityFor, chunkFor, pacedMs, rateFor, restMs, trafficOf } from "./lease-sizing.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** Plain data: fit for storage. */
export interface Pool {
  readonly tokens: number;
  readonly at: number; // epoch ms of the object's clock
  readonly loans: Readonly<Record<string, Loan>>; // by isolate
  readonly pace: number; // in (0, 1]: how much sooner than usual shares lapse, because too much lapsed unused
}

interface Share {
  readonly perMs: number;
  readonly capacity: number; // the most it can hold, tokens
  readonly until: number; // epoch ms: nothing of it can be spent after
}

export interface Loan {
  readonly turn: number;
  readonly demand: number; // tokens per ms
  readonly seenUntil: number; // counts as active until then, epoch ms
  readonly now: Share; // as granted
  readonly before: Share; // what it lives on where that grant never arrived
}

/** Clocks run at rates that differ a little, and a Worker's stands still between two turns of I/O. */
export const GUARD_MS = 250;
const NOTHING: Share = { perMs: 0, capacity: 0, until: 0 };

export function fullPool(limit: BucketLimit, now: number): Pool {
  return { tokens: limit.capacity, at: now, loans: {}, pace: 1 };
}

/** When nothing of a loan can be spent any more, and nobody counts its isolate as active, epoch ms. */
export function goneAt({ now, before, seenUntil }: Loan): number {
  return Math.max(now.until, before.until, seenUntil);
}

/** When a pool that nobody asks again is full with nothing lent, epoch ms: forgetting it then changes nothing. */
export function idleAt(pool: Pool, limit: BucketLimit): number {
  const lapsed = Object.values(pool.loans).reduce((last, { now, before }) => Math.max(last, now.until, before.until), pool.at);
  return lapsed + Math.ceil((limit.capacity * limit.intervalMs) / limit.rate) + 1; // sums of fractions come out a little low
}

/** What may be spent of what is lent at once, tokens: never more than the capacity. */
export function reserved(loans: Pool["loans"]): { readonly capacity: number; readonly perMs: number } {
  let [capacity, perMs] = [0, 0];
  for (const { now, before } of Object.values(loans)) {
    capacity += Math.max(now.capacity, before.capacity);
    perMs += Math.max(now.perMs, before.perMs);
  }
  return { capacity, perMs };
}

/**
 * Answers one ask. A renewal never shortens what an isolate may be living on: its grant may be lost on the way, so both are reserved
 * until the isolate says which it applied. What lapses is gone with what was left of it: the dead keep nothing from the living.
 *
 * @param now  epoch ms; a clock that steps back refills nothing
 * @param roll a number in [0, 1): spreads those who come back
 * @returns the pool after it, and the grant; `undefined` where a later ask of the same isolate has been answered already
 */
export function lend(known: Pool | undefined, limit: BucketLimit, ask: Ask, now: number, roll: number): [Pool, Grant | undefined] {
  assert(ask.need >= 0 && ask.has >= 0 && ask.perMs >= 0, "an ask has no negative numbers");
  const [pool, lapsed] = refill(known ?? fullPool(limit, now), limit, now);
  const mine = pool.loans[ask.isolate];
  if (mine !== undefined && ask.turn <= mine.turn) return [pool, undefined];

  const { [ask.isolate]: _, ...others } = pool.loans;
  const lent = reserved(others);
  const basis = mine === undefined ? NOTHING : ask.applied === mine.turn ? mine.now : mine.before;
  const has = Math.min(ask.has, basis.capacity); // nobody holds what was not lent
  const room = Math.max(0, limit.capacity - lent.capacity); // for what it may hold and the pool has, together
  const demands = Object.values(others).map(({ demand }) => demand);
  const traffic = trafficOf(limit, demands, ask, pool.pace, lapsed);
  const { rate } = traffic;

  const perMs = Math.max(0, Math.min(rateFor(traffic, ask, basis.perMs), rate - lent.perMs));
  const chunk = chunkFor(traffic, ask, perMs, has, pool.tokens);
  const whole = Math.floor(Math.min(chunk, pool.tokens, Math.max(0, room - has)));
  const isRefused = whole + has < ask.need;
  const tokens = isRefused ? 0 : whole;
  const capacity = Math.min(room, capacityFor(traffic, limit, perMs, has + tokens, room - (pool.tokens - tokens)));
  const left = Math.max(0, Math.min(pool.tokens - tokens, room - Math.max(capacity, basis.capacity)));

  const retryAfterMs = Math.max(0, Math.ceil((isRefused ? ask.need - has - pool.tokens : 1 - left) / rate)); // until the pool has it
  const got = { chunk, has: has + tokens, left };
  const rests = isRefused ? pacedMs(traffic, ask, roll) : restMs(traffic, limit, ask, got, roll);
  const pauseMs = rests === 0 ? 0 : Math.ceil(Math.max(retryAfterMs, rests));
  const { periodMs, lifeMs, pace } = traffic;
  const until = now + lifeMs + GUARD_MS;
  const loan: Loan = {
    turn: ask.turn,
    demand: ask.perMs,
    seenUntil: Math.max(until, now + pauseMs + GUARD_MS),
    now: { perMs, capacity, until },
    before: basis.until > now ? { ...basis, capacity: Math.max(basis.capacity, has) } : NOTHING,
  };
  const after: Pool = { tokens: left, at: pool.at, loans: { ...others, [ask.isolate]: loan }, pace };
  return [after, { turn: ask.turn, tokens, perMs, capacity, lifeMs, periodMs, pauseMs, retryAfterMs, left }];
}

/** What the pool has earned meanwhile beside the rates that are lent, as far as there is room; and the rates that have lapsed, together. */
function refill(pool: Pool, limit: BucketLimit, now: number): [Pool, lapsed: number] {
  let { tokens, at, loans } = pool;
  let lapsed = 0;
  while (at < now) {
    const next = Object.values(loans).reduce((soonest, loan) => Math.min(soonest, lapse(loan.now, at), lapse(loan.before, at)), now);
    const lent = reserved(loans);
    const earned = (next - at) * Math.max(0, limit.rate / limit.intervalMs - lent.perMs);
    tokens = Math.max(0, Math.min(tokens + earned, limit.capacity - lent.capacity));
    at = next;
    for (const loan of Object.values(loans)) if (loan.now.until === at) lapsed += loan.now.perMs;
    loans = living(loans, at);
  }
  return [{ tokens, at, loans, pace: pool.pace }, lapsed];
}

/** The next lapse of a share, epoch ms; never for one that has lapsed. */
function lapse({ until }: Share, at: number): number {
  return until > at ? until : Number.POSITIVE_INFINITY;
}

function living(loans: Pool["loans"], at: number): Pool["loans"] {
  const kept: Record<string, Loan> = {};
  for (const [isolate, loan] of Object.entries(loans)) {
    if (loan.seenUntil <= at) continue;
    kept[isolate] = { ...loan, now: loan.now.until > at ? loan.now : NOTHING, before: loan.before.until > at ? loan.before : NOTHING };
  }
  return kept;
}
