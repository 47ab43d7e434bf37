// One run of a pipeline: its signal, its first error, and all that was started for it and has to end with it.

const GRACE_MS = 1_000; // what ignores its signal is left after it

/** What a stage gives to the next one. */
export interface Flow<T> {
  /** @returns the next item, or undefined at the end @throws where the run has ended early */
  take(): Promise<{ readonly item: T } | undefined>;
}

export class PipelineRun {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #endings = new Set<(reason: unknown) => void>(); // ends of what waits; cheaper than a listener of the signal for each item
  readonly #onOuterAbort = (): void => this.fail(this.#outer!.reason);

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    outer?.addEventListener("abort", this.#onOuterAbort);
    if (outer?.aborted === true) this.#onOuterAbort();
  }

  /** Is aborted at the first error, when the consumer leaves, and with the signal of the caller. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends all stages. The first error counts. */
  fail(error: unknown): void {
    if (this.signal.aborted) return;
    this.#controller.abort(error);
    for (const end of this.#endings) end(this.signal.reason);
    this.#endings.clear();
  }

  /** Adds something that must have ended before the run has. Its failure ends the run. */
  start(task: Promise<unknown>): void {
    const watched = task
      .catch((error: unknown) => this.fail(error))
      .finally(() => {
        this.#tasks.delete(watched);
      });
    this.#tasks.add(watched);
  }

  /** @throws the first error, at the latest when the run ends, whatever `promise` does */
  async orEnd<T>(promise: Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const { promise: ended, reject } = Promise.withResolvers<never>();
    this.#endings.add(reject);
    try {
      return await Promise.race([promise, ended]);
    } finally {
      this.#endings.delete(reject);
    }
  }

  /** Aborts what still runs, and waits until it has ended, 1 s at most. */
  async close(): Promise<void> {
    this.#outer?.removeEventListener("abort", this.#onOuterAbort);
    this.fail(new DOMException("the consumer of the pipeline has ended", "AbortError"));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GRACE_MS);
    while (this.#tasks.size > 0) {
      const isLate = await Promise.race([Promise.all(this.#tasks).then(() => false), late.then(() => true)]);
      if (isLate) break;
    }
    clearTimeout(timer);
  }
}
