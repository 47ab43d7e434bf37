// The isolate's half of a leased bucket: what may be spent without asking, when more is asked for, and what is refused meanwhile.
import type { LeaseGrant, LeaseRequest } from "./lease-messages.ts";

export type LeaseDecision =
  | { readonly kind: "allowed" } // without asking anybody
  | { readonly kind: "request" } // there is not enough here: the object has to be asked first
  | { readonly kind: "refused"; readonly retryAfterMs: number }; // the object has said that there is nothing

const SPENT: LeaseDecision = { kind: "allowed" };
const ASK: LeaseDecision = { kind: "request" };
const STEP_MS = 50;
const FORGETS_MS = 2_000; // time constant of the demand
const STEADY_MS = 1_000; // of demand without a gap
const GAP_MS = 500;
const RESTS_MS = 50; // between two asks behind answers that are made for want of tokens alone
const REUSED = 0.25; // of its rate, that an isolate goes on with while the object can't be asked
const REUSES_MS = 2_000; // after each ask that failed
const ASK_LIMIT_MS = 500; // an ask without an answer is given up after it; its answer, if it comes, is dropped

/** One key in one isolate. All times are epoch ms of the isolate's own clock; no clock is compared with another one. */
export class BucketLease {
  #tokens = 0;
  #at = 0; // when they were counted
  #perMs = 0; // what comes back of itself
  #capacity = 0;
  #lapsesAt = 0;
  #renewAt = 0;
  #periodMs = 0;
  #pausedUntil = 0;
  #retryAt = 0;
  #left = 0; // tokens that the pool had when it last answered
  #debt = 0; // tokens spent before they were there; paid before anything else
  #reusesUntil = 0;
  #turn = 0;
  #applied = 0;
  #askedAt = Number.NEGATIVE_INFINITY; // of the ask under way
  #askedAtLast = 0;
  readonly #demand = new Demand();

