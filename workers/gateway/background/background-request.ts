// Requests to Durable Objects that run in the background: the call that starts one does not wait for it.

interface RunningRequest {
  readonly done: Promise<void>; // never rejects
  readonly startedAt: number; // epoch ms
}

/**
 * At most one request at a time. The platform may cancel a request together with the call that started it, without any sign of that. For
 * this reason a request that has not ended within the time limit counts as lost: a later call starts another one.
 */
export class BackgroundRequest {
  readonly #timeoutMs: number;
  readonly #onError: (error: unknown) => void;
  #running: RunningRequest | undefined;

  /**
   * @param timeoutMs time limit of one request, > 0
   * @param onError   logs the failure of a request; the next call may start another one
   */
  constructor(timeoutMs: number, onError: (error: unknown) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onError = onError;
  }

  /** @returns the end of the request that is under way, undefined where there is none. The promise never rejects */
  running(now: number): Promise<void> | undefined {
    const running = this.#running;
    return running !== undefined && now - running.startedAt < this.#timeoutMs ? running.done : undefined;
  }

  /**
   * Starts a request. Only called where none is under way.
   *
   * @param send the request and what is done with its result
   * @returns the end of the request, for `waitUntil`: the response of the call may be sent earlier. The promise never rejects
   */
  start(now: number, send: () => Promise<void>): Promise<void> {
    const done: Promise<void> = this.#attempt(send).then(() => this.end(done));
    this.track(now, done);
    return done;
  }

  /**
   * Follows a request that several calls share. It is ended by the code that has its result, with `end`: a continuation of the call that
   * started it may never run, since that call may have ended.
   *
   * @param done the end of the request; never rejects
   */
  track(now: number, done: Promise<void>): void {
    this.#running = { done, startedAt: now };
  }

  /** @param done as it was tracked; the end of an earlier request changes nothing */
  end(done: Promise<void>): void {
    if (this.#running?.done === done) this.#running = undefined;
  }

  async #attempt(send: () => Promise<void>): Promise<void> {
    try {
      await send();
    } catch (error) {
      this.#onError(error);
    }
  }
}
