// The isolate's side of a leased bucket: which calls it can pay for without a request, when it requests tokens, and what it refuses.
import type { LeaseGrant, LeaseRequest } from "./lease-messages.ts";

export type LeaseDecision =
  | { readonly kind: "allowed" } // paid out of the lease
  | { readonly kind: "request" } // the lease has too few tokens: the call has to wait for a request to the Durable Object
  | { readonly kind: "refused"; readonly retryAfterMs: number }; // too few tokens, and the Durable Object has ordered a pause

const ALLOWED: LeaseDecision = { kind: "allowed" };
const REQUEST: LeaseDecision = { kind: "request" };
const DEMAND_STEP_MS = 50; // demand is measured over steps of at least this length
const DEMAND_TIME_CONSTANT_MS = 2_000;
const STEADY_AFTER_MS = 1_000; // demand without a gap counts as steady after this time
const GAP_MS = 500; // a longer time without a call is a gap
const MIN_REQUEST_GAP_MS = 50; // between two background requests that are sent only because tokens run low
const REUSED_SHARE = 0.25; // share of its rate that an isolate continues to spend while the Durable Object is unreachable
const REUSED_FOR_MS = 2_000; // after the pause that follows a failed request
const REQUEST_TIMEOUT_MS = 500; // the request counts as lost, and a late response to it is dropped
const MAX_RETRY_AFTER_MS = 1_000; // during a pause; the pool may have tokens again before the pause ends

/** One key in one isolate. All times are epoch ms of the isolate's own clock; no clock is compared with another one. */
export class BucketLease {
  #tokens = 0;
  #updatedAt = 0; // when `#tokens` was last refilled
  #ratePerMs = 0;
  #capacity = 0;
  #expiresAt = 0;
  #renewAt = 0;
  #renewAfterMs = 0;
  #pausedUntil = 0;
  #retryAt = 0; // when a call that is refused during the pause may try again
  #poolTokens = 0; // tokens in the pool at the latest grant
  #debt = 0; // tokens spent before they were granted; repaid before anything else
  #reusedUntil = 0; // the expired rate is used in part until then
  #sequence = 0; // the latest request
  #appliedSequence = 0; // the grant in use
  #requestedAt = Number.NEGATIVE_INFINITY; // when the request under way was sent; -Infinity for none
  #lastRequestAt = 0;
  readonly #demand = new DemandMeter();

