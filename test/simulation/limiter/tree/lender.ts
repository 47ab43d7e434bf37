// An object of a tree that leases from the root, or from another such object, and lends on.
import type { LeaseRequest } from "../../../../core/rate-limit/lease-messages.ts";
import { newRegionalBucket, type RegionalBucket, settle } from "../../../../core/rate-limit/region/regional-bucket.ts";
import {
  isRequestingRoot,
  isRootRequestDue,
  rootDelayMs,
  rootRequestFailed,
  rootTimeoutMs,
} from "../../../../core/rate-limit/region/regional-requests.ts";
import { type Above, Clock, FAILURE_PAUSE_MS, type Respond, type Site, send, Thread } from "./site.ts";

interface Waiter {
  readonly request: LeaseRequest;
  readonly respond: Respond;
  isCounted: boolean; // its tokens are in the request that is under way
  tokens: number; // it waits for them
  readonly since: number; // when the object received it, by its own clock
}

/** An object between the root and isolates. */
export class Lender {
  readonly above: Above;
  readonly site: Site;
  readonly place: string;
  readonly clock: Clock;
  readonly thread: Thread;
  name: string;
  state: RegionalBucket;
  #waiters: Waiter[] = [];
  #isSending = false; // a request will be sent
  readonly #sources = new Map<number, string>(); // name of the lender of each grant, by its sequence

  constructor(above: Above, place: string, name: string) {
    this.above = above;
    this.site = above.site;
    this.place = place;
    this.name = name;
    this.clock = new Clock(above.site.world);
    this.thread = new Thread(above.site);
    this.state = newRegionalBucket(this.clock.now);
  }

  /** The state by now. */
  get settled(): RegionalBucket {
    return settle(this.state, this.clock.now)[0];
  }

  /** Name of the lender whose share is in use. */
  get lender(): string | undefined {
    return this.#sources.get(this.settled.share.sequence);
  }

  handle(request: LeaseRequest, respond: Respond): void {
    this.thread.run(() => this.#decide({ request, respond, isCounted: false, tokens: 0, since: this.clock.now }));
  }

  restart(): void {
    [this.state, this.name] = this.site.code.restart(this.state, this.name, this.clock.now);
    this.#sources.clear();
    this.#isSending = false;
    this.#waiters = []; // their isolates get no response
  }

  #decide(waiter: Waiter): void {
    const { code, limit, random } = this.site;
    const { now } = this.clock;
    const [state, decision] = code.lendOn(
      this.state,
      limit,
      waiter.request,
      now,
      random(),
      waiter.isCounted,
      Math.max(0, now - waiter.since),
    );
    this.state = state;
    this.site.decided?.(this);
    if (decision.kind === "request_first") {
      waiter.tokens = decision.tokens;
      this.#waiters.push(waiter);
      if (!isRequestingRoot(state, this.clock.now)) this.#sendLater();
      return;
    }
    waiter.respond(decision.kind === "granted" ? decision.grant : undefined);
    if (isRootRequestDue(this.state, this.clock.now)) this.#sendLater();
  }

  #sendLater(): void {
    if (this.#isSending) return;
    const delayMs = rootDelayMs(this.state, this.clock.now);
    if (delayMs === 0) {
      this.#send();
      return;
    }
    this.#isSending = true;
    const { name } = this;
    this.site.world.after(delayMs, () => {
      this.#isSending = false;
      if (name === this.name) this.#send();
    });
  }

  #send(): void {
    const { name, site, above } = this;
    for (const waiter of this.#waiters) waiter.isCounted = true;
    const needed = this.#waiters.reduce((sum, { tokens }) => sum + tokens, 0);
    const sentAt = this.clock.now;
    const [state, request] = site.code.requestRoot(this.state, name, Math.min(site.limit.capacity, needed), sentAt);
    this.state = state;
    const finish = (change: (state: RegionalBucket) => RegionalBucket): void => {
      if (name !== this.name || state.root.sequence !== this.state.root.sequence) return;
      this.state = change(this.state);
      for (const waiter of this.#waiters.splice(0)) this.#decide(waiter);
    };
    send(site, this.place, above.place, () =>
      above.handle(request, (grant) => {
        const lender = above.name;
        send(site, above.place, this.place, () => {
          if (grant !== undefined && !this.#sources.has(grant.sequence) && name === this.name) this.#sources.set(grant.sequence, lender);
          finish((before) => site.code.applyRootGrant(before, grant, sentAt, this.clock.now));
        });
      }),
    );
    site.world.after(rootTimeoutMs(state), () => {
      if (this.state.root.requestedAt === undefined) return;
      finish((before) => rootRequestFailed(before, request.sequence, FAILURE_PAUSE_MS, this.clock.now));
    });
  }
}
