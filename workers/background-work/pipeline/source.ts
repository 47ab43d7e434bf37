// Where the items of a pipeline come from.
import type { Flow, PipelineRun } from "./pipeline-run.ts";

export type PipelineSource<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>;

/** Reads one item at a time. When the run ends early, the source is closed: a stream is canceled, a generator runs its `finally`. */
export function flowOf<T>(source: PipelineSource<T>, run: PipelineRun): Flow<T> {
  const iterator = iteratorOf(source);
  let isOver = false;
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    run.start((async () => iterator.return?.(run.signal.reason))());
  };
  if (run.signal.aborted) close();
  else run.signal.addEventListener("abort", close, { once: true });
  return {
    async take() {
      run.signal.throwIfAborted();
      const next = await run.orEnd(Promise.resolve(iterator.next()));
      if (next.done !== true) return { item: next.value };
      isOver = true;
      return undefined;
    },
  };
}

interface ItemIterator<T> {
  next(): Promise<IteratorResult<T, unknown>> | IteratorResult<T, unknown>;
  return?(reason?: unknown): unknown;
}

function iteratorOf<T>(source: PipelineSource<T>): ItemIterator<T> {
  if (source instanceof ReadableStream) {
    // Not the iterator of the stream: that one cannot be closed while a read waits.
    const reader = source.getReader();
    return { next: () => reader.read() as Promise<IteratorResult<T, unknown>>, return: (reason) => reader.cancel(reason) };
  }
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}
