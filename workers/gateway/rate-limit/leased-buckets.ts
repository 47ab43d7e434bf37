// Leased buckets: this isolate holds a lease of each. Calls take tokens from it without waiting while it has enough. Rules that fail open
// let a bounded number of tokens pass before they are granted (core/rate-limit/isolate/debt.ts); other rules wait for the grant.

import { forgetLeases } from "../../../core/rate-limit/forget-leases.ts";
import { type DebtLimit, debtLimitOf, NO_DEBT } from "../../../core/rate-limit/isolate/debt.ts";
import type { LeaseDecision } from "../../../core/rate-limit/isolate/lease-decision.ts";
import { BucketLease } from "../../../core/rate-limit/lease.ts";
import { type BucketDecision, bucketKey, isSameLimit } from "../../../core/rate-limit/token-bucket.ts";
import type { TokenBuckets } from "../../../durable-objects/token-buckets.ts";
import { Waiters } from "../background/waiters.ts";
import type { LimiterCounters } from "./counters.ts";
import { type KeyLease, LeaseRequests } from "./lease-requests.ts";
import { type BucketDecisions, type Charge, failsOpen, isShared, type RateLimiter } from "./rate-limiter.ts";

/** A charge, and what its lease has decided; undefined while its Durable Object is unreachable. */
interface Taken {
  readonly charge: Charge;
  readonly entry: KeyLease;
  readonly decision: LeaseDecision | undefined;
}

export class LeasedBuckets implements RateLimiter {
  readonly #max: number;
  readonly #counters: LimiterCounters;
  readonly #requests: LeaseRequests;
  readonly #leases = new Map<string, KeyLease>(); // ordered by the time of their last request

  /**
   * @param max leases that are kept; forgetting one is as if the isolate had ended: its tokens expire, and no other call gets more for it
   */
  constructor(buckets: DurableObjectNamespace<TokenBuckets>, shards: number, max: number, counters: LimiterCounters) {
    this.#max = max;
    this.#counters = counters;
    this.#requests = new LeaseRequests(buckets, shards, counters);
  }

  take(charges: readonly Charge[], deadlineAt: number): BucketDecisions | Promise<BucketDecisions> {
    const now = Date.now();
    const taken = charges.length === 1 ? [this.#takeNow(charges[0]!, now)] : charges.map((charge) => this.#takeNow(charge, now));
    if (taken.length === 1 && taken[0]!.decision?.kind === "allowed") return [this.#allowed(taken[0]!, now)]; // the usual case
    if (taken.some(({ decision }) => decision?.kind === "refused")) {
      // If one rule certainly refuses, the others are not charged and send no request.
      this.#counters.refusedByLease += 1;
      return this.#decided(taken, now);
    }
    for (const { charge, entry } of taken) if (now >= entry.unreachableUntil && entry.lease.isLow(now)) this.#request(entry, charge, false);
    if (taken.every(({ decision }) => decision?.kind !== "request")) return this.#decided(taken, now);
    return this.#takeAfterRequests(taken, deadlineAt);
  }

  /** The decision about the only charge of a call, which its lease has allowed. */
  #allowed({ charge, entry }: Taken, now: number): BucketDecision {
    if (now >= entry.unreachableUntil && entry.lease.isLow(now)) this.#request(entry, charge, false);
    this.#counters.log(now);
    return { kind: "allowed", remaining: entry.lease.remaining(now, debtLimit(entry, charge, now)), nextMs: 0 };
  }

  returnTokens(charges: readonly Charge[]): void {
    for (const charge of charges) this.#leaseOf(charge).lease.returnTokens(charge.cost, Date.now());
  }

  overdraw(charges: readonly Charge[]): void {
    for (const charge of charges) this.#overdraw(this.#leaseOf(charge), charge);
  }

  /** Takes tokens at once or not at all. */
  #takeNow(charge: Charge, now: number): Taken {
    const entry = this.#leaseOf(charge);
    const decision = entry.lease.take(charge.cost, now, debtLimit(entry, charge, now));
    return this.#taken(entry, charge, decision, now);
  }

