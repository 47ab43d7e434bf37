// Stages that process a sequence of items at the same time, each at most a few items ahead of the next one.
import { mapStage, type Process } from "./map-stage.ts";
import { type Flow, PipelineRun } from "./pipeline-run.ts";
import { flowOf, type PipelineSource } from "./source.ts";

export interface StageOptions {
  /** Items that the stage processes at the same time: 1 to 1,000. Default 1. */
  readonly concurrency?: number;
  /** Results beyond these that may wait for the next stage: 0 to 100,000. Default: as `concurrency`. */
  readonly buffer?: number;
  /** Whether results leave in the order of their items. Default true; without it, a slow item holds no other. */
  readonly ordered?: boolean;
}

export interface PipelineOptions {
  /** Ends the pipeline: of the request, or of a timeout. */
  readonly signal?: AbortSignal | undefined;
}

type Build<T> = (run: PipelineRun) => Flow<T>;

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
export class Pipeline<T> implements AsyncIterable<T> {
  readonly #build: Build<T>;
  readonly #signal: AbortSignal | undefined;

  private constructor(build: Build<T>, signal: AbortSignal | undefined) {
    this.#build = build;
    this.#signal = signal;
  }

  /** @param source read once, one item at a time: an iterable, such as a generator or the messages of a call, or a stream */
  static from<T>(source: PipelineSource<T>, { signal }: PipelineOptions = {}): Pipeline<T> {
    return new Pipeline((run) => flowOf(source, run), signal);
  }

  /** @throws RangeError for an option outside its bounds */
  map<R>(process: Process<T, R>, options: StageOptions = {}): Pipeline<R> {
    const concurrency = within("concurrency", options.concurrency ?? 1, 1, 1_000);
    const buffer = within("buffer", options.buffer ?? concurrency, 0, 100_000);
    const settings = { concurrency, buffer, isOrdered: options.ordered ?? true };
    return new Pipeline((run) => mapStage(this.#build(run), process, settings, run), this.#signal);
  }

  /** Lets the items pass for which `keeps` is true. */
  filter(keeps: (item: T) => boolean): Pipeline<T> {
    return new Pipeline((run) => {
      const upstream = this.#build(run);
      const take: Flow<T>["take"] = async () => {
        for (;;) {
          const next = await upstream.take();
          if (next === undefined || keeps(next.item)) return next;
        }
      };
      return { take };
    }, this.#signal);
  }

  /** Lists of `size` items, the last one of what is left. @param size 1 to 10,000 @throws RangeError */
  batch(size: number): Pipeline<readonly T[]> {
    within("size", size, 1, 10_000);
    return new Pipeline((run) => {
      const upstream = this.#build(run);
      const take: Flow<readonly T[]>["take"] = async () => {
        const items: T[] = [];
        while (items.length < size) {
          const next = await upstream.take();
          if (next === undefined) break;
          items.push(next.item);
        }
        return items.length > 0 ? { item: items } : undefined;
      };
      return { take };
    }, this.#signal);
  }

  /** Processes all items, in any order. @returns how many there were @throws the first error, or the reason of the signal */
  async forEach(process: Process<T, unknown>, options: Omit<StageOptions, "buffer" | "ordered"> = {}): Promise<number> {
    let count = 0;
    for await (const _ of this.map(process, { ...options, buffer: 0, ordered: false })) count += 1;
    return count;
  }

  /** @param max most items: a longer sequence is an error, since all of it is in memory @throws RangeError beyond `max`, and as `forEach` */
  async toArray(max = 10_000): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this) {
      if (items.length >= max) throw new RangeError(`the pipeline has more than ${max} items: process them one by one, or raise max`);
      items.push(item);
    }
    return items;
  }

  /** The items as a stream, such as the body of a response. It reads nothing before it is read; canceling it ends the pipeline. */
  toStream(): ReadableStream<T> {
    const run = new PipelineRun(this.#signal);
    let flow: Flow<T> | undefined;
    const pull = async (controller: ReadableStreamDefaultController<T>): Promise<void> => {
      try {
        flow ??= this.#build(run);
        const next = await flow.take();
        if (next !== undefined) return controller.enqueue(next.item);
      } catch (error) {
        await run.close();
        throw error;
      }
      await run.close();
      controller.close();
    };
    const cancel = async (reason: unknown): Promise<void> => {
      run.fail(reason);
      await run.close();
    };
    return new ReadableStream<T>({ pull, cancel }, { highWaterMark: 0 });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    const run = new PipelineRun(this.#signal);
    try {
      const flow = this.#build(run);
      for (let next = await flow.take(); next !== undefined; next = await flow.take()) yield next.item;
    } finally {
      await run.close();
    }
  }
}

function within(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${option} of a stage is ${value}: write a whole number from ${min} to ${max}`);
}