  /** Whole tokens that this isolate may promise; where no rate is lent, together with what the pool had when it last answered. */
  remaining(now: number): number {
    this.#refill(now);
    return Math.floor(this.#tokens + (this.#perMs === 0 ? this.#left : 0));
  }

  /** What it may spend at most of what was lent: for those who check that all isolates together have no more than the limit. */
  share(now: number): { readonly capacity: number; readonly ratePerMs: number } {
    return now < this.#lapsesAt ? { capacity: this.#capacity, ratePerMs: this.#perMs } : { capacity: 0, ratePerMs: 0 };
  }

  /** Tokens that were spent before they were there. */
  get debt(): number {
    return this.#debt;
  }

  /**
   * @param cost         tokens, in [1, capacity]
   * @param isOptimistic whether a call may pass before the object has been asked for it: one, until that is paid
   */
  take(cost: number, now: number, isOptimistic = false): LeaseDecision {
    this.#demand.count(cost, now);
    const spent = this.takeAfterWait(cost, now);
    if (spent.kind !== "request" || !isOptimistic || this.#debt > 0) return spent;
    this.#debt = cost;
    return SPENT;
  }

  /** As `spend`, for a call that has been counted already and comes back from asking. */
  takeAfterWait(cost: number, now: number): LeaseDecision {
    this.#refill(now);
    if (this.#tokens >= cost) {
      this.#tokens -= cost;
      return SPENT;
    }
    if (now >= this.#pausedUntil) return ASK;
    const ownMs = this.#perMs > 0 && this.#capacity >= cost ? Math.ceil((cost - this.#tokens) / this.#perMs) : Number.POSITIVE_INFINITY;
    const toldMs = Math.max(this.#retryAt, Math.min(this.#pausedUntil, now + 1_000)) - now;
    return { kind: "refused", retryAfterMs: Math.max(1, Math.min(ownMs, toldMs)) };
  }

  /** Returns what was spent for a call that another rule refused. What has lapsed meanwhile stays lost. */
  returnTokens(cost: number, now: number): void {
    this.#refill(now);
    const owed = Math.min(this.#debt, cost);
    this.#debt -= owed;
    if (now < this.#lapsesAt) this.#tokens = Math.min(this.#tokens + cost - owed, this.#capacity);
  }

  /** Takes what a call turned out to cost beyond what it paid. @param most tokens; the deepest debt */
  overdraw(cost: number, most: number, now: number): void {
    this.#refill(now);
    this.#debt = Math.min(most, this.#debt + Math.max(0, cost - this.#tokens));
    this.#tokens = Math.max(0, this.#tokens - cost);
  }

  /** Whether to ask behind an answer: when it is time to, or, where the pool has more, before the tokens run out. */
  isLow(now: number): boolean {
    if (this.isRequesting(now) || this.#applied === 0) return false;
    if (now >= this.#renewAt) return true;
    return (
      now >= this.#pausedUntil &&
      this.#tokens < this.#capacity / 4 &&
      this.#capacity > 4 &&
      now - this.#askedAtLast > Math.max(RESTS_MS, this.#periodMs / 4)
    );
  }

  /** Whether it lives on a part of a rate that has lapsed. */
  isReusing(now: number): boolean {
    return now < this.#reusesUntil && this.#perMs > 0;
  }

  /** One ask at a time. */
  isRequesting(now: number): boolean {
    return now - this.#askedAt < ASK_LIMIT_MS;
  }

  /** @param need tokens that calls wait for now; 0 behind an answer */
  request(isolate: string, need: number, now: number): LeaseRequest {
    this.#refill(now);
    this.#turn += 1;
    this.#askedAt = now;
    this.#askedAtLast = now;
    const applied = now < this.#lapsesAt ? this.#applied : 0;
    return {
      isolate,
      sequence: this.#turn,
      appliedSequence: applied,
      tokensHeld: this.#tokens,
      tokensNeeded: need,
      ...this.#demand.seen(now),
    };
  }

  /** @param sentAt when the ask was sent: a life counts from there, so that it ends here before it ends at the object */
  applyGrant(grant: LeaseGrant | undefined, sentAt: number, now: number): void {
    if (grant === undefined || grant.sequence !== this.#turn) return; // too late: a later ask speaks of what is here without it
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#refill(now);
    if (now >= this.#lapsesAt) this.#tokens = 0; // what was reused is not the pool's
    this.#reusesUntil = 0;
    this.#applied = grant.sequence;
    this.#perMs = grant.ratePerMs;
    this.#capacity = grant.capacity;
    this.#tokens = Math.min(this.#tokens + grant.tokens, grant.capacity);
    this.#lapsesAt = sentAt + grant.lifetimeMs;
    this.#periodMs = grant.renewAfterMs;
    this.#renewAt = grant.ratePerMs > 0 ? now + grant.renewAfterMs : Number.POSITIVE_INFINITY;
    this.#pausedUntil = grant.pauseMs > 0 ? now + grant.pauseMs : 0;
    this.#retryAt = now + grant.retryAfterMs;
    this.#left = grant.poolTokens;
    this.#refill(now);
  }

  /**
   * The object could not be asked.
   *
   * @param pauseMs for so long nobody asks again
   * @param reuses  whether a part of the rate that was lent may be spent on, past its life
   */
  requestFailed(turn: number, pauseMs: number, now: number, reuses = false): void {
    if (turn !== this.#turn) return;
    this.#refill(now);
    if (reuses) this.#reusesUntil = now + pauseMs + REUSES_MS;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#pausedUntil = now + pauseMs;
    this.#renewAt = now + pauseMs;
  }

  #refill(now: number): void {
    const until = Math.min(now, this.#lapsesAt);
    if (until > this.#at) this.#earn((until - this.#at) * this.#perMs, this.#capacity);
    if (now >= this.#lapsesAt) {
      if (this.#at <= this.#lapsesAt) this.#tokens = 0; // what was held has lapsed
      const since = Math.max(this.#at, this.#lapsesAt);
      if (now >= this.#reusesUntil) this.#tokens = 0;
      else this.#earn((now - since) * this.#perMs * REUSED, Math.max(1, this.#capacity * REUSED));
    }
    this.#at = Math.max(now, this.#at);
    const paid = Math.min(this.#tokens, this.#debt);
    this.#tokens -= paid;
    this.#debt -= paid;
  }

  #earn(tokens: number, capacity: number): void {
    this.#tokens = Math.min(this.#tokens + tokens, Math.max(capacity, this.#tokens));
  }
}

/** Demand as a mean that forgets, measured over steps of at least 50 ms: within a turn of I/O a Worker's clock stands still. */
class Demand {
  #perMs = -1; // not known
  #peakPerMs = 0;
  #since = 0; // of the step
  #seen = 0;
  #steadySince = 0;
  #lastAt = 0;

  count(cost: number, now: number): void {
    if (now - this.#lastAt > GAP_MS) {
      this.#steadySince = now;
      this.#since = now;
      this.#seen = 0;
    }
    this.#lastAt = now;
    this.#seen += cost;
    if (now - this.#since >= STEP_MS) this.#close(now);
  }

  seen(now: number): Pick<LeaseRequest, "demandPerMs" | "peakDemandPerMs" | "isDemandSteady"> {
    if (now - this.#since >= STEP_MS) this.#close(now);
    const perMs = this.#perMs >= 0 ? this.#perMs : this.#seen / 1_000;
    const isSteady = this.#lastAt - this.#steadySince >= STEADY_MS;
    return { demandPerMs: perMs, peakDemandPerMs: Math.max(this.#peakPerMs, this.#seen / STEP_MS), isDemandSteady: isSteady };
  }

  #close(now: number): void {
    const passed = now - this.#since;
    const perMs = this.#seen / passed;
    const age = now - this.#steadySince; // what is young is a plain mean
    const keeps = this.#perMs < 0 || age <= passed ? 0 : Math.exp(-passed / Math.min(FORGETS_MS, age));
    this.#perMs = Math.max(0, this.#perMs) * keeps + perMs * (1 - keeps);
    this.#peakPerMs = (this.#peakPerMs + perMs) / 2;
    this.#since = now;
    this.#seen = 0;
  }
}
