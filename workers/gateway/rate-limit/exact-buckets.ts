// Exact buckets: a Durable Object decides every call. One message goes to each Durable Object that holds one of the call's buckets; calls
// that come while several messages to the same one are under way share the next message.
import { waitUntil } from "cloudflare:workers";
import type { BucketDecision } from "../../../core/rate-limit/token-bucket.ts";
import type { BucketCharge, TokenBuckets } from "../../../durable-objects/token-buckets.ts";
import { type BucketObject, bucketObject } from "./bucket-object.ts";
import type { LimiterCounters } from "./counters.ts";
import { type BucketDecisions, type Charge, failsOpen, isWorthRetrying, type RateLimiter } from "./rate-limiter.ts";

const MAX_UNDER_WAY = 4; // messages to one Durable Object; above it, calls share the next one
const LOST_AFTER_MS = 1_000; // the call that sent a message may have been cancelled: it no longer counts as under way

/** Charges that one Durable Object decides, all of them or none. */
interface Group {
  readonly object: BucketObject;
  readonly charges: readonly BucketCharge[];
  readonly indexes: readonly number[]; // positions of the charges in the call's list
}

/** A call that waits for its Durable Object. */
interface WaitingCall {
  readonly charges: readonly BucketCharge[];
  readonly wake: () => void;
  isOver: boolean; // waits no longer
  decisions: readonly BucketDecision[] | undefined;
}

/** The calls of one Durable Object. */
interface Queue {
  readonly calls: WaitingCall[]; // not sent yet
  readonly sentAt: Set<{ readonly at: number }>; // messages under way, epoch ms
}

export class ExactBuckets implements RateLimiter {
  readonly #buckets: DurableObjectNamespace<TokenBuckets>;
  readonly #shards: number;
  readonly #counters: LimiterCounters;
  readonly #queues = new Map<string, Queue>(); // keyed by the name of the Durable Object

  constructor(buckets: DurableObjectNamespace<TokenBuckets>, shards: number, counters: LimiterCounters) {
    this.#buckets = buckets;
    this.#shards = shards;
    this.#counters = counters;
  }

  async take(charges: readonly Charge[], deadlineAt: number): Promise<BucketDecisions> {
    const waitMs = Math.min(deadlineAt - Date.now(), ...charges.map(({ rule }) => rule.waitMs));
    const decisions: (BucketDecision | undefined)[] = charges.map(() => undefined);
    const groups = this.#group(charges);
    this.#counters.awaitedCalls += 1;
    await Promise.all(
      groups.map(async (group) => {
        const received = await this.#decide(group, waitMs);
        for (const [at, index] of group.indexes.entries()) decisions[index] = received?.[at];
      }),
    );
    const isRefused = decisions.some((decision) => decision?.kind === "refused");
    this.#count(charges, decisions, isRefused);
    // Each Durable Object takes all of its charges or none. If another one refused, the tokens are returned.
    for (const { indexes } of isRefused ? groups : []) {
      if (indexes.every((index) => decisions[index]?.kind === "allowed")) this.returnTokens(indexes.map((index) => charges[index]!));
    }
    return decisions;
  }

  /** If a Durable Object is unreachable, its charges are lost. */
  returnTokens(charges: readonly Charge[]): void {
    for (const { object, charges: own } of this.#group(charges)) waitUntil(lost(this.#counted(object).returnTokens(own)));
  }

  overdraw(charges: readonly Charge[]): void {
    for (const { object, charges: own } of this.#group(charges)) waitUntil(lost(this.#counted(object).overdraw(own)));
  }

  #counted(object: BucketObject): ReturnType<BucketObject["stub"]> {
    this.#counters.messages += 1;
    return object.stub();
  }

  /** @returns undefined if the Durable Object fails or takes longer than `waitMs`: a slow limiter must not delay calls */
  async #decide({ object, charges }: Group, waitMs: number): Promise<readonly BucketDecision[] | undefined> {
    const { promise, resolve } = Promise.withResolvers<void>(); // made by this call: no call waits for the promise of another one
    const call: WaitingCall = { charges, wake: resolve, isOver: false, decisions: undefined };
    const timer = setTimeout(resolve, Math.max(0, waitMs));
    const queue = this.#queues.get(object.name) ?? { calls: [], sentAt: new Set() };
    this.#queues.set(object.name, queue);
    queue.calls.push(call);
    const now = Date.now();
    for (const sent of queue.sentAt) if (now - sent.at >= LOST_AFTER_MS) queue.sentAt.delete(sent);
    if (queue.sentAt.size < MAX_UNDER_WAY) waitUntil(this.#send(object, queue));
    await promise;
    clearTimeout(timer);
    call.isOver = true;
    return call.decisions;
  }

  /** Sends all calls that wait, and those that come meanwhile. A message that fails is sent once more, by a new stub. */
  async #send(object: BucketObject, queue: Queue): Promise<void> {
    for (let calls = queue.calls.splice(0); calls.length > 0; calls = queue.calls.splice(0)) {
      const waiting = calls.filter(({ isOver }) => !isOver);
      if (waiting.length === 0) continue;
      const sent = { at: Date.now() };
      queue.sentAt.add(sent);
      try {
        await this.#exchange(object, waiting);
      } catch (error) {
        // Each call by itself: version 0.1 of the Durable Object cannot take several.
        if (isWorthRetrying(error)) await Promise.all(waiting.map((call) => lost(this.#exchange(object, [call]))));
      }
      queue.sentAt.delete(sent);
      for (const { wake } of waiting) wake();
    }
  }

  async #exchange(object: BucketObject, calls: readonly WaitingCall[]): Promise<void> {
    this.#counters.messages += 1;
    this.#counters.awaitedMessages += 1;
    const all = calls.map(({ charges }) => charges);
    const decided = all.length === 1 ? [await object.stub().take(all[0]!)] : await object.stub().takeEach(all);
    for (const [index, call] of calls.entries()) call.decisions = decided[index];
  }

  #count(charges: readonly Charge[], decisions: BucketDecisions, isRefused: boolean): void {
    const undecided = charges.filter((_, index) => decisions[index] === undefined);
    if (isRefused) this.#counters.refusedByObject += 1;
    else if (undecided.some(({ rule }) => !failsOpen(rule))) this.#counters.refusedByTimeout += 1;
    else if (undecided.length > 0) this.#counters.passedUndecided += 1;
    if (undecided.length > 0) this.#counters.log(Date.now());
  }

  #group(charges: readonly Charge[]): Group[] {
    const groups = new Map<string, { object: BucketObject; charges: BucketCharge[]; indexes: number[] }>();
    for (const [index, { rule, key, limit, cost }] of charges.entries()) {
      const object = bucketObject(this.#buckets, this.#shards, rule, key);
      const group = groups.get(object.name) ?? { object, charges: [], indexes: [] };
      group.charges.push({ key, limit, cost });
      group.indexes.push(index);
      groups.set(object.name, group);
    }
    return [...groups.values()];
  }
}

/** The end of a message that nothing waits for. */
async function lost(message: Promise<unknown>): Promise<void> {
  await message.catch(() => undefined);
}
