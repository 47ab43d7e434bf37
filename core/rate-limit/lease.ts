// The isolate's side of a leased bucket: which calls it can pay for without a request, when it requests tokens, and what it refuses.
import { type DebtLimit, NO_DEBT } from "./isolate/debt.ts";
import { DemandMeter } from "./isolate/demand-meter.ts";
import { ALLOWED, type LeaseDecision, REQUEST } from "./isolate/lease-decision.ts";
import { LeasedTokens } from "./isolate/leased-tokens.ts";
import { PendingRequest } from "./isolate/pending-request.ts";
import { PoolView } from "./isolate/pool-view.ts";
import { Renewal } from "./isolate/renewal.ts";
import type { LeaseGrant, LeaseRequest } from "./lease-messages.ts";

const MIN_REQUEST_GAP_MS = 50; // between two background requests that are sent only because tokens run low
const REUSED_FOR_MS = 2_000; // a part of the lent rate is spent so long, after the pause that follows a failed request

/** One key in one isolate. All times are epoch ms of the isolate's own clock; no clock is compared with another one. */
export class BucketLease {
  #debt = 0; // tokens spent before they were granted, and not settled by a grant
  #sentDebt = 0; // the part of it that a request has reported
  #sequence: number; // the latest request
  #appliedSequence = 0; // the grant in use
  #settledSequence: number; // the latest grant that was received
  readonly #since: number; // the latest request before this lease was made
  readonly #tokens = new LeasedTokens();
  readonly #renewal = new Renewal();
  readonly #pool = new PoolView();
  readonly #pending = new PendingRequest();
  readonly #demand = new DemandMeter();

  /**
   * @param sequence at least that of every request that this isolate has sent for the key: a lease that was forgotten may have sent some
   */
  constructor(sequence = 0) {
    this.#sequence = sequence;
    this.#settledSequence = sequence;
    this.#since = sequence;
  }

