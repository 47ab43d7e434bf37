// The tokens that an isolate holds under its lease: what the rate brings, what calls spend, and what ends with the lease.
import type { LeaseGrant } from "../lease-messages.ts";

const REUSED_SHARE = 0.25; // share of its rate that an isolate continues to spend while the Durable Object is unreachable

/** All times are epoch ms of the isolate's own clock. `refill` comes before anything that reads or changes the tokens. */
export class LeasedTokens {
  #held = 0;
  #expired = 0; // held when the lease ended: a grant that counts them gives them back
  #updatedAt = 0; // when `#held` was last refilled
  #ratePerMs = 0;
  #capacity = 0;
  #expiresAt = 0;
  #reusedUntil = 0; // the expired rate is used in part until then
  #spent = 0; // counted over all grants

  get held(): number {
    return this.#held;
  }

  get ratePerMs(): number {
    return this.#ratePerMs;
  }

  /** The most tokens that the lease may hold. */
  get capacity(): number {
    return this.#capacity;
  }

  get spent(): number {
    return this.#spent;
  }

  isLive(now: number): boolean {
    return now < this.#expiresAt;
  }

  /** Whether a part of a rate that has expired is spent, because the Durable Object is unreachable. */
  isReusing(now: number): boolean {
    return now < this.#reusedUntil && this.#ratePerMs > 0;
  }

  /** Whether the lease has ended, and nothing of it is reused. */
  isOver(now: number): boolean {
    return now >= Math.max(this.#expiresAt, this.#reusedUntil);
  }

  /** @param until epoch ms */
  reuse(until: number): void {
    this.#reusedUntil = until;
  }

  spend(tokens: number): void {
    this.#held -= tokens;
    this.#spent += tokens;
  }

  /** Puts tokens back that a call took, as far as there is room. They count as spent all the same. */
  putBack(tokens: number): void {
    this.#held = Math.min(this.#held + tokens, this.#capacity);
  }

  /** A request that is sent without a live lease reports that nothing is held. */
  forgetExpired(): void {
    this.#expired = 0;
  }

  /** @param sentAt when the grant was requested; its lifetime counts from then */
  apply(grant: LeaseGrant, sentAt: number, now: number): void {
    if (now >= this.#expiresAt) this.#held = Math.min(this.#expired, grant.tokensKept ?? 0); // those of a reused rate are lost
    this.#expired = 0;
    this.#reusedUntil = 0;
    this.#ratePerMs = grant.ratePerMs;
    this.#capacity = grant.capacity;
    this.#held = Math.min(this.#held + grant.tokens, grant.capacity);
    this.#expiresAt = sentAt + grant.lifetimeMs;
  }

  refill(now: number): void {
    const until = Math.min(now, this.#expiresAt);
    if (until > this.#updatedAt) this.#earn((until - this.#updatedAt) * this.#ratePerMs, this.#capacity);
    if (now >= this.#expiresAt) {
      if (this.#updatedAt <= this.#expiresAt) [this.#expired, this.#held] = [this.#held, 0]; // tokens expire with their lease
      const since = Math.max(this.#updatedAt, this.#expiresAt);
      if (now >= this.#reusedUntil) this.#held = 0;
      else this.#earn((now - since) * this.#ratePerMs * REUSED_SHARE, Math.max(1, this.#capacity * REUSED_SHARE));
    }
    this.#updatedAt = Math.max(now, this.#updatedAt);
  }

  #earn(tokens: number, capacity: number): void {
    this.#held = Math.min(this.#held + tokens, Math.max(capacity, this.#held));
  }
}
