// A stage that processes several items at the same time, and works ahead of the next stage within its buffer.
import { ResultWindow, type WindowSettings } from "../../../core/background-work/result-window.ts";
import type { Flow, PipelineRun } from "./pipeline-run.ts";

/** Processes one item. @param signal is aborted when the pipeline ends early */
export type Process<T, R> = (item: T, signal: AbortSignal) => Promise<R> | R;

export function mapStage<T, R>(upstream: Flow<T>, process: Process<T, R>, settings: WindowSettings, run: PipelineRun): Flow<R> {
  const window = new ResultWindow<R>(settings);
  const [room, ready] = [new Change(), new Change()];
  let isAtEnd = false;

  const processed = async (item: T): Promise<void> => {
    const number = window.start();
    window.finish(number, await process(item, run.signal));
    ready.notify();
    room.notify();
  };
  const read = async (): Promise<void> => {
    for (;;) {
      while (!window.canStart) await run.orEnd(room.next());
      const next = await upstream.take();
      if (next === undefined) break;
      run.start(processed(next.item));
    }
    isAtEnd = true;
    ready.notify();
  };
  run.start(read());

  return {
    async take() {
      for (;;) {
        run.signal.throwIfAborted();
        const taken = window.take();
        if (taken !== undefined) {
          room.notify();
          return { item: taken.result };
        }
        if (isAtEnd && window.size === 0) return undefined;
        await run.orEnd(ready.next());
      }
    },
  };
}

/** Something has changed: one piece of code waits for it. */
class Change {
  #notify: (() => void) | undefined;

  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#notify = resolve;
    return promise;
  }

  notify(): void {
    this.#notify?.();
    this.#notify = undefined;
  }
}
