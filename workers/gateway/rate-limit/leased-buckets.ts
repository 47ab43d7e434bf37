// The leases of this isolate: taken from without waiting where there is enough, renewed behind answers, several in one message.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import { BucketLease, type LeaseDecision } from "../../../core/rate-limit/lease.ts";
import type { LeaseGrant, LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { BucketDecision } from "../../../core/rate-limit/token-bucket.ts";
import type { BucketLeaseRequest, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import { type BucketDecisions, type Charge, evictOldest, type RateLimiter } from "./rate-limiter.ts";

const RESTS_MS = 1_000; // after an ask that failed
const COLLECTS_MS = 5; // asks behind answers, for one message
const GIVES_UP_MS = 500; // on a message whose call may be gone, and with it whoever would hear of the answer

interface Entry {
  readonly lease: BucketLease;
  asking: { readonly done: Promise<void>; readonly since: number } | undefined;
  waiting: number; // tokens that calls wait for
  cutOffUntil: number; // epoch ms: the object could not be asked
}

interface Batch {
  readonly charges: Map<Entry, Charge>;
  readonly since: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

export class LeasedBuckets implements RateLimiter {
  readonly #buckets: DurableObjectNamespace<TokenBucket>;
  readonly #shards: number;
  readonly #most: number;
  readonly #entries = new Map<string, Entry>(); // in the order of their last ask
  readonly #batches = new Map<number, Batch>(); // not sent yet, by shard
  #isolate: string | undefined; // the dice may be asked within a request only

  /** @param most leases that are kept; one that is forgotten is an isolate that died: its tokens lapse, nobody gets more */
  constructor(buckets: DurableObjectNamespace<TokenBucket>, shards: number, most: number) {
    this.#buckets = buckets;
    this.#shards = shards;
    this.#most = most;
  }

  take(charges: readonly Charge[], deadlineAt: number): BucketDecisions | Promise<BucketDecisions> {
    const now = Date.now();
    const spent: LeaseDecision[] = [];
    const allowed: BucketDecision[] = [];
    for (const charge of charges) {
      const entry = this.#entryOf(charge);
      const one = this.#spend(entry, charge, now);
      spent.push(one);
      if (one.kind === "allowed") allowed.push({ kind: "allowed", remaining: entry.lease.remaining(now), nextMs: 0 });
    }
    if (allowed.length === charges.length) return allowed;
    this.#undo(charges, spent);
    // What one rule is known to refuse takes nothing from the others: they are not asked.
    if (charges.some((charge, index) => spent[index]!.kind === "refused" && this.#isWord(charge))) return this.#refusals(charges, spent);
    return this.#obtainAll(charges, deadlineAt);
  }

  returnTokens(charges: readonly Charge[]): void {
    for (const charge of charges) this.#entryOf(charge).lease.returnTokens(charge.cost, Date.now());
  }

  overdraw(charges: readonly Charge[]): void {
    for (const charge of charges) {
      const entry = this.#entryOf(charge);
      entry.lease.overdraw(charge.cost, charge.limit.capacity, Date.now());
      if (entry.lease.debt > 0) void this.#ask(entry, charge, false);
    }
  }

  /** Takes at once, or not at all. A lease that runs low is renewed behind the answer. */
  #spend(entry: Entry, charge: Charge, now: number): LeaseDecision {
    const isCutOff = now < entry.cutOffUntil;
    const spent = entry.lease.take(charge.cost, now, charge.rule.isOptimistic && !isCutOff);
    if (!isCutOff && (entry.lease.isLow(now) || entry.lease.debt > 0)) void this.#ask(entry, charge, false);
    return spent;
  }

  async #obtainAll(charges: readonly Charge[], deadlineAt: number): Promise<BucketDecisions> {
    const obtained = await Promise.all(charges.map((charge) => this.#obtain(charge, deadlineAt)));
    if (obtained.some((answer) => answer?.kind === "refused")) this.#undo(charges, obtained);
    return charges.map((charge, index): BucketDecision | undefined => {
      const answer = obtained[index];
      if (answer?.kind !== "refused") return answer === undefined ? undefined : this.#allowed(charge);
      return this.#refused(charge, answer.retryAfterMs);
    });
  }

  /** Of those that refuse; the others have not been asked. */
  #refusals(charges: readonly Charge[], spent: readonly LeaseDecision[]): BucketDecisions {
    return charges.map((charge, index) => {
      const one = spent[index]!;
      return one.kind === "refused" ? this.#refused(charge, one.retryAfterMs) : undefined;
    });
  }

  #refused(charge: Charge, retryAfterMs: number): BucketDecision {
    return { kind: "refused", remaining: this.#remaining(charge), nextMs: retryAfterMs, retryAfterMs };
  }

  /** Whether a refusal is what the object said, and not for want of an answer. */
  #isWord(charge: Charge): boolean {
    const { lease, cutOffUntil } = this.#entryOf(charge);
    const now = Date.now();
    return now >= cutOffUntil || lease.isReusing(now);
  }

  /**
   * For a call that finds not enough: calls that come together share one ask.
   *
   * @returns undefined where the object can't be asked, or not in time
   */
  async #obtain(charge: Charge, deadlineAt: number): Promise<LeaseDecision | undefined> {
    const entry = this.#entryOf(charge);
    const until = Math.min(deadlineAt, Date.now() + charge.rule.waitMs);
    for (;;) {
      const now = Date.now();
      const spent = entry.lease.takeAfterWait(charge.cost, now);
      if (spent.kind === "allowed" || (spent.kind === "refused" && this.#isWord(charge))) return spent;
      if (now < entry.cutOffUntil || now >= until) return undefined;
      entry.waiting += charge.cost;
      const asking = this.#ask(entry, charge, true);
      await Promise.race([asking, scheduler.wait(until - now)]);
      entry.waiting -= charge.cost;
    }
  }

  /** Asks with the next message to the key's object: at once where a call waits, else a little later, with others. */
  #ask(entry: Entry, charge: Charge, isUrgent: boolean): Promise<void> {
    const now = Date.now();
    const shard = hash32(charge.key) % this.#shards;
    let batch = this.#batches.get(shard);
    const isCollected = batch?.charges.has(entry) === true;
    if (entry.asking !== undefined && now - entry.asking.since < GIVES_UP_MS && !(isCollected && isUrgent)) return entry.asking.done;
    if (batch === undefined || now - batch.since > GIVES_UP_MS) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const fresh: Batch = { charges: new Map(), since: now, done: promise, resolve };
      batch = fresh;
      this.#batches.set(shard, batch);
      if (!isUrgent) waitUntil(scheduler.wait(COLLECTS_MS).then(() => this.#send(shard, fresh)));
    }
    batch.charges.set(entry, charge);
    entry.asking = { done: batch.done, since: now };
    this.#entries.delete(charge.key);
    this.#entries.set(charge.key, entry);
    const sent = batch;
    // A turn later: what else this call needs goes with it. Whoever waits sends it: the call that began it may be gone.
    if (isUrgent) waitUntil(Promise.resolve().then(() => this.#send(shard, sent)));
    return batch.done;
  }

  async #send(shard: number, batch: Batch): Promise<void> {
    if (this.#batches.get(shard) !== batch) return; // sent already
    this.#batches.delete(shard);
    this.#isolate ??= crypto.randomUUID();
    const isolate = this.#isolate;
    const sentAt = Date.now();
    const asked = [...batch.charges].map(([entry, { key, limit, rule }]) => {
      const need = Math.min(limit.capacity, Math.ceil(entry.waiting + entry.lease.debt));
      const ask: LeaseRequest = {
        ...entry.lease.request(isolate, need, sentAt),
        ...(rule.mode === "leased" ? { requiresRate: true } : {}),
      };
      return { entry, rule, message: { key, limit, request: ask } satisfies BucketLeaseRequest };
    });
    let grants: readonly (LeaseGrant | undefined)[] | undefined;
    try {
      grants = await this.#buckets.getByName(`shard-${shard}`).grantLeases(asked.map(({ message }) => message));
    } catch {
      grants = undefined;
    }
    const now = Date.now();
    for (const [index, { entry, rule, message }] of asked.entries()) {
      if (grants !== undefined) entry.lease.applyGrant(grants[index], sentAt, now);
      else {
        entry.lease.requestFailed(message.request.sequence, RESTS_MS, now, rule.fail === "reuse");
        entry.cutOffUntil = now + RESTS_MS;
      }
      if (entry.asking?.done === batch.done) entry.asking = undefined;
    }
    batch.resolve();
  }

  #undo(charges: readonly Charge[], spent: readonly (LeaseDecision | undefined)[]): void {
    this.returnTokens(charges.filter((_, index) => spent[index]?.kind === "allowed"));
  }

  #allowed(charge: Charge): BucketDecision {
    return { kind: "allowed", remaining: this.#remaining(charge), nextMs: 0 };
  }

  #remaining(charge: Charge): number {
    return this.#entryOf(charge).lease.remaining(Date.now());
  }

  #entryOf({ key }: Charge): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    evictOldest(this.#entries, this.#most);
    const entry: Entry = { lease: new BucketLease(), asking: undefined, waiting: 0, cutOffUntil: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}
