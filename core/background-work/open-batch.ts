// One batch from its first sending until every item has arrived or was given up: retries with back-off, then halves that find a bad item.

/** An item with what the queue has to know of it. */
export interface QueuedItem<T> {
  readonly item: T;
  readonly sequence: number; // number among all items of the queue: each is one more than the one before
  readonly bytes: number;
  readonly addedAt: number; // epoch ms
}

/**
 * What to do after a failure. `retry`: the same items again, and all of them are given up after the last attempt (the receiver is down).
 * `split`: halves at once (the receiver has refused the items). `retry_then_split`: the same items again, and halves after the last attempt.
 */
export type FailureAction = "retry" | "split" | "retry_then_split";

export interface BatchRetry {
  readonly attempts: number; // sendings of a whole batch, the first one included
  readonly baseMs: number; // pause after the first failure, before it is spread; each further one doubles it
  readonly maxMs: number; // longest pause
}

/** Items that were given up, with the last error. */
export interface LostItems<T> {
  readonly items: readonly T[];
  readonly error: unknown;
}

export class OpenBatch<T> {
  readonly #retry: BatchRetry;
  #pieces: (readonly QueuedItem<T>[])[]; // in order; the first one is sent next
  #failures = 0; // failures of the batch as a whole, and of a piece that is sent again
  #failuresLeft: number | undefined; // before the rest is given up; undefined until the batch is split
  #readyAt: number; // epoch ms
  #lease = 0; // number of the sending that is under way; 0 for none
  #leaseEndsAt = Number.POSITIVE_INFINITY; // epoch ms

  /** @param items at least one @param now epoch ms */
  constructor(items: readonly QueuedItem<T>[], retry: BatchRetry, now: number) {
    this.#pieces = [items];
    this.#retry = retry;
    this.#readyAt = now;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  get lease(): number {
    return this.#lease;
  }

  /** Sequence of the first item that has neither arrived nor was given up; infinity where there is none. */
  get firstSequence(): number {
    return this.isEmpty ? Number.POSITIVE_INFINITY : this.#pieces[0]![0]!.sequence;
  }

  holds(sequence: number): boolean {
    return this.#pieces.some((piece) => piece[0]!.sequence <= sequence && sequence <= piece.at(-1)!.sequence);
  }

  /** When something is to be done: epoch ms. A clock that stepped back far shortens a pause. */
  dueAt(now: number): number {
    if (this.#lease !== 0) return this.#leaseEndsAt;
    return this.#readyAt - now > this.#retry.maxMs ? now : this.#readyAt;
  }

  /** Begins a sending. @param lease its number, > 0 @param endsAt epoch ms; the sender is then taken for lost */
  send(lease: number, endsAt: number): readonly QueuedItem<T>[] {
    this.#lease = lease;
    this.#leaseEndsAt = endsAt;
    return this.#pieces[0]!;
  }

  /** @returns the items that have arrived */
  succeeded(now: number): readonly QueuedItem<T>[] {
    this.#lease = 0;
    this.#readyAt = now;
    return this.#pieces.shift()!;
  }

  /** @param random in [0, 1) @returns the items that are given up, often none */
  failed(action: FailureAction, now: number, random: number): readonly QueuedItem<T>[] {
    this.#lease = 0;
    this.#readyAt = now;
    const isSplit = this.#failuresLeft !== undefined;
    if (this.#failuresLeft !== undefined) this.#failuresLeft -= 1;
    if (this.#failuresLeft === 0) return this.#giveUp();
    if (isSplit ? action === "retry" : action !== "split") {
      this.#failures += 1;
      if (isSplit || this.#failures < this.#retry.attempts) {
        this.#readyAt = now + random * Math.min(this.#retry.maxMs, this.#retry.baseMs * 2 ** (this.#failures - 1));
        return [];
      }
      if (action === "retry") return this.#giveUp();
    }
    return this.#split();
  }

  /**
   * The rest is given up after as many failures as there were items: an outage costs no more than items that are sent one by one. A bad item
   * takes log2(items) failures, so up to items / log2(items) bad ones lose only themselves: 14 of 100.
   */
  #split(): readonly QueuedItem<T>[] {
    const piece = this.#pieces.shift()!;
    if (piece.length === 1) return piece;
    this.#failuresLeft ??= piece.length;
    const middle = Math.ceil(piece.length / 2);
    this.#pieces.unshift(piece.slice(0, middle), piece.slice(middle));
    return [];
  }

  #giveUp(): readonly QueuedItem<T>[] {
    const all = this.#pieces.flat();
    this.#pieces = [];
    return all;
  }
}
