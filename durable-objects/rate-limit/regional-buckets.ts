// The buckets that a regional shard leases from a root shard and lends on to isolates. They are in memory only: what a shard has lost lapses
// at the root, and before that at the isolates, so a restarted shard leases again under another name.
import type { LeaseGrant, LeaseRequest } from "../../core/rate-limit/lease-messages.ts";
import { LenderCount, redirection } from "../../core/rate-limit/region/over-regions.ts";
import { lendOn, newRegionalBucket, type RegionalBucket } from "../../core/rate-limit/region/regional-bucket.ts";
import {
  applyRootGrant,
  isRequestingRoot,
  isRootRequestDue,
  requestRoot,
  rootDelayMs,
  rootRequestFailed,
  rootTimeoutMs,
} from "../../core/rate-limit/region/regional-requests.ts";
import { type BucketLimit, bucketKey } from "../../core/rate-limit/token-bucket.ts";

const PAUSE_AFTER_FAILURE_MS = 1_000; // the root gets no request for a key this long after one has failed

/** A request of one lessee for one bucket. */
export interface KeyRequest {
  readonly key: string;
  readonly limit: BucketLimit;
  readonly request: LeaseRequest;
  readonly lenders?: number; // among which the isolate has chosen this object; 0 for its first request; absent: it does not choose
}

type Grants = readonly (LeaseGrant | undefined)[];

/** Sends requests to the shard with this name. Another stub for each message: after an error, a stub stays broken. */
export type SendToRoot = (root: string, requests: readonly KeyRequest[]) => Promise<Grants>;

interface Entry {
  readonly key: string;
  readonly limit: BucketLimit;
  readonly name: string; // at the root; a state that was dropped and made anew has another one
  state: RegionalBucket;
  readonly count: LenderCount;
  tokensNeeded: number; // requests wait for these tokens, and the next message reports them
  message: Message | undefined; // the latest one that has a request for this bucket
}

/** Requests to one root shard that go out together. */
interface Message {
  dueAt: number; // epoch ms
  readonly entries: Set<Entry>;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

export class RegionalBuckets {
  readonly #send: SendToRoot;
  readonly #max: number;
  readonly #entries = new Map<string, Entry>(); // the oldest first
  readonly #messages = new Map<string, Message>(); // not sent yet, by the name of the root shard
  readonly #name = crypto.randomUUID();
  #made = 0; // entries

  /** @param max buckets; above it the oldest ones are forgotten, which is as if the object had restarted for them */
  constructor(send: SendToRoot, max: number) {
    this.#send = send;
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Decides requests out of what the root has lent. Only those wait for the root that get nothing otherwise.
   *
   * @param root name of the shard that has the bucket
   * @returns a grant for each request; undefined for a request that is older than one already decided
   */
  lend(root: string, requests: readonly KeyRequest[]): Promise<Grants> {
    return Promise.all(requests.map((request) => this.#lend(root, request)));
  }

  async #lend(root: string, { key, limit, request, lenders: chosen }: KeyRequest): Promise<LeaseGrant | undefined> {
    const entry = this.#entryOf(root, key, limit);
    const lenders = chosen === undefined ? undefined : entry.count.receive(request.isolate, chosen, Date.now());
    if (chosen === 0) return redirection(request.sequence, lenders!);
    const since = Date.now();
    for (let isFinal = false; ; ) {
      const now = Date.now();
      const waitedMs = Math.max(0, now - since); // a clock that is set back makes no term longer
      const [state, decision] = lendOn(entry.state, limit, request, now, Math.random(), isFinal, waitedMs);
      entry.state = state;
      if (decision.kind === "stale") return undefined;
      if (decision.kind === "granted") {
        if (entry.message === undefined && isRootRequestDue(state, Date.now())) this.#add(root, entry);
        return lenders === undefined ? decision.grant : { ...decision.grant, lenders };
      }
      isFinal = await this.#requestFirst(root, entry, decision.tokens);
    }
  }

  /** @returns whether the message that has ended reported these tokens: another one would not change the decision */
  async #requestFirst(root: string, entry: Entry, tokensNeeded: number): Promise<boolean> {
    if (entry.message !== undefined && isRequestingRoot(entry.state, Date.now())) {
      await entry.message.ended;
      return false;
    }
    entry.tokensNeeded += tokensNeeded;
    await this.#add(root, entry).ended;
    return true;
  }

  /** Adds a request to the next message, which leaves when all requests of the message from the isolate have been looked at. */
  #add(root: string, entry: Entry): Message {
    const now = Date.now();
    const delayMs = rootDelayMs(entry.state, now);
    const { promise, resolve } = Promise.withResolvers<void>();
    const message = this.#messages.get(root) ?? {
      dueAt: Number.POSITIVE_INFINITY,
      entries: new Set<Entry>(),
      ended: promise,
      end: resolve,
    };
    this.#messages.set(root, message);
    if (now + delayMs < message.dueAt) {
      message.dueAt = now + delayMs;
      void (delayMs > 0 ? scheduler.wait(delayMs) : Promise.resolve()).then(() => this.#exchange(root, message));
    }
    message.entries.add(entry);
    entry.message = message;
    return message;
  }

