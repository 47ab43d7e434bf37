// The queue of a batch processor: what waits, what is being sent and by which sending, and what is due. The sender is elsewhere.
//
//   waiting --a batch is full, or its oldest item is lingerMs old--> open, sent under a lease --succeeded--> gone
//                                                       ^---- failed, or the lease has ended: again, or in halves ----'--last time--> lost
import { Fifo } from "./fifo.ts";
import { type BatchRetry, type FailureAction, type LostItems, OpenBatch, type QueuedItem } from "./open-batch.ts";

export interface BatchQueueSettings {
  readonly maxBatch: number; // items of one batch
  readonly maxBatchBytes: number; // bytes of one batch
  readonly lingerMs: number; // longest time that an item waits for others
  readonly maxItems: number; // items that wait or are being sent
  readonly maxBytes: number; // bytes of these items
  readonly concurrency: number; // batches that are open at the same time; with 1, items arrive in the order of their sequence
  readonly leaseMs: number; // after it, a sending that has not ended is taken for lost
  readonly retry: BatchRetry;
}

/** Why an item was not taken: too many items, too many bytes, or an item that is larger than a batch or than the queue. */
export type QueueRefusal = "items" | "bytes" | "item_too_large";

export type BatchStep<T> =
  | { readonly kind: "send"; readonly items: readonly T[]; readonly lease: number }
  | { readonly kind: "wait"; readonly untilMs: number } // epoch ms
  | { readonly kind: "idle" }; // there is no item

export class BatchQueue<T> {
  readonly #settings: BatchQueueSettings;
  readonly #waiting = new Fifo<QueuedItem<T>>();
  readonly #open: OpenBatch<T>[] = []; // in the order of their items
  #lost: LostItems<T>[] = [];
  #size = 0;
  #bytes = 0;
  #waitingBytes = 0;
  #lastSequence = 0;
  #lastLease = 0;

  constructor(settings: BatchQueueSettings) {
    this.#settings = settings;
  }

  /** Items that wait or are being sent. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sequence of the item that was added last; 0 before the first one. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Whether a batch is complete, which is why nothing has to wait for more items. */
  get isBatchFull(): boolean {
    return this.#waiting.size >= this.#settings.maxBatch || this.#waitingBytes >= this.#settings.maxBatchBytes;
  }

  /** @param bytes of the item, >= 0 @param now epoch ms @returns why the item was not taken, or undefined */
  offer(item: T, bytes: number, now: number): QueueRefusal | undefined {
    const { maxItems, maxBytes, maxBatchBytes } = this.#settings;
    if (bytes > maxBatchBytes || bytes > maxBytes) return "item_too_large";
    if (this.#size >= maxItems) return "items";
    if (this.#bytes + bytes > maxBytes) return "bytes";
    this.#lastSequence += 1;
    this.#size += 1;
    this.#bytes += bytes;
    this.#waitingBytes += bytes;
    this.#waiting.push({ item, sequence: this.#lastSequence, bytes, addedAt: now });
    return undefined;
  }

  /** Whether the item has arrived, or was given up. */
  isSettled(sequence: number): boolean {
    const first = this.#waiting.first?.sequence ?? Number.POSITIVE_INFINITY;
    return sequence < first && !this.#open.some((batch) => batch.holds(sequence));
  }

  /** All items with a sequence below it have arrived or were given up. */
  get settledBelow(): number {
    return this.#open[0]?.firstSequence ?? this.#waiting.first?.sequence ?? this.#lastSequence + 1;
  }

  /**
   * What to do now. A `send` begins a lease: `succeeded` or `failed` ends it, or its time.
   *
   * @param now    epoch ms
   * @param hurry  whether items that wait are due, whatever their age
   * @param random in [0, 1), for the pause after a lease that has ended
   */
  next(now: number, hurry: boolean, random: number): BatchStep<T> {
    this.#endLeases(now, random);
    let untilMs = Number.POSITIVE_INFINITY;
    for (const batch of this.#open) {
      const dueAt = batch.dueAt(now);
      if (batch.lease === 0 && dueAt <= now) return this.#send(batch, now);
      untilMs = Math.min(untilMs, dueAt);
    }
    const oldest = this.#waiting.first;
    if (oldest === undefined) return this.#open.length === 0 ? { kind: "idle" } : { kind: "wait", untilMs };
    const { concurrency, lingerMs } = this.#settings;
    // The senders may end without a sign, so each request looks again after a while.
    if (this.#open.length >= concurrency) return { kind: "wait", untilMs: Math.min(untilMs, now + lingerMs) };
    const ageMs = now - oldest.addedAt; // negative after the clock has stepped back
    if (hurry || this.isBatchFull || ageMs >= lingerMs || ageMs < 0) {
      const batch = new OpenBatch(this.#cut(), this.#settings.retry, now);
      this.#open.push(batch);
      return this.#send(batch, now);
    }
    return { kind: "wait", untilMs: Math.min(untilMs, oldest.addedAt + lingerMs) };
  }

  /** The items of this sending have arrived. A lease that has ended before changes nothing: its items are sent again, or were. */
  succeeded(lease: number, now: number): void {
    const batch = this.#find(lease);
    if (batch === undefined) return;
    this.#release(batch.succeeded(now));
    this.#closeIfEmpty(batch);
  }

  failed(lease: number, error: unknown, action: FailureAction, now: number, random: number): void {
    const batch = this.#find(lease);
    if (batch !== undefined) this.#fail(batch, error, action, now, random);
  }

  /** @returns items that were given up since the call before */
  takeLost(): readonly LostItems<T>[] {
    const lost = this.#lost;
    if (lost.length > 0) this.#lost = [];
    return lost;
  }

  #send(batch: OpenBatch<T>, now: number): BatchStep<T> {
    this.#lastLease += 1;
    const items = batch.send(this.#lastLease, now + this.#settings.leaseMs);
    return { kind: "send", items: items.map(({ item }) => item), lease: this.#lastLease };
  }

  #cut(): QueuedItem<T>[] {
    const { maxBatch, maxBatchBytes } = this.#settings;
    let bytes = 0;
    let count = 0;
    for (let next = this.#waiting.peek(0); next !== undefined && count < maxBatch; next = this.#waiting.peek(count)) {
      if (count > 0 && bytes + next.bytes > maxBatchBytes) break;
      bytes += next.bytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.take(count);
  }

  #endLeases(now: number, random: number): void {
    for (const batch of [...this.#open]) {
      if (batch.lease === 0 || batch.dueAt(now) > now) continue;
      this.#fail(batch, new Error("the request that sent the items has ended before they arrived"), "retry_then_split", now, random);
    }
  }

  #fail(batch: OpenBatch<T>, error: unknown, action: FailureAction, now: number, random: number): void {
    const given = batch.failed(action, now, random);
    this.#release(given);
    if (given.length > 0) this.#lost.push({ items: given.map(({ item }) => item), error });
    this.#closeIfEmpty(batch);
  }

  #find(lease: number): OpenBatch<T> | undefined {
    return this.#open.find((batch) => batch.lease === lease);
  }

  #release(items: readonly QueuedItem<T>[]): void {
    this.#size -= items.length;
    for (const { bytes } of items) this.#bytes -= bytes;
  }

  #closeIfEmpty(batch: OpenBatch<T>): void {
    if (batch.isEmpty) this.#open.splice(this.#open.indexOf(batch), 1);
  }
}
