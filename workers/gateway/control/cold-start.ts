// The first requests of an isolate: they wait for the live version, once and for a bounded time. No request waits after them.
import { waitUntil } from "cloudflare:workers";
import type { ControlPolicy } from "../../../core/config/control.ts";
import { logEvent } from "../../log.ts";
import type { Exchange } from "../background/exchange.ts";
import { Waiters } from "../background/waiters.ts";
import { isolateRegion } from "../region/isolate-region.ts";
import { soundSnapshots } from "./control-follower.ts";
import { type CopyNamespace, readLiveCopy } from "./live-copy.ts";
import type { Versions } from "./versions.ts";

const COPY_MS = 1_000; // longest wait for KV: a value that its location does not hold takes tens to hundreds of milliseconds

/** Where the first version of an isolate has come from. */
export type FirstSource = "exchange" | "kv" | "bundled";

export class ColdStart {
  readonly #versions: Versions;
  readonly #exchange: Exchange;
  readonly #policy: ControlPolicy;
  readonly #copies: CopyNamespace | undefined;
  readonly #waiters = new Waiters();
  #startedAt: number | undefined; // epoch ms of the first request
  #source: FirstSource | undefined; // undefined until it is decided

  /** @param copies the KV namespace of `control.kv` */
  constructor(versions: Versions, exchange: Exchange, policy: ControlPolicy, copies: CopyNamespace | undefined) {
    this.#versions = versions;
    this.#exchange = exchange;
    this.#policy = policy;
    this.#copies = copies;
    if (policy.coldWaitMs === 0) this.#source = "bundled";
  }

  /** undefined while requests wait. */
  get source(): FirstSource | undefined {
    return this.#source;
  }

  /** Whether the first requests were served without knowing what is live. With `coldWaitMs: 0` nobody wants them to wait, and this is false. */
  get hasFallenBack(): boolean {
    return this.#source === "kv" || (this.#source === "bundled" && this.#policy.coldWaitMs > 0);
  }

  /** A view has been followed. */
  learned(): void {
    if (this.#source === undefined) this.#decide("exchange");
  }

  /**
   * To be called with each request until it returns undefined.
   *
   * @returns what the request waits for, which never rejects; undefined where the version is known
   */
  wait(request: Request): Promise<void> | undefined {
    if (this.#source !== undefined) return undefined;
    const now = Date.now();
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      isolateRegion(request); // the exchange goes to a relay of this region
      this.#exchange.begin(request, waitUntil);
      this.#exchange.require(now);
    }
    return this.#wait(this.#startedAt + this.#policy.coldWaitMs - now);
  }

  /** Each request has a timer of its own, and falls back by itself: the one that came first may have been canceled. */
  async #wait(leftMs: number): Promise<void> {
    if (leftMs > 0) await this.#waiters.wait(1, leftMs);
    if (this.#source === undefined) await this.#fallBack();
  }

  async #fallBack(): Promise<void> {
    const copy = await this.#readCopy();
    if (this.#source !== undefined) return;
    if (copy !== undefined) this.#versions.follow(copy);
    this.#decide(copy === undefined ? "bundled" : "kv");
    const waitedMs = Date.now() - (this.#startedAt ?? Date.now());
    logEvent("version_fell_back", { source: copy === undefined ? "bundled" : "kv", version: this.#versions.number, waitedMs });
  }

  /** @returns undefined where there is none, or none that can be used */
  async #readCopy() {
    if (this.#copies === undefined) return undefined;
    const over = new AbortController();
    try {
      const late = scheduler.wait(COPY_MS, { signal: over.signal }).then(() => undefined);
      const copy = await Promise.race([readLiveCopy(this.#copies), late]);
      if (copy === undefined) return undefined;
      const { sequence, version, snapshot } = copy;
      const live = snapshot && { version, digest: snapshot.digest };
      const pointers = { sequence, live, canary: undefined, snapshots: snapshot === undefined ? [] : await soundSnapshots([snapshot]) };
      return this.#versions.lacks(pointers) ? undefined : pointers;
    } catch {
      return undefined;
    } finally {
      over.abort();
    }
  }

  #decide(source: FirstSource): void {
    this.#source = source;
    this.#waiters.wake();
  }
}