  /** Whole tokens that calls can still take; without a rate, the pool's tokens at the latest grant count too. */
  remaining(now: number): number {
    this.#refill(now);
    return Math.floor(this.#tokens + (this.#ratePerMs === 0 ? this.#poolTokens : 0));
  }

  /** The granted share. Tests add up the shares of all isolates, and compare the sums with the limit. */
  share(now: number): { readonly capacity: number; readonly ratePerMs: number } {
    return now < this.#expiresAt ? { capacity: this.#capacity, ratePerMs: this.#ratePerMs } : { capacity: 0, ratePerMs: 0 };
  }

  /** Tokens that were spent before they were granted. */
  get debt(): number {
    return this.#debt;
  }

  /**
   * Takes tokens for a call, or none.
   *
   * @param cost         tokens, in [1, capacity]
   * @param isOptimistic whether one call may pass without tokens; no other one does until its debt is repaid
   */
  take(cost: number, now: number, isOptimistic = false): LeaseDecision {
    this.#demand.count(cost, now);
    const decision = this.takeAfterWait(cost, now);
    if (decision.kind !== "request" || !isOptimistic || this.#debt > 0) return decision;
    this.#debt = cost;
    return ALLOWED;
  }

  /** The same for a call that waited for a request: its demand has been counted already. */
  takeAfterWait(cost: number, now: number): LeaseDecision {
    this.#refill(now);
    if (this.#tokens >= cost) {
      this.#tokens -= cost;
      return ALLOWED;
    }
    if (now >= this.#pausedUntil) return REQUEST;
    const hasRate = this.#ratePerMs > 0 && this.#capacity >= cost;
    const ownMs = hasRate ? Math.ceil((cost - this.#tokens) / this.#ratePerMs) : Number.POSITIVE_INFINITY;
    const poolMs = Math.max(this.#retryAt, Math.min(this.#pausedUntil, now + MAX_RETRY_AFTER_MS)) - now;
    return { kind: "refused", retryAfterMs: Math.max(1, Math.min(ownMs, poolMs)) };
  }

  /** Returns the tokens of a call that another rule refused. If the lease has expired since, they are lost. */
  returnTokens(cost: number, now: number): void {
    this.#refill(now);
    const repaid = Math.min(this.#debt, cost);
    this.#debt -= repaid;
    if (now < this.#expiresAt) this.#tokens = Math.min(this.#tokens + cost - repaid, this.#capacity);
  }

  /**
   * Takes what a call cost beyond what it paid; the part that the lease does not have becomes debt.
   *
   * @param maxDebt tokens
   */
  overdraw(cost: number, maxDebt: number, now: number): void {
    this.#refill(now);
    this.#debt = Math.min(maxDebt, this.#debt + Math.max(0, cost - this.#tokens));
    this.#tokens = Math.max(0, this.#tokens - cost);
  }

  /** Whether a request is due in the background: a renewal is due, or tokens run low while the pool still has some. */
  isLow(now: number): boolean {
    if (this.isRequesting(now) || this.#appliedSequence === 0) return false;
    if (now >= this.#renewAt) return true;
    return (
      now >= this.#pausedUntil &&
      this.#tokens < this.#capacity / 4 &&
      this.#capacity > 4 &&
      now - this.#lastRequestAt > Math.max(MIN_REQUEST_GAP_MS, this.#renewAfterMs / 4)
    );
  }

  /** Whether the isolate spends a part of a rate that has expired, because the Durable Object is unreachable. */
  isReusing(now: number): boolean {
    return now < this.#reusedUntil && this.#ratePerMs > 0;
  }

  /** Whether a request is under way. There is one at a time. */
  isRequesting(now: number): boolean {
    return now - this.#requestedAt < REQUEST_TIMEOUT_MS;
  }

  /** Starts a request. @param tokensNeeded tokens that calls wait for; 0 for a request in the background */
  request(isolate: string, tokensNeeded: number, now: number): LeaseRequest {
    this.#refill(now);
    this.#sequence += 1;
    this.#requestedAt = now;
    this.#lastRequestAt = now;
    const appliedSequence = now < this.#expiresAt ? this.#appliedSequence : 0;
    return { isolate, sequence: this.#sequence, appliedSequence, tokensHeld: this.#tokens, tokensNeeded, ...this.#demand.read(now) };
  }

  /**
   * Applies a grant. One that does not belong to the latest request is dropped: that request stated the tokens held without it.
   *
   * @param sentAt when the request was sent, epoch ms; the lifetime counts from then, so the lease expires here before it expires in the
   *   Durable Object
   */
  applyGrant(grant: LeaseGrant | undefined, sentAt: number, now: number): void {
    if (grant === undefined || grant.sequence !== this.#sequence) return;
    this.#requestedAt = Number.NEGATIVE_INFINITY;
    this.#refill(now);
    if (now >= this.#expiresAt) this.#tokens = 0; // tokens of a reused rate are not part of the bucket
    this.#reusedUntil = 0;
    this.#appliedSequence = grant.sequence;
    this.#ratePerMs = grant.ratePerMs;
    this.#capacity = grant.capacity;
    this.#tokens = Math.min(this.#tokens + grant.tokens, grant.capacity);
    this.#expiresAt = sentAt + grant.lifetimeMs;
    this.#renewAfterMs = grant.renewAfterMs;
    this.#renewAt = grant.ratePerMs > 0 ? now + grant.renewAfterMs : Number.POSITIVE_INFINITY;
    this.#pausedUntil = grant.pauseMs > 0 ? now + grant.pauseMs : 0;
    this.#retryAt = now + grant.retryAfterMs;
    this.#poolTokens = grant.poolTokens;
    this.#refill(now);
  }

  /**
   * Ends a request that failed.
   *
   * @param pauseMs no request is sent for this long
   * @param reuses  whether a part of the lent rate may be spent after it has expired
   */
  requestFailed(sequence: number, pauseMs: number, now: number, reuses = false): void {
    if (sequence !== this.#sequence) return;
    this.#refill(now);
    if (reuses) this.#reusedUntil = now + pauseMs + REUSED_FOR_MS;
    this.#requestedAt = Number.NEGATIVE_INFINITY;
    this.#pausedUntil = now + pauseMs;
    this.#renewAt = now + pauseMs;
  }

  #refill(now: number): void {
    const until = Math.min(now, this.#expiresAt);
    if (until > this.#updatedAt) this.#earn((until - this.#updatedAt) * this.#ratePerMs, this.#capacity);
    if (now >= this.#expiresAt) {
      if (this.#updatedAt <= this.#expiresAt) this.#tokens = 0; // tokens expire with their lease
      const since = Math.max(this.#updatedAt, this.#expiresAt);
      if (now >= this.#reusedUntil) this.#tokens = 0;
      else this.#earn((now - since) * this.#ratePerMs * REUSED_SHARE, Math.max(1, this.#capacity * REUSED_SHARE));
    }
    this.#updatedAt = Math.max(now, this.#updatedAt);
    const repaid = Math.min(this.#tokens, this.#debt);
    this.#tokens -= repaid;
    this.#debt -= repaid;
  }

  #earn(tokens: number, capacity: number): void {
    this.#tokens = Math.min(this.#tokens + tokens, Math.max(capacity, this.#tokens));
  }
}

/** Measures demand as an exponential moving average over steps: between two I/O events the clock of a Worker stands still. */
class DemandMeter {
  #meanPerMs = -1; // negative until the first step has ended
  #peakPerMs = 0;
  #stepStartedAt = 0;
  #stepTokens = 0;
  #steadySince = 0;
  #lastAt = 0;

  count(cost: number, now: number): void {
    if (now - this.#lastAt > GAP_MS) {
      this.#steadySince = now;
      this.#stepStartedAt = now;
      this.#stepTokens = 0;
    }
    this.#lastAt = now;
    this.#stepTokens += cost;
    if (now - this.#stepStartedAt >= DEMAND_STEP_MS) this.#endStep(now);
  }

  read(now: number): Pick<LeaseRequest, "demandPerMs" | "peakDemandPerMs" | "isDemandSteady"> {
    if (now - this.#stepStartedAt >= DEMAND_STEP_MS) this.#endStep(now);
    return {
      demandPerMs: this.#meanPerMs >= 0 ? this.#meanPerMs : this.#stepTokens / 1_000, // first step: as if it lasted a second
      peakDemandPerMs: Math.max(this.#peakPerMs, this.#stepTokens / DEMAND_STEP_MS),
      isDemandSteady: this.#lastAt - this.#steadySince >= STEADY_AFTER_MS,
    };
  }

  #endStep(now: number): void {
    const lengthMs = now - this.#stepStartedAt;
    const perMs = this.#stepTokens / lengthMs;
    const ageMs = now - this.#steadySince; // until the time constant has passed, all steps count alike
    const isFirst = this.#meanPerMs < 0 || ageMs <= lengthMs;
    const keep = isFirst ? 0 : Math.exp(-lengthMs / Math.min(DEMAND_TIME_CONSTANT_MS, ageMs));
    this.#meanPerMs = Math.max(0, this.#meanPerMs) * keep + perMs * (1 - keep);
    this.#peakPerMs = (this.#peakPerMs + perMs) / 2;
    this.#stepStartedAt = now;
    this.#stepTokens = 0;
  }
}