  /**
   * Whole tokens that calls can still take without a reply of the Durable Object: those of the lease, and without a rate the pool's at
   * the latest grant. Without a lease, what may pass as debt.
   */
  remaining(now: number, debtLimit: DebtLimit = NO_DEBT): number {
    this.#refill(now);
    const held = this.#tokens.held + (this.#tokens.ratePerMs === 0 ? this.#pool.tokens : 0);
    const isKnown = this.#tokens.isLive(now) || this.isReusing(now);
    const tokens = isKnown ? held : Math.min(this.#pool.debtBound(debtLimit, now).tokens, this.#pool.atMost(debtLimit.ratePerMs, now));
    return Math.max(0, Math.floor(tokens - this.#debt));
  }

  /** The granted share. Tests add up the shares of all isolates, and compare the sums with the limit. */
  share(now: number): { readonly capacity: number; readonly ratePerMs: number } {
    const { capacity, ratePerMs } = this.#tokens;
    return this.#tokens.isLive(now) ? { capacity, ratePerMs } : { capacity: 0, ratePerMs: 0 };
  }

  get debt(): number {
    return this.#debt;
  }

  get isEmpty(): boolean {
    return this.#pool.isEmpty;
  }

  get unsentDebt(): number {
    return this.#debt - this.#sentDebt; // no request has reported it
  }

  /**
   * Takes tokens for a call, or none.
   *
   * @param cost      tokens, in [1, capacity]
   * @param debtLimit what may pass before it is granted
   */
  take(cost: number, now: number, debtLimit: DebtLimit = NO_DEBT): LeaseDecision {
    this.#demand.count(cost, now);
    return this.takeAfterWait(cost, now, debtLimit);
  }

  /** The same for a call that waited for a request: its demand has been counted already. */
  takeAfterWait(cost: number, now: number, debtLimit: DebtLimit = NO_DEBT): LeaseDecision {
    this.#refill(now);
    if (this.#tokens.held >= cost) {
      this.#tokens.spend(cost);
      return ALLOWED;
    }
    if (this.#pool.isPaused(now)) return { kind: "refused", retryAfterMs: this.#retryAfterMs(cost, now) };
    const owed = cost - this.#tokens.held;
    const available = this.#pool.atMost(debtLimit.ratePerMs, now) - this.#debt;
    const bound = this.#pool.debtBound(debtLimit, now);
    if (owed <= available && this.#debt + owed <= bound.tokens) {
      this.#debt += owed;
      this.#tokens.spend(this.#tokens.held);
      return { kind: "allowed", owed };
    }
    if (cost > bound.tokens || (owed <= available && !this.isEmpty && !bound.isShare)) return REQUEST;
    // The bucket was empty, or has been emptied since, or the isolate owes its share of it: a response would not help, only what the bucket will earn.
    const missing = owed > available ? owed - available : owed;
    return { kind: "refused", retryAfterMs: Math.max(1, Math.ceil(missing / debtLimit.ratePerMs)) };
  }

  /** Returns the tokens of a call that another rule refused. If the lease has expired since, or has reported them as debt, they are lost. */
  returnTokens(cost: number, now: number): void {
    this.#refill(now);
    const repaid = Math.min(this.unsentDebt, cost);
    this.#debt -= repaid;
    if (this.#tokens.isLive(now)) this.#tokens.putBack(cost - repaid);
  }

  /**
   * Takes what a call cost beyond what it paid; the part that the lease does not have becomes debt.
   *
   * @param maxDebt tokens
   */
  overdraw(cost: number, maxDebt: number, now: number): void {
    this.#refill(now);
    this.#debt = Math.min(maxDebt, this.#debt + Math.max(0, cost - this.#tokens.held));
    this.#tokens.spend(Math.min(cost, this.#tokens.held));
  }

  /** Whether a request is due in the background: debt to report, a renewal, or tokens that run low while the pool still has some. */
  isLow(now: number): boolean {
    if (this.isRequesting(now) || this.recoversInMs(now) > 0) return false;
    if (this.unsentDebt > 0) return true;
    if (this.#appliedSequence === 0) return false;
    if (this.#renewal.isDue(now)) return true;
    return (
      !this.#pool.isPaused(now) &&
      this.#tokens.held < this.#tokens.capacity / 4 &&
      this.#tokens.capacity > 4 &&
      this.#pending.sinceLatestMs(now) > Math.max(MIN_REQUEST_GAP_MS, this.#renewal.afterMs / 4)
    );
  }

  /** Whether the isolate spends a part of a rate that has expired, because the Durable Object is unreachable. */
  isReusing(now: number): boolean {
    return this.#tokens.isReusing(now);
  }

  /** Whether a new lease would be the same: nothing is held, owed, or known of the bucket. */
  isIdle(now: number): boolean {
    return this.#tokens.isOver(now) && this.#pool.isForgettable(now) && this.#debt === 0 && !this.isRequesting(now);
  }

  /** Whether a request is under way. There is one at a time. */
  isRequesting(now: number): boolean {
    return this.#pending.isUnderWay(now);
  }

  /** How long to wait for the response at most, ms: then the request counts as lost, and a call that waits sends another one. */
  responseTimeLeftMs(now: number): number {
    return this.#pending.timeLeftMs(now);
  }

  /** How long a request is of no use, ms, although calls are not to be refused. */
  recoversInMs(now: number): number {
    return this.#pool.recoversInMs(now);
  }

  /** The decision about a call that can wait no longer; undefined if nothing is known of the bucket. */
  refuseAfterWait(now: number): LeaseDecision | undefined {
    return this.#pool.refuseAfterWait(now);
  }

  /** The time after which the lease has to be renewed although no call requires it, ms; undefined if it can end. */
  renewalDueInMs(now: number): number | undefined {
    return this.#renewal.dueInMs(now, this.#demand);
  }

  /**
   * Starts a request.
   *
   * @param tokensNeeded tokens that calls wait for; 0 for a request in the background
   * @param aheadMs      how long tokens may be lent before calls need them; 0 for rules whose calls do not wait
   */
  request(isolate: string, tokensNeeded: number, now: number, aheadMs = 0): LeaseRequest {
    this.#refill(now);
    this.#sequence += 1;
    this.#pending.start(now);
    this.#sentDebt = this.#debt;
    const isLive = this.#tokens.isLive(now);
    if (!isLive) this.#tokens.forgetExpired();
    const appliedSequence = isLive ? this.#appliedSequence : 0;
    const share = isLive ? { shareHeld: this.share(now) } : {};
    const owed = this.#debt > 0 ? { tokensOwed: this.#debt, settledSequence: this.#settledSequence } : {};
    const state = { isolate, sequence: this.#sequence, appliedSequence, tokensHeld: this.#tokens.held, tokensNeeded };
    const ahead = aheadMs > 0 ? { aheadMs, spent: { since: this.#since, tokens: this.#tokens.spent } } : {};
    return { ...state, ...share, ...owed, ...ahead, ...this.#demand.read(now) };
  }

  /**
   * Applies a grant. One that does not belong to the latest request is dropped: that request stated the tokens held without it.
   *
   * @param sentAt when the request was sent, epoch ms; the lifetime counts from then, so the lease expires here before it expires in the
   *   Durable Object
   */
  applyGrant(grant: LeaseGrant | undefined, sentAt: number, now: number): void {
    if (grant === undefined || grant.sequence !== this.#sequence) return;
    this.#pending.end();
    this.#refill(now);
    const sentDebt = this.#sentDebt;
    this.#debt -= sentDebt; // charged or forgiven
    this.#sentDebt = 0;
    this.#appliedSequence = grant.sequence;
    this.#settledSequence = grant.sequence;
    this.#tokens.apply(grant, sentAt, now);
    this.#renewal.learn(grant, sentAt, now, this.#demand);
    this.#pool.learn(grant, this.#tokens.held, sentDebt, now);
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
    if (reuses) this.#tokens.reuse(now + pauseMs + REUSED_FOR_MS);
    this.#pending.end();
    this.#pool.pause(pauseMs, now);
    this.#renewal.postpone(pauseMs, now);
  }

  /** During a pause: until the isolate has tokens of its own rate, or the pool has some. */
  #retryAfterMs(cost: number, now: number): number {
    const { held, ratePerMs, capacity } = this.#tokens;
    const ownMs = ratePerMs > 0 && capacity >= cost ? Math.ceil((cost - held) / ratePerMs) : Number.POSITIVE_INFINITY;
    return Math.max(1, Math.min(ownMs, this.#pool.retryInMs(now)));
  }

  /** Tokens repay first what calls owe. */
  #refill(now: number): void {
    this.#tokens.refill(now);
    const repaid = Math.min(this.#tokens.held, this.unsentDebt);
    this.#tokens.spend(repaid);
    this.#debt -= repaid;
  }
}