  async #exchange(root: string, message: Message): Promise<void> {
    if (this.#messages.get(root) !== message) return; // has been sent already
    this.#messages.delete(root);
    const sentAt = Date.now();
    const requests = [...message.entries].map((entry): KeyRequest & { readonly entry: Entry } => {
      const { key, limit, name, tokensNeeded } = entry;
      const [state, request] = requestRoot(entry.state, name, Math.min(limit.capacity, Math.ceil(tokensNeeded)), sentAt);
      entry.state = state;
      entry.tokensNeeded = 0;
      return { entry, key, limit, request };
    });
    const sent = requests.map(({ key, limit, request }): KeyRequest => ({ key, limit, request }));
    const response = this.#send(root, sent);
    const timeoutMs = Math.max(0, ...requests.map(({ entry }) => rootTimeoutMs(entry.state)));
    const grants = await withinTime(response, timeoutMs);
    for (const [index, { entry, request }] of requests.entries()) {
      settleRequest(entry, request, grants === undefined ? "failed" : grants[index], sentAt);
      if (entry.message === message) entry.message = undefined;
    }
    message.end();
    if (grants !== undefined) return;
    const late = await response.catch(() => undefined);
    for (const [index, { entry }] of requests.entries()) entry.state = applyRootGrant(entry.state, late?.[index], sentAt, Date.now());
  }

  #entryOf(root: string, key: string, limit: BucketLimit): Entry {
    const id = `${root}/${bucketKey({ key, limit })}`;
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#max) break;
      this.#entries.delete(oldest);
    }
    this.#made += 1;
    const name = `${this.#name}/${this.#made}`;
    const now = Date.now();
    const entry: Entry = {
      key,
      limit,
      name,
      state: newRegionalBucket(now),
      count: new LenderCount(now),
      tokensNeeded: 0,
      message: undefined,
    };
    this.#entries.set(id, entry);
    return entry;
  }
}

function settleRequest(entry: Entry, { sequence }: LeaseRequest, grant: LeaseGrant | "failed" | undefined, sentAt: number): void {
  const now = Date.now();
  if (grant === undefined || grant === "failed")
    entry.state = rootRequestFailed(entry.state, sequence, grant === "failed" ? PAUSE_AFTER_FAILURE_MS : 0, now);
  else entry.state = applyRootGrant(entry.state, grant, sentAt, now);
}

/** @returns undefined where it failed, or took too long */
async function withinTime(work: Promise<Grants>, timeoutMs: number): Promise<Grants | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    return await Promise.race([work, timeout]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer ?? null);
  }
}
