// Collects items of all requests of an isolate, and sends them in batches after the responses.
import { waitUntil } from "cloudflare:workers";
import { BatchQueue, type BatchStep } from "../../core/background-work/batch-queue.ts";
import { logEvent } from "../log.ts";
import { settledWithin } from "../settled-within.ts";
import { type BatchOptions, type BatchSettings, batchSettingsOf, HELD_MS } from "./batch-settings.ts";
import { Keeper } from "./keeper.ts";
import { WorkRefused } from "./work-refused.ts";

/** What keeps a request alive after its response: the `ctx` of a handler or of a Durable Object. */
export interface BackgroundContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** Sends one batch. It has to await all that it does. A rejection is a failure of all items; those that arrived nevertheless come again. */
export type SendBatch<T> = (items: readonly T[], signal: AbortSignal) => Promise<void>;

/**
 * Collects items and sends them when there are `size` of them, or when the oldest has waited for `lingerMs`. One for the isolate, at the top
 * of a module; `add` takes microseconds and waits for nothing.
 *
 * ```ts
 * const visits = new BatchProcessor<Visit>((items, signal) => store(items, signal), { name: "visits" });
 * ```
 *
 * Each request that adds stays alive (`waitUntil`) until its own items have arrived, and sends them itself where no other request has: no
 * item depends on a request of another caller. Items are sent at least once: twice, where the request that sent them ended before it knew of
 * the result, or where a sending failed in part. They are lost where the isolate ends, where they are given up after retries, and where the
 * receiver is down for longer than 28 s and no other request comes. Work that must survive belongs in a queue.
 */
export class BatchProcessor<T> {
  readonly #queue: BatchQueue<T>;
  readonly #settings: BatchSettings<T>;
  readonly #send: SendBatch<T>;
  readonly #keepers = new Set<Keeper>(); // in the order of their last sequences
  readonly #byContext = new WeakMap<BackgroundContext, Keeper>();
  #adding: Keeper | undefined; // the keeper of the code that runs now, without an `await` in between

  /** @throws RangeError for an option outside its bounds */
  constructor(send: SendBatch<T>, options: BatchOptions<T> = {}) {
    this.#settings = batchSettingsOf(options);
    this.#queue = new BatchQueue(this.#settings);
    this.#send = send;
  }

  /** Items that wait or are being sent. */
  get size(): number {
    return this.#queue.size;
  }

  /** Bytes of these items; 0 without `sizeOf`. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  /**
   * Adds an item.
   *
   * @param context of the request that adds, where it is at hand: a request that adds often then needs one timer for all. Without it, the
   *                platform's `waitUntil` is used, and each synchronous run of code that adds has a timer.
   * @throws WorkRefused where the queue is full, or the item is too large
   */
  add(item: T, context?: BackgroundContext): void {
    const refusal = this.#take(item, context);
    const { name, maxItems, maxBytes, maxBatchBytes } = this.#settings;
    if (refusal === "items") throw new WorkRefused("full", `"${name}" is full: ${maxItems} items wait; add it later, or drop it`);
    if (refusal === "bytes") throw new WorkRefused("full", `"${name}" is full: the item does not fit into ${maxBytes} bytes`);
    if (refusal !== undefined) throw new WorkRefused("too_large", `an item of "${name}" is larger than a batch: ${maxBatchBytes} bytes`);
  }

  /** As `add`. @returns false where the item was not taken; a caller that drops it counts it */
  offer(item: T, context?: BackgroundContext): boolean {
    return this.#take(item, context) === undefined;
  }

  /**
   * Sends all that waits now, without waiting for more, in the request that calls this. For tests, and for a last step that must not linger.
   *
   * @returns whether every item that was there has arrived or was given up; false after 28 s
   */
  async drain(): Promise<boolean> {
    const keeper = new Keeper(Date.now() + HELD_MS);
    keeper.lastSequence = this.#queue.lastSequence;
    this.#keepers.add(keeper);
    return this.#run(keeper, true);
  }

  #take(item: T, context: BackgroundContext | undefined): ReturnType<BatchQueue<T>["offer"]> {
    const now = Date.now();
    const refusal = this.#queue.offer(item, this.#settings.sizeOf(item), now);
    if (refusal !== undefined) return refusal;
    const keeper = this.#keeperOf(context, now);
    keeper.lastSequence = this.#queue.lastSequence;
    this.#keepers.delete(keeper);
    this.#keepers.add(keeper);
    if (this.#queue.isBatchFull) keeper.wake();
    return undefined;
  }

  /** The keeper of this request, if it will still be there when the item is due; else a new one. */
  #keeperOf(context: BackgroundContext | undefined, now: number): Keeper {
    const current = context === undefined ? this.#adding : this.#byContext.get(context);
    const { lingerMs, timeoutMs } = this.#settings;
    if (current !== undefined && this.#keepers.has(current) && now + lingerMs + timeoutMs <= current.endsAt) return current;
    const keeper = new Keeper(now + HELD_MS);
    if (context === undefined) this.#adding = keeper;
    else this.#byContext.set(context, keeper);
    const run = this.#keep(keeper);
    if (context === undefined) waitUntil(run);
    else context.waitUntil(run);
    return keeper;
  }

  async #keep(keeper: Keeper): Promise<void> {
    await null; // `add` returns first; what this code adds until then has the same keeper
    if (this.#adding === keeper) this.#adding = undefined;
    await this.#run(keeper, false);
  }

  async #run(keeper: Keeper, hurry: boolean): Promise<boolean> {
    for (let now = Date.now(); now + this.#settings.timeoutMs <= keeper.endsAt; now = Date.now()) {
      const step = this.#queue.next(now, hurry && !this.#queue.isSettled(keeper.lastSequence), Math.random());
      if (step.kind === "send") await this.#sendNow(step);
      else if (this.#queue.isSettled(keeper.lastSequence)) break;
      else if (step.kind === "wait") await keeper.sleep(Math.max(0, Math.min(step.untilMs, keeper.endsAt) - now));
      this.#afterStep();
    }
    this.#keepers.delete(keeper);
    return this.#queue.isSettled(keeper.lastSequence);
  }

  async #sendNow({ items, lease }: BatchStep<T> & { readonly kind: "send" }): Promise<void> {
    const { timeoutMs, onFailure } = this.#settings;
    try {
      await settledWithin(timeoutMs, (signal) => this.#send(items, signal));
      this.#queue.succeeded(lease, Date.now());
    } catch (error) {
      this.#queue.failed(lease, error, onFailure?.(error) ?? "retry_then_split", Date.now(), Math.random());
    }
  }

  /** Reports what was given up, and wakes the requests that have nothing to wait for any more. */
  #afterStep(): void {
    for (const lost of this.#queue.takeLost()) {
      logEvent("work_lost", { name: this.#settings.name, items: lost.items.length, error: lost.error });
      this.#settings.onLost?.(lost);
    }
    const { settledBelow } = this.#queue;
    for (const keeper of this.#keepers) {
      if (keeper.lastSequence >= settledBelow) break;
      this.#keepers.delete(keeper); // its request may have ended: then it would never delete itself
      keeper.wake();
    }
  }
}
