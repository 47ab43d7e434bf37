// When an isolate renews its lease: at a time that the grant names, or, if it was lent ahead of need, shortly before it ends.
import type { LeaseGrant } from "../lease-messages.ts";
import type { DemandMeter } from "./demand-meter.ts";

const AHEAD_FOR_MS = 1_000; // after the latest call, tokens that were lent ahead are not renewed longer
const AHEAD_MARGIN_MS = 40; // a renewal arrives so long before the lease ends ...
const AHEAD_ROUND_TRIPS = 1.5; // ... if it takes this many times as long as the latest one

export class Renewal {
  #at = 0; // epoch ms
  #afterMs = 0;
  #aheadForMs = 0; // lifetime of a lease of tokens that were lent ahead; 0 for other leases
  #endsAt = 0; // epoch ms; the lease ends

  /** Between two renewals, ms. */
  get afterMs(): number {
    return this.#afterMs;
  }

  isDue(now: number): boolean {
    return now >= this.#at;
  }

  /** @param sentAt when the grant was requested, epoch ms */
  learn(grant: LeaseGrant, sentAt: number, now: number, demand: DemandMeter): void {
    this.#afterMs = grant.renewAfterMs;
    this.#aheadForMs = grant.isAhead === true ? grant.lifetimeMs : 0;
    this.#endsAt = sentAt + grant.lifetimeMs;
    if (this.#aheadForMs === 0) this.#at = grant.ratePerMs > 0 ? now + grant.renewAfterMs : Number.POSITIVE_INFINITY;
    else if (!this.#isFrequent(demand)) this.#at = now;
    else this.#at = Math.max(now, this.#endsAt - AHEAD_MARGIN_MS - AHEAD_ROUND_TRIPS * (now - sentAt));
  }

  postpone(ms: number, now: number): void {
    this.#at = now + ms;
  }

  /**
   * The time after which the lease has to be renewed although no call requires it, so that the next calls find tokens, ms.
   *
   * @returns undefined if it can end: nothing was lent ahead, or calls are too rare
   */
  dueInMs(now: number, demand: DemandMeter): number | undefined {
    if (now >= this.#endsAt || now - demand.lastAt > AHEAD_FOR_MS || !this.#isFrequent(demand)) return undefined;
    return Math.max(0, this.#at - now);
  }

  /** Whether the next call comes before a lease ends that was lent ahead. Where calls are rarer, each of them renews it. */
  #isFrequent(demand: DemandMeter): boolean {
    return demand.meanCallGapMs <= this.#aheadForMs;
  }
}
