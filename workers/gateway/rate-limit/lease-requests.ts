// Sends the lease requests of an isolate: several keys in one message to each Durable Object, held by the call that sends it.
import { waitUntil } from "cloudflare:workers";
import { collectMs, debtLimitOf } from "../../../core/rate-limit/isolate/debt.ts";
import type { BucketLease } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant } from "../../../core/rate-limit/lease-messages.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import type { BucketLeaseRequest, TokenBuckets } from "../../../durable-objects/token-buckets.ts";
import { logEvent } from "../../log.ts";
import type { Waiters } from "../background/waiters.ts";
import { type BucketObject, bucketObject, isLentOn, lendingObject } from "./bucket-object.ts";
import type { LimiterCounters } from "./counters.ts";
import { aheadMsOf, type Charge, isMissingMethod, isShared, isWorthRetrying } from "./rate-limiter.ts";

const PAUSE_AFTER_FAILURE_MS = 1_000; // no request for a key is sent this long after one has failed
const ABANDONED_AFTER_MS = 50; // the call that had to send a message has been cancelled; then another one does
const MAX_FOLLOW_UPS = 3; // messages that one call sends after each other, for debt that others have made while the last one was under way
const TIMER_EARLY_MS = 5; // a timer may fire before the clock has reached its time
const RENEWED_FOR_MS = 20_000; // a call renews leases ahead of need so long after its first message; the platform cancels it after 30 s
const LOG_INTERVAL_MS = 1_000; // between two records of failed messages

/** The lease of one key, and the calls that wait for it. */
export interface KeyLease {
  readonly name: string; // under which it is kept: that of the bucket
  readonly limit: BucketLimit;
  readonly lease: BucketLease;
  readonly waiters: Waiters; // calls that wait for the end of a message, with the tokens that they need
  lenders: number; // objects of the region among which the next request chooses; 0 before one has said how many there are
  isRedirected: boolean; // the latest request decided nothing: it is sent again, to another object
  unreachableUntil: number; // epoch ms; a request has failed, and the next one is not sent before this time
}

/** Requests that go out in one message. */
interface Batch {
  readonly charges: Map<KeyLease, Charge>;
  readonly followUps: number; // messages that the same call has sent before this one
  readonly renewsUntil: number; // epoch ms; then this call sends no further renewals
  dueAt: number; // epoch ms; some call sends it then
}

interface SentRequest {
  readonly entry: KeyLease;
  readonly charge: Charge;
  readonly message: BucketLeaseRequest;
}

export class LeaseRequests {
  readonly #buckets: DurableObjectNamespace<TokenBuckets>;
  readonly #shards: number;
  readonly #counters: LimiterCounters;
  readonly #batches = new Map<string, Batch>(); // not sent yet, by the name of the Durable Object
  #sent = 0;
  #loggedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #lacksLenders = false; // the objects are of a version without `lendOn`: isolates lease from the one that has the bucket
  #isolate: string | undefined; // made with the first message: a Worker has no random numbers outside of a request

  constructor(buckets: DurableObjectNamespace<TokenBuckets>, shards: number, counters: LimiterCounters) {
    this.#buckets = buckets;
    this.#shards = shards;
    this.#counters = counters;
  }

