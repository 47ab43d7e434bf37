/**
 * What to do after a failure. `retry`: the same items again, and all of them are given up after the last attempt (the receiver is down).
 * `split`: halves at once (the receiver has refused the items). `retry_then_split`: the same items again, and halves after the last attempt.
 */
type FailureAction = "retry" | "split" | "retry_then_split";
/** Items that were given up, with the last error. */
interface LostItems<T> {
  readonly items: readonly T[];
  readonly error: unknown;
}
interface BatchOptions<T> {
  /** In log records and errors. Default `batch`. */
  readonly name?: string;
  /** Items of one batch: 1 to 10,000. Default 100. */
  readonly size?: number;
  /** Longest time that an item waits for others, ms: 0 to 20,000. Default 1,000. */
  readonly lingerMs?: number;
  /** Items that wait or are being sent: 1 to 1,000,000. Default 50,000. */
  readonly maxItems?: number;
  /** Bytes of an item; only with it the bounds in bytes hold. Called once for each item. */
  readonly sizeOf?: (item: T) => number;
  /** Bytes of the items that wait or are being sent, with `sizeOf`. Default 8 MiB: the isolate has 128 MB for everything. */
  readonly maxBytes?: number;
  /** Bytes of one batch, with `sizeOf`. Default: as `maxBytes`. */
  readonly maxBatchBytes?: number;
  /** Batches that are sent at the same time: 1 to 6. Default 1, which keeps the order of the items. */
  readonly concurrency?: number;
  /** Longest time of one sending, ms: 1 to 20,000; with `lingerMs` at most 28,000. Default 10,000. */
  readonly timeoutMs?: number;
  /** Sendings of a batch before it is split or given up: 1 to 10. Default 3. */
  readonly attempts?: number;
  /** Longest pause after the first failed sending, ms; each further one doubles it. Default 200. */
  readonly backoffMs?: number;
  /** Longest pause, ms. Default 5,000. */
  readonly maxBackoffMs?: number;
  /** What to do after a failure. It must not throw. Default: `retry_then_split` for each. */
  readonly onFailure?: (error: unknown) => FailureAction;
  /** Items that were given up, beside the record `work_lost` in the log. It must not throw. */
  readonly onLost?: (lost: LostItems<T>) => void;
}
/** What keeps a request alive after its response: the `ctx` of a handler or of a Durable Object. */
interface BackgroundContext {
  waitUntil(promise: Promise<unknown>): void;
}
/** Sends one batch. It has to await all that it does. A rejection is a failure of all items; those that arrived nevertheless come again. */
type SendBatch<T> = (items: readonly T[], signal: AbortSignal) => Promise<void>;
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
export declare class BatchProcessor<T> {
  #private;
  /** @throws RangeError for an option outside its bounds */
  constructor(send: SendBatch<T>, options?: BatchOptions<T>);
  /** Items that wait or are being sent. */
  get size(): number;
  /** Bytes of these items; 0 without `sizeOf`. */
  get bytes(): number;
  /**
   * Adds an item.
   *
   * @param context of the request that adds, where it is at hand: a request that adds often then needs one timer for all. Without it, the
   *                platform's `waitUntil` is used, and each synchronous run of code that adds has a timer.
   * @throws WorkRefused where the queue is full, or the item is too large
   */
  add(item: T, context?: BackgroundContext): void;
  /** As `add`. @returns false where the item was not taken; a caller that drops it counts it */
  offer(item: T, context?: BackgroundContext): boolean;
  /**
   * Sends all that waits now, without waiting for more, in the request that calls this. For tests, and for a last step that must not linger.
   *
   * @returns whether every item that was there has arrived or was given up; false after 28 s
   */
  drain(): Promise<boolean>;
}
/** Processes one item. @param signal is aborted when the pipeline ends early */
type Process<T, R> = (item: T, signal: AbortSignal) => Promise<R> | R;
type PipelineSource<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>;
interface StageOptions {
  /** Items that the stage processes at the same time: 1 to 1,000. Default 1. */
  readonly concurrency?: number;
  /** Results beyond these that may wait for the next stage: 0 to 100,000. Default: as `concurrency`. */
  readonly buffer?: number;
  /** Whether results leave in the order of their items. Default true; without it, a slow item holds no other. */
  readonly ordered?: boolean;
}
interface PipelineOptions {
  /** Ends the pipeline: of the request, or of a timeout. */
  readonly signal?: AbortSignal | undefined;
}
/**
 * Processes items in stages that run at the same time, within one request. A stage waits while the next one is slower, so that the items in
 * memory are at most `concurrency + buffer` of each stage, however long the source is.
 *
 * ```ts
 * const pages = Pipeline.from(urls, { signal: request.signal })
 *   .map((url, signal) => fetch(url, { signal }), { concurrency: 6 })
 *   .map((response) => response.text());
 * for await (const page of pages) index(page);
 * ```
 *
 * The first error ends all stages, and is thrown to the consumer; results that it has not taken are dropped. So does the signal; and a
 * consumer that leaves its loop ends them without an error. Each time, signals of what runs are aborted, the source is closed, and the loop is
 * left when all of it has ended: after 1 s, what ignores its signal is left behind.
 */