  /** A refusal counts only where it follows from what the Durable Object granted, and not from its being unreachable. */
  #taken(entry: KeyLease, charge: Charge, decision: LeaseDecision, now: number): Taken {
    if (decision.kind === "allowed") this.#counters.debtAdmitted += decision.owed;
    const isUnknown = decision.kind !== "allowed" && now < entry.unreachableUntil && !entry.lease.isReusing(now);
    return { charge, entry, decision: isUnknown ? undefined : decision };
  }

  async #takeAfterRequests(taken: readonly Taken[], deadlineAt: number): Promise<BucketDecisions> {
    this.#counters.awaitedCalls += 1;
    const decided = await Promise.all(
      taken.map((one) => (one.decision?.kind === "request" ? this.#takeAfterRequest(one, deadlineAt) : one)),
    );
    if (decided.some(({ decision }) => decision?.kind === "refused")) this.#counters.refusedByObject += 1;
    return this.#decided(decided, Date.now());
  }

  /** For a call whose lease has too few tokens. Calls that wait at the same time share one request. */
  async #takeAfterRequest({ entry, charge }: Taken, deadlineAt: number): Promise<Taken> {
    const until = Math.min(deadlineAt, Date.now() + charge.rule.waitMs);
    const waiter = entry.waiters.join(charge.cost);
    for (;;) {
      const now = Date.now();
      const decision = entry.lease.takeAfterWait(charge.cost, now, debtLimit(entry, charge, now));
      const taken = this.#taken(entry, charge, decision, now);
      if (taken.decision?.kind !== "request") {
        waiter.leave();
        return taken;
      }
      if (now >= until) {
        waiter.leave();
        if (failsOpen(charge.rule)) this.#overdraw(entry, charge); // the call passes, so the bucket has to pay for it
        return { charge, entry, decision: failsOpen(charge.rule) ? undefined : entry.lease.refuseAfterWait(now) };
      }
      const recoversInMs = entry.lease.recoversInMs(now);
      const woken = waiter.sleep(Math.min(until - now, recoversInMs > 0 ? recoversInMs : entry.lease.responseTimeLeftMs(now)));
      if (recoversInMs === 0) this.#request(entry, charge, true);
      await woken;
    }
  }

  /** Where a rule refuses, the others are not charged. */
  #decided(taken: readonly Taken[], now: number): BucketDecisions {
    const isRefused = taken.some(({ decision }) => decision?.kind === "refused");
    if (!isRefused) this.#countUndecided(taken, now);
    return taken.map(({ charge, entry, decision }): BucketDecision | undefined => {
      if (isRefused && decision?.kind === "allowed") entry.lease.returnTokens(charge.cost, now);
      if (decision?.kind === "refused") {
        const { retryAfterMs } = decision;
        return { kind: "refused", remaining: entry.lease.remaining(now), nextMs: retryAfterMs, retryAfterMs };
      }
      if (isRefused || decision?.kind !== "allowed") return undefined;
      return { kind: "allowed", remaining: entry.lease.remaining(now, debtLimit(entry, charge, now)), nextMs: 0 };
    });
  }

  #countUndecided(taken: readonly Taken[], now: number): void {
    const undecided = taken.filter(({ decision }) => decision === undefined);
    if (undecided.some(({ charge }) => !failsOpen(charge.rule))) this.#counters.refusedByTimeout += 1;
    else if (undecided.length > 0) this.#counters.passedUndecided += 1;
    this.#counters.log(now);
  }

  #overdraw(entry: KeyLease, charge: Charge): void {
    const now = Date.now();
    entry.lease.overdraw(charge.cost, charge.limit.capacity, now);
    if (now >= entry.unreachableUntil && entry.lease.isLow(now)) this.#request(entry, charge, false);
  }

  #request(entry: KeyLease, charge: Charge, isUrgent: boolean): void {
    this.#leases.delete(entry.name);
    this.#leases.set(entry.name, entry);
    this.#requests.add(entry, charge, isUrgent);
  }

  /** Another limit of a key is another bucket: where it has changed, the key has another lease beside the former one. */
  #leaseOf({ key, limit }: Charge): KeyLease {
    const first = this.#leases.get(key);
    if (first !== undefined && isSameLimit(first.limit, limit)) return first;
    const name = first === undefined ? key : bucketKey({ key, limit });
    const known = first && this.#leases.get(name);
    if (known !== undefined) return known;
    forgetLeases(this.#leases, this.#max, Date.now());
    const entry: KeyLease = {
      name,
      limit,
      lease: new BucketLease(this.#requests.sent),
      waiters: new Waiters(),
      lenders: 0,
      isRedirected: false,
      unreachableUntil: 0,
    };
    this.#leases.set(name, entry);
    this.#counters.leasesHeld = this.#leases.size;
    return entry;
  }
}

/** What may pass before it is granted: nothing while the Durable Object is unreachable, since the rule's `fail` setting decides then. */
function debtLimit({ unreachableUntil }: KeyLease, { rule, limit }: Charge, now: number): DebtLimit {
  return !failsOpen(rule) || now < unreachableUntil ? NO_DEBT : debtLimitOf(limit, isShared(rule));
}