  /** Requests that this isolate has sent, for all keys: the sequence of a new lease starts here, above that of a forgotten one. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Adds a request to the next message for the key's Durable Object. The message is sent at once if a call waits, else a little later. No
   * call waits for a promise of another one: the call that sends a message wakes the others, each by a promise of its own.
   */
  add(entry: KeyLease, charge: Charge, isUrgent: boolean, followUps = 0, renewsUntil = Date.now() + RENEWED_FOR_MS): void {
    const now = Date.now();
    if (entry.lease.isRequesting(now)) return;
    const object = this.#objectOf(entry, charge);
    const unsent = this.#batches.get(object.name);
    const delayMs = isUrgent ? 0 : collectMs(entry.lease, debtLimitOf(charge.limit, isShared(charge.rule)));
    const batch: Batch = unsent ?? { charges: new Map(), followUps, renewsUntil, dueAt: now + delayMs };
    this.#batches.set(object.name, batch);
    batch.charges.set(entry, charge);
    const hasSender = unsent !== undefined && now - unsent.dueAt <= ABANDONED_AFTER_MS;
    if (hasSender && !isUrgent && now + delayMs >= unsent.dueAt) return;
    batch.dueAt = now + delayMs;
    // A call that waits sends the message one microtask later, so that its other requests are in it, and even if another call began the
    // message: that one may end before the response arrives.
    const start = isUrgent ? Promise.resolve() : scheduler.wait(delayMs);
    waitUntil(start.then(() => this.#send(object, batch)));
  }

  #objectOf({ lenders }: KeyLease, charge: Charge): BucketObject {
    this.#isolate ??= crypto.randomUUID();
    return this.#lacksLenders || !isLentOn(charge)
      ? bucketObject(this.#buckets, this.#shards, charge.rule, charge.key)
      : lendingObject(this.#buckets, this.#shards, charge, this.#isolate, lenders);
  }

  /** A message that fails is sent once more, by a new stub: a stub stays broken after the Durable Object has ended. */
  async #send(object: BucketObject, batch: Batch): Promise<void> {
    if (this.#batches.get(object.name) !== batch) return; // has been sent already
    this.#batches.delete(object.name);
    const first = this.#requests(batch, object);
    const error = await this.#exchange(object, first);
    if (object.root !== undefined && isMissingMethod(error)) {
      this.#lacksLenders = true;
      for (const request of first) this.#redirect(request);
    } else if (error !== undefined) {
      const second = isWorthRetrying(error) ? this.#requests(batch, object) : first;
      const lastError = second === first ? error : await this.#exchange(object, second);
      if (lastError !== undefined) {
        for (const request of second) this.#fail(request);
        this.#logFailure(batch, lastError);
      }
    }
    for (const [entry, charge] of batch.charges) {
      if (entry.isRedirected) this.add(entry, charge, true, batch.followUps + 1);
      entry.isRedirected = false;
      entry.waiters.wake();
      const isReachable = Date.now() >= entry.unreachableUntil && entry.lease.recoversInMs(Date.now()) === 0;
      const isFollowedUp = entry.lease.unsentDebt > 0 && batch.followUps < MAX_FOLLOW_UPS && isReachable;
      if (isFollowedUp) this.add(entry, charge, false, batch.followUps + 1, batch.renewsUntil);
      else this.#renewInTime(entry, charge, batch.renewsUntil);
    }
  }

  /** Renews a lease before it ends, although no call requires it: then the next call does not wait. */
  #renewInTime(entry: KeyLease, charge: Charge, until: number): void {
    const dueInMs = entry.lease.renewalDueInMs(Date.now());
    if (dueInMs === undefined || Date.now() + dueInMs > until) return;
    const renew = (): void => {
      const left = entry.lease.renewalDueInMs(Date.now()) ?? Number.POSITIVE_INFINITY; // a later grant may have renewed it
      if (left <= TIMER_EARLY_MS) this.add(entry, charge, false, 0, until);
    };
    waitUntil(scheduler.wait(dueInMs).then(renew));
  }

  #requests({ charges }: Batch, { root }: BucketObject): SentRequest[] {
    this.#isolate ??= crypto.randomUUID();
    const isolate = this.#isolate;
    const now = Date.now();
    return [...charges].map(([entry, charge]) => {
      const { key, limit, rule } = charge;
      this.#sent += 1;
      const request = entry.lease.request(isolate, Math.min(limit.capacity, Math.ceil(entry.waiters.tokens)), now, aheadMsOf(rule));
      const { least, size } = entry.waiters;
      const leastNeeded = size > 1 ? { leastNeeded: least } : {};
      const requiresRate = rule.mode === "leased" ? { requiresRate: true } : {};
      const lenders = root === undefined ? {} : { lenders: entry.lenders };
      return { entry, charge, message: { key, limit, request: { ...request, ...leastNeeded, ...requiresRate }, ...lenders } };
    });
  }

  /** @returns what was thrown; undefined where the grants have been applied */
  async #exchange(object: BucketObject, requests: readonly SentRequest[]): Promise<unknown> {
    const sentAt = Date.now();
    this.#counters.messages += 1;
    if (requests.some(({ entry }) => entry.waiters.size > 0)) this.#counters.awaitedMessages += 1;
    try {
      const messages = requests.map(({ message }) => message);
      const stub = object.stub();
      const grants = await (object.root === undefined ? stub.grantLeases(messages) : stub.lendOn(object.root, messages));
      for (const [index, request] of requests.entries()) this.#apply(request, grants[index], sentAt);
      return undefined;
    } catch (error) {
      return error ?? "nothing was thrown";
    }
  }

  #apply(sent: SentRequest, grant: LeaseGrant | undefined, sentAt: number): void {
    const { lease } = sent.entry;
    this.#counters.debtForgiven += grant?.tokensForgiven ?? 0;
    sent.entry.lenders = grant?.lenders ?? sent.entry.lenders;
    if (grant?.isRedirection === true) this.#redirect(sent);
    else if (grant === undefined) lease.requestFailed(sent.message.request.sequence, 0, Date.now());
    else if (grant.isUnreachable === true && grant.recoversAfterMs === undefined) this.#fail(sent);
    else lease.applyGrant(grant, sentAt, Date.now());
  }

  #redirect({ entry, message: { request } }: SentRequest): void {
    entry.lease.requestFailed(request.sequence, 0, Date.now());
    entry.isRedirected = true;
  }

  #fail({ entry, charge: { rule }, message: { request } }: SentRequest): void {
    const now = Date.now();
    entry.lease.requestFailed(request.sequence, PAUSE_AFTER_FAILURE_MS, now, rule.fail === "reuse");
    entry.unreachableUntil = now + PAUSE_AFTER_FAILURE_MS;
  }

  #logFailure({ charges }: Batch, error: unknown): void {
    const now = Date.now();
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = now;
    logEvent("lease_request_failed", { keys: charges.size, error });
  }
}