export declare class Pipeline<T> implements AsyncIterable<T> {
  #private;
  private constructor();
  /** @param source read once, one item at a time: an iterable, such as a generator or the messages of a call, or a stream */
  static from<T>(source: PipelineSource<T>, { signal }?: PipelineOptions): Pipeline<T>;
  /** @throws RangeError for an option outside its bounds */
  map<R>(process: Process<T, R>, options?: StageOptions): Pipeline<R>;
  /** Lets the items pass for which `keeps` is true. */
  filter(keeps: (item: T) => boolean): Pipeline<T>;
  /** Lists of `size` items, the last one of what is left. @param size 1 to 10,000 @throws RangeError */
  batch(size: number): Pipeline<readonly T[]>;
  /** Processes all items, in any order. @returns how many there were @throws the first error, or the reason of the signal */
  forEach(process: Process<T, unknown>, options?: Omit<StageOptions, "buffer" | "ordered">): Promise<number>;
  /** @param max most items: a longer sequence is an error, since all of it is in memory @throws RangeError beyond `max`, and as `forEach` */
  toArray(max?: number): Promise<T[]>;
  /** The items as a stream, such as the body of a response. It reads nothing before it is read; canceling it ends the pipeline. */
  toStream(): ReadableStream<T>;
  [Symbol.asyncIterator](): AsyncGenerator<T, void, void>;
}
/** `full`: a queue has reached its bound. `too_large`: an item alone exceeds it. `closed`: the pool takes no work any more. */
type WorkRefusal = "full" | "too_large" | "closed";
/** Nothing was started: the caller may drop the work, do it itself, or refuse its own caller with `resource_exhausted`. */
export declare class WorkRefused extends Error {
  readonly name = "WorkRefused";
  readonly reason: WorkRefusal;
  constructor(reason: WorkRefusal, message: string);
}
interface PoolOptions {
  /** In errors. Default `pool`. */
  readonly name?: string;
  /** Work at the same time: 1 to 10,000. `auto` adapts it to the time that the work takes: it falls while work queues behind work. */
  readonly concurrency: number | "auto" | {
    readonly min: number;
    readonly max: number;
  };
  /** Work that waits: 0 to 100,000. Default 1,000. */
  readonly maxWaiting?: number;
  /** Longest time of one piece of work, ms: 1 to 900,000. Its signal is aborted then. Default 25,000, which fits into `waitUntil`. */
  readonly timeoutMs?: number;
}
interface RunOptions {
  /** Whose work it is, such as a tenant: keys take turns. Default: one key for all. */
  readonly key?: string;
  /** Ends the wait, and aborts the signal of the work. */
  readonly signal?: AbortSignal | undefined;
}
/**
 * Runs work, at most so much of it at the same time. One for the isolate, at the top of a module. Work runs in the request that brings it, and
 * ends with it: await `run`, or hand it to `waitUntil`. Work that brings work to the same pool can wait for itself: it must not.
 *
 * ```ts
 * const thumbnails = new WorkerPool({ concurrency: "auto" });
 * const image = await thumbnails.run((signal) => scale(url, signal), { key: tenant, signal: request.signal });
 * ```
 *
 * A slot is a lease that the request renews each second: what a canceled request held is free again after 4 s at most.
 */
export declare class WorkerPool {
  #private;
  /** @throws RangeError for an option outside its bounds */
  constructor({ name, concurrency, maxWaiting, timeoutMs }: PoolOptions);
  /** Work that runs now. */
  get running(): number;
  get waiting(): number;
  /** Work that may run at the same time; with `auto` it changes. */
  get limit(): number;
  /**
   * Runs `work` as soon as it is its turn. Work that has started is not left behind: the result is there when the work has ended, also after
   * its signal was aborted; but 1 s after that at the latest.
   *
   * @throws WorkRefused (`full`) where too much waits, or a key that has less has taken the place; WorkRefused (`closed`) after `drain`; the
   *         reason of the signal; a TimeoutError after `timeoutMs`; what `work` throws
   */
  run<R>(work: (signal: AbortSignal) => Promise<R>, { key, signal }?: RunOptions): Promise<R>;
  /**
   * Takes no work any more, and waits until all that runs and waits has ended.
   *
   * @returns false where that took longer than 28 s
   */
  drain(): Promise<boolean>;
}
export type { BackgroundContext, BatchOptions, FailureAction, LostItems, PipelineOptions, PipelineSource, PoolOptions, Process, RunOptions, SendBatch, StageOptions, WorkRefusal };