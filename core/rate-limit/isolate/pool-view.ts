// What an isolate knows of the pool of a bucket, from the latest grant: what it had, and when another request is of use.
import type { LeaseGrant } from "../lease-messages.ts";
import { type DebtBound, type DebtLimit, debtBound, type PoolKnowledge, poolAtMost } from "./debt.ts";
import type { LeaseDecision } from "./lease-decision.ts";

const EMPTY_KNOWN_MS = 10_000; // a bucket that was empty is remembered so long after the pause: a new lease would let more pass
const MAX_RETRY_AFTER_MS = 1_000; // during a pause; the pool may have tokens again before the pause ends

/** All times are epoch ms of the isolate's own clock. */
export class PoolView {
  #pool: PoolKnowledge | undefined; // undefined before the first grant
  #isEmpty = false; // the latest grant left nothing to the isolate and nothing in the pool
  #pausedUntil = 0; // calls that need more than the isolate has are refused
  #retryAt = 0; // when a call that is refused during the pause may try again
  #recoversAt = 0; // the Durable Object cannot decide before: no request is sent, and calls may wait
  #isUnknown = false; // because it has started again, and does not know whether the bucket has tokens

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Tokens in the pool at the latest grant. */
  get tokens(): number {
    return this.#pool?.tokens ?? 0;
  }

  /** The most tokens that the pool can have now; Infinity before the first grant. */
  atMost(ratePerMs: number, now: number): number {
    return poolAtMost(this.#pool, ratePerMs, now);
  }

  /** What the isolate may owe now. */
  debtBound(limit: DebtLimit, now: number): DebtBound {
    return debtBound(limit, this.#pool, now);
  }

  isPaused(now: number): boolean {
    return now < this.#pausedUntil;
  }

  /** Whether a new lease would know as much. */
  isForgettable(now: number): boolean {
    return now >= (this.#isEmpty ? this.#pausedUntil + EMPTY_KNOWN_MS : this.#pausedUntil);
  }

  pause(ms: number, now: number): void {
    this.#pausedUntil = now + ms;
  }

  /**
   * @param held    tokens of the isolate, those just granted included
   * @param settled debt that the grant has settled, tokens
   */
  learn(grant: LeaseGrant, held: number, settled: number, now: number): void {
    if (grant.recoversAfterMs !== undefined) {
      this.#recoverAfter(grant.recoversAfterMs, grant.isUnreachable === true, settled, now);
      return;
    }
    this.#isEmpty = held < 1 && grant.poolTokens < 1;
    const pauseMs = this.#isEmpty ? Math.max(grant.pauseMs, grant.retryAfterMs) : grant.pauseMs;
    this.#pausedUntil = pauseMs > 0 ? now + pauseMs : 0;
    const pool = this.#isEmpty ? { tokens: 1, at: now + pauseMs } : { tokens: grant.poolTokens, at: now };
    this.#pool = grant.lessees === undefined ? pool : { ...pool, lessees: grant.lessees };
    this.#retryAt = now + grant.retryAfterMs;
  }

  /** How long a request is of no use, ms, although calls are not to be refused: the Durable Object has started again, or has lent everything. */
  recoversInMs(now: number): number {
    return Math.max(0, this.#recoversAt - now);
  }

  /** The decision about a call that can wait no longer; undefined if nothing is known of the bucket. */
  refuseAfterWait(now: number): LeaseDecision | undefined {
    const retryAfterMs = this.recoversInMs(now);
    return retryAfterMs === 0 || this.#isUnknown ? undefined : { kind: "refused", retryAfterMs };
  }

  /** During a pause, until the pool may have tokens, ms. */
  retryInMs(now: number): number {
    return Math.max(this.#retryAt, Math.min(this.#pausedUntil, now + MAX_RETRY_AFTER_MS)) - now;
  }

  /** The grant says nothing of the pool: what was known of it still bounds what may pass as debt. */
  #recoverAfter(ms: number, isUnknown: boolean, settled: number, now: number): void {
    this.#recoversAt = now + ms;
    this.#isUnknown = isUnknown;
    this.#pausedUntil = 0;
    this.#isEmpty = false;
    if (this.#pool !== undefined) this.#pool = { ...this.#pool, tokens: this.#pool.tokens - settled };
  }
}
