// The object's half of a leased bucket. The bucket is split: every isolate has a rate and a capacity of its own for a while, the pool
// has the rest. All rates together are never more than the limit's, nor all capacities; so no window admits more than one bucket would.
import { assert } from "../assert.ts";
import type { BucketLimit } from "./token-bucket.ts";

/** What an isolate asks for. */
export interface Ask {
  readonly isolate: string;
  readonly turn: number; // grows with each ask of this isolate for this key
  readonly applied: number; // the turn whose grant it lives on; 0 for none
  readonly has: number; // tokens it holds at the moment of sending
  readonly need: number; // tokens that calls wait for; 0 where nothing waits
  readonly perMs: number; // demand it has seen, refused calls included, tokens per ms: the mean ...
  readonly peakPerMs: number; // ... and the latest
  readonly isSteady: boolean; // it has seen demand for a while: a rate of its own will be used
  readonly insists?: boolean; // on a rate of its own, also where one of two tokens a round is all there is to share
}

export interface Grant {
  readonly turn: number; // of the ask that is answered
  readonly tokens: number; // to add to what it has
  readonly perMs: number; // and what comes back of itself from now on, tokens per ms ...
  readonly capacity: number; // ... as long as it has less than this
  readonly lifeMs: number; // all of it lapses so long after the ask was sent
  readonly periodMs: number; // when to ask again, if not for need
  readonly pauseMs: number; // not before, even for need: the pool has nothing
  readonly retryAfterMs: number; // what to tell a caller that is refused meanwhile
  readonly left: number; // tokens in the pool after it
}

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
const CALLS_PER_SECOND = 80; // for one key, of all isolates together
const MIN_PERIOD_MS = 100;
const IDLE_PERIOD_MS = 1_000; // where there is enough for all: nobody misses what lapses
const MAX_PERIOD_MS = 5_000;
const LENT_AT_MOST = 0.98; // of the rate; what is left fills the pool, for those who come new
const CAPACITY_LENT = 0.8;
const BUSY = 0.7; // demand over the rate, from where on ...
const UNDER_DEMAND = 0.85; // ... shares are less than the demand of their isolates: what varies comes in chunks, from the pool
const OVER_DEMAND = 1.3;
const HYSTERESIS = 0.1; // a change of a share reserves the larger of both for a while: small ones are not worth it
const MARGIN = 1.1; // of demand, that chunks provide for
const BURST_MS = 190; // that a chunk serves where demand is not steady, at least ...
const BURST_SHARE = 0.15; // ... and of the period: many isolates must not ask all the time
const EVENS_MS = 100; // of its rate, that an isolate may hold in any case
const SPREAD = 2; // standard deviations of a demand without memory, that chunks provide for, too
const SHORT_MS = 6; // nothing is asked for so long, where a burst has got less than it wanted
const STOCK = 0.05; // of the capacity: while the pool has more, who wants more than its share gets it at once
const MIN_PACE = 0.1;
const FASTER = 0.9; // with each share of the mean size that lapses while the key is busy
const SLOWER = 1.01; // with each ask else
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
  const rate = limit.rate / limit.intervalMs;
  const demands = Object.values(others).map(({ demand }) => demand);
  const isolates = demands.length + 1;
  const total = sum(demands) + ask.perMs;
  const isBusy = total > BUSY * rate;
  const pace =
    isBusy && lapsed > 0 ? Math.max(MIN_PACE, pool.pace * FASTER ** ((lapsed / rate) * isolates)) : Math.min(1, pool.pace * SLOWER);
  const least = isBusy ? MIN_PERIOD_MS : IDLE_PERIOD_MS;
  const periodMs = Math.min(MAX_PERIOD_MS, Math.max(least, (pace * isolates * 1_000) / CALLS_PER_SECOND));
  const lifeMs = Math.ceil(1.5 * periodMs + 100);
  // Small shares are not lent: what one isolate sits on, the others would miss.
  const isSmall = (ask.insists !== true && (rate * 1_000) / CALLS_PER_SECOND < 2) || limit.capacity < 3 * isolates * Math.max(1, ask.need);

  const level = fairLevel([...demands, ask.perMs], rate * LENT_AT_MOST);
  const isSaturated = ask.perMs >= level;
  const wanted = isSmall || !ask.isSteady ? 0 : isSaturated ? level : ask.perMs * (isBusy ? UNDER_DEMAND : OVER_DEMAND);
  const isNear = Math.abs(wanted - basis.perMs) <= HYSTERESIS * basis.perMs; // a change reserves the larger of both for a while
  const perMs = Math.max(0, Math.min(isNear ? basis.perMs : wanted, rate - lent.perMs));
  const mineCapacity = Math.max(0, Math.min(limit.capacity - lent.capacity, CAPACITY_LENT * limit.capacity * (perMs / rate)));
  // A chunk at once, beside the rate: what the demand may take until the next ask, and the rate does not bring.
  const burstMs = Math.max(BURST_MS, BURST_SHARE * periodMs);
  const burst = (ask.peakPerMs - perMs) * Math.min(periodMs, burstMs);
  const steady = (ask.perMs * MARGIN - perMs) * periodMs + SPREAD * Math.sqrt(ask.perMs * periodMs);
  const ahead = !ask.isSteady ? burst : ask.need > 0 || !isBusy ? Math.max(steady, burst) : steady; // a mean is late where demand grows
  const chunk = isSmall ? ask.need : Math.max(ask.need, (isSaturated && ask.isSteady ? Math.min(ahead, pool.tokens / 2) : ahead) - has);
  const part = Math.min(Math.max(0, chunk), pool.tokens, Math.max(0, limit.capacity - lent.capacity - has));
  const whole = Math.floor(part);
  const isRefused = whole + has < ask.need;
  const tokens = isRefused ? 0 : whole;
  // A capacity that is lent is room the pool has no longer: while it has use for it, little more than what serves to even out.
  const room = limit.capacity - lent.capacity - (pool.tokens - tokens);
  const evens = perMs * EVENS_MS + SPREAD * Math.sqrt(perMs * periodMs);
  const capacity = Math.max(has + tokens, Math.min(mineCapacity, Math.max(room, evens)));
  const left = Math.min(pool.tokens - tokens, limit.capacity - lent.capacity - Math.max(capacity, basis.capacity));

  const retryAfterMs = isRefused ? Math.ceil((ask.need - has - pool.tokens) / rate) : 0;
  const paced = isSmall ? (isolates / (1.25 * rate)) * (0.5 + roll) : !ask.isSteady ? burstMs / 2 : isSaturated ? periodMs : periodMs / 2;
  const isShort = !ask.isSteady && tokens + has < chunk / 2;
  const restMs = isSmall
    ? 0
    : isSaturated && ask.isSteady
      ? pool.tokens - tokens > STOCK * limit.capacity
        ? 0
        : periodMs
      : isShort
        ? SHORT_MS
        : 0;
  const pauseMs = Math.ceil(isRefused ? Math.max(retryAfterMs, paced) : restMs);
  const until = now + lifeMs + GUARD_MS;
  const loan: Loan = {
    turn: ask.turn,
    demand: ask.perMs,
    seenUntil: Math.max(until, now + pauseMs + GUARD_MS),
    now: { perMs, capacity, until },
    before: basis.until > now ? { ...basis, capacity: Math.max(basis.capacity, has) } : NOTHING,
  };
  const after: Pool = { tokens: Math.max(0, left), at: pool.at, loans: { ...others, [ask.isolate]: loan }, pace };
  return [after, { turn: ask.turn, tokens, perMs, capacity, lifeMs, periodMs, pauseMs, retryAfterMs, left: after.tokens }];
}

/**
 * The most that one of several demands gets where all of them are more than the rate; Infinity where there is enough for all.
 *
 * @see Bertsekas and Gallager, Data Networks, section 6.5.2 (max-min fairness)
 */
export function fairLevel(demands: readonly number[], rate: number): number {
  let left = rate;
  let count = demands.length;
  for (const demand of [...demands].sort((a, b) => a - b)) {
    if (demand * count >= left) return left / count;
    left -= demand;
    count -= 1;
  }
  return Number.POSITIVE_INFINITY;
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

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
