// Leased buckets: this isolate holds a lease of each. Calls take tokens from it without waiting while it has enough; leases are renewed in
// the background, several in one message.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import { BucketLease, type LeaseDecision } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant, LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { BucketDecision } from "../../../core/rate-limit/token-bucket.ts";
import type { BucketLeaseRequest, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import { logEvent } from "../../log.ts";
import { BackgroundRequest } from "../background/background-request.ts";
import { type BucketDecisions, type Charge, evictOldest, type RateLimiter } from "./rate-limiter.ts";

const PAUSE_AFTER_FAILURE_MS = 1_000; // no request for a key is sent this long after one has failed
const COLLECT_MS = 5; // background requests wait this long for others to the same shard, and share a message with them
const MESSAGE_TIMEOUT_MS = 500; // the call that sent a message may have been cancelled, and the response with it; then another one is sent
const LOG_INTERVAL_MS = 1_000; // between two records of failed messages

interface KeyLease {
  readonly lease: BucketLease;
  readonly request: BackgroundRequest; // under way, or waiting for its batch
  waitingTokens: number; // tokens that calls wait for
  unreachableUntil: number; // epoch ms; a request has failed, and the next one is not sent before this time
}

/** Requests to one shard that go out in one message. */
interface Batch {
  readonly charges: Map<KeyLease, Charge>;
  readonly since: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

export class LeasedBuckets implements RateLimiter {
  readonly #buckets: DurableObjectNamespace<TokenBucket>;
  readonly #shards: number;
  readonly #max: number;
  readonly #leases = new Map<string, KeyLease>(); // ordered by the time of their last request
  readonly #batches = new Map<number, Batch>(); // not sent yet, by shard
  #loggedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #isolate: string | undefined; // made with the first message: a Worker has no random numbers outside of a request

  /**
   * @param max leases that are kept; forgetting one is as if the isolate had ended: its tokens expire, and no other call gets more for it
   */
  constructor(buckets: DurableObjectNamespace<TokenBucket>, shards: number, max: number) {
    this.#buckets = buckets;
    this.#shards = shards;
    this.#max = max;
  }

  take(charges: readonly Charge[], deadlineAt: number): BucketDecisions | Promise<BucketDecisions> {
    const now = Date.now();
    const taken: LeaseDecision[] = [];
    const allowed: BucketDecision[] = [];
    for (const charge of charges) {
      const entry = this.#leaseOf(charge);
      const decision = this.#takeNow(entry, charge, now);
      taken.push(decision);
      if (decision.kind === "allowed") allowed.push({ kind: "allowed", remaining: entry.lease.remaining(now), nextMs: 0 });
    }
    if (allowed.length === charges.length) return allowed;
    this.#returnAllowed(charges, taken);
    // If one rule certainly refuses, the others are not charged and send no request.
    const isCertain = charges.some((charge, index) => taken[index]!.kind === "refused" && this.#isKnown(charge));
    return isCertain ? this.#refusals(charges, taken) : this.#takeAfterRequests(charges, deadlineAt);
  }

  returnTokens(charges: readonly Charge[]): void {
    for (const charge of charges) this.#leaseOf(charge).lease.returnTokens(charge.cost, Date.now());
  }

  overdraw(charges: readonly Charge[]): void {
    for (const charge of charges) {
      const entry = this.#leaseOf(charge);
      entry.lease.overdraw(charge.cost, charge.limit.capacity, Date.now());
      if (entry.lease.debt > 0) void this.#request(entry, charge, false);
    }
  }

  /** Takes tokens at once or not at all. A lease that runs low is renewed in the background. */
  #takeNow(entry: KeyLease, charge: Charge, now: number): LeaseDecision {
    const isUnreachable = now < entry.unreachableUntil;
    const decision = entry.lease.take(charge.cost, now, charge.rule.isOptimistic && !isUnreachable);
    if (!isUnreachable && (entry.lease.isLow(now) || entry.lease.debt > 0)) void this.#request(entry, charge, false);
    return decision;
  }

  async #takeAfterRequests(charges: readonly Charge[], deadlineAt: number): Promise<BucketDecisions> {
    const taken = await Promise.all(charges.map((charge) => this.#takeAfterRequest(charge, deadlineAt)));
    if (taken.some((decision) => decision?.kind === "refused")) this.#returnAllowed(charges, taken);
    return charges.map((charge, index): BucketDecision | undefined => {
      const decision = taken[index];
      if (decision === undefined) return undefined;
      if (decision.kind === "refused") return this.#refused(charge, decision.retryAfterMs);
      return { kind: "allowed", remaining: this.#remaining(charge), nextMs: 0 };
    });
  }

  /** Decisions of the rules that refuse; none for the others, which have not been charged. */
  #refusals(charges: readonly Charge[], taken: readonly LeaseDecision[]): BucketDecisions {
    return charges.map((charge, index) => {
      const decision = taken[index]!;
      return decision.kind === "refused" ? this.#refused(charge, decision.retryAfterMs) : undefined;
    });
  }

  #refused(charge: Charge, retryAfterMs: number): BucketDecision {
    return { kind: "refused", remaining: this.#remaining(charge), nextMs: retryAfterMs, retryAfterMs };
  }

  /** Whether a refusal follows from what the Durable Object granted, and not from its being unreachable. */
  #isKnown(charge: Charge): boolean {
    const { lease, unreachableUntil } = this.#leaseOf(charge);
    const now = Date.now();
    return now >= unreachableUntil || lease.isReusing(now);
  }

  /**
   * For a call whose lease has too few tokens. Calls that wait at the same time share one request.
   *
   * @returns undefined if the Durable Object is unreachable or does not respond in time
   */
  async #takeAfterRequest(charge: Charge, deadlineAt: number): Promise<LeaseDecision | undefined> {
    const entry = this.#leaseOf(charge);
    const until = Math.min(deadlineAt, Date.now() + charge.rule.waitMs);
    for (;;) {
      const now = Date.now();
      const decision = entry.lease.takeAfterWait(charge.cost, now);
      if (decision.kind === "allowed" || (decision.kind === "refused" && this.#isKnown(charge))) return decision;
      if (now < entry.unreachableUntil || now >= until) return undefined;
      entry.waitingTokens += charge.cost;
      const request = this.#request(entry, charge, true);
      await Promise.race([request, scheduler.wait(until - now)]);
      entry.waitingTokens -= charge.cost;
    }
  }

  /** Adds a request to the next message for the key's shard. The message is sent at once if a call waits, else a little later. */
  #request(entry: KeyLease, charge: Charge, isUrgent: boolean): Promise<void> {
    const now = Date.now();
    const shard = hash32(charge.key) % this.#shards;
    let batch = this.#batches.get(shard);
    const isInBatch = batch?.charges.has(entry) === true;
    const running = entry.request.running(now);
    if (running !== undefined && !(isInBatch && isUrgent)) return running;
    if (batch === undefined || now - batch.since > MESSAGE_TIMEOUT_MS) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const started: Batch = { charges: new Map(), since: now, done: promise, resolve };
      batch = started;
      this.#batches.set(shard, batch);
      if (!isUrgent) waitUntil(scheduler.wait(COLLECT_MS).then(() => this.#send(shard, started)));
    }
    batch.charges.set(entry, charge);
    this.#leases.delete(charge.key);
    this.#leases.set(charge.key, entry);
    const sent = batch;
    // One microtask later, so that the other requests of this call are in the message. The call that waits sends the message even if
    // another one began the batch: that one may have been cancelled.
    if (isUrgent) waitUntil(Promise.resolve().then(() => this.#send(shard, sent)));
    entry.request.track(now, sent.done);
    return sent.done;
  }

  async #send(shard: number, batch: Batch): Promise<void> {
    if (this.#batches.get(shard) !== batch) return; // has been sent already
    this.#batches.delete(shard);
    this.#isolate ??= crypto.randomUUID();
    const isolate = this.#isolate;
    const sentAt = Date.now();
    const requests = [...batch.charges].map(([entry, { key, limit, rule }]) => {
      const tokensNeeded = Math.min(limit.capacity, Math.ceil(entry.waitingTokens + entry.lease.debt));
      const request: LeaseRequest = entry.lease.request(isolate, tokensNeeded, sentAt);
      const message = { key, limit, request: rule.mode === "leased" ? { ...request, requiresRate: true } : request };
      return { entry, rule, message: message satisfies BucketLeaseRequest };
    });
    let grants: readonly (LeaseGrant | undefined)[] | undefined;
    try {
      grants = await this.#buckets.getByName(`shard-${shard}`).grantLeases(requests.map(({ message }) => message));
    } catch (error) {
      this.#logFailure(batch, error);
    }
    const now = Date.now();
    for (const [index, { entry, rule, message }] of requests.entries()) {
      if (grants !== undefined) entry.lease.applyGrant(grants[index], sentAt, now);
      else {
        entry.lease.requestFailed(message.request.sequence, PAUSE_AFTER_FAILURE_MS, now, rule.fail === "reuse");
        entry.unreachableUntil = now + PAUSE_AFTER_FAILURE_MS;
      }
      entry.request.end(batch.done);
    }
    batch.resolve();
  }

  #logFailure({ charges }: Batch, error: unknown): void {
    const now = Date.now();
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#loggedAt = now;
    logEvent("lease_request_failed", { keys: charges.size, error });
  }

  #returnAllowed(charges: readonly Charge[], taken: readonly (LeaseDecision | undefined)[]): void {
    this.returnTokens(charges.filter((_, index) => taken[index]?.kind === "allowed"));
  }

  #remaining(charge: Charge): number {
    return this.#leaseOf(charge).lease.remaining(Date.now());
  }

  #leaseOf({ key }: Charge): KeyLease {
    const known = this.#leases.get(key);
    if (known !== undefined) return known;
    evictOldest(this.#leases, this.#max);
    const entry: KeyLease = {
      lease: new BucketLease(),
      request: new BackgroundRequest(MESSAGE_TIMEOUT_MS, NO_ERROR),
      waitingTokens: 0,
      unreachableUntil: 0,
    };
    this.#leases.set(key, entry);
    return entry;
  }
}

/** The end of a batch is no error: `#send` has logged its failure. */
const NO_ERROR = (): void => undefined;
