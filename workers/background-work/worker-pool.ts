// Limits how much work runs at the same time in an isolate, across its requests, and is fair between keys.
import { BEAT_MS, type PoolPlace, PoolState } from "../../core/background-work/pool-state.ts";
import { Sleeper } from "./sleeper.ts";
import { WorkRefused } from "./work-refused.ts";

export interface PoolOptions {
  /** In errors. Default `pool`. */
  readonly name?: string;
  /** Work at the same time: 1 to 10,000. `auto` adapts it to the time that the work takes: it falls while work queues behind work. */
  readonly concurrency: number | "auto" | { readonly min: number; readonly max: number };
  /** Work that waits: 0 to 100,000. Default 1,000. */
  readonly maxWaiting?: number;
  /** Longest time of one piece of work, ms: 1 to 900,000. Its signal is aborted then. Default 25,000, which fits into `waitUntil`. */
  readonly timeoutMs?: number;
}

export interface RunOptions {
  /** Whose work it is, such as a tenant: keys take turns. Default: one key for all. */
  readonly key?: string;
  /** Ends the wait, and aborts the signal of the work. */
  readonly signal?: AbortSignal | undefined;
}

const AUTO = { floor: 1, ceiling: 1_000 };
const GRACE_MS = 1_000; // work whose signal was aborted has this long to end; then it counts as ended
const DRAIN_MS = 28_000;

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
export class WorkerPool {
  readonly #state: PoolState<Sleeper>;
  readonly #name: string;
  readonly #maxWaiting: number;
  readonly #timeoutMs: number;
  #isClosed = false;

  /** @throws RangeError for an option outside its bounds */
  constructor({ name = "pool", concurrency, maxWaiting = 1_000, timeoutMs = 25_000 }: PoolOptions) {
    const within = (option: string, value: number, min: number, max: number): number => {
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      throw new RangeError(`${option} of "${name}" is ${value}: write a whole number from ${min} to ${max}`);
    };
    this.#name = name;
    this.#maxWaiting = within("maxWaiting", maxWaiting, 0, 100_000);
    this.#timeoutMs = within("timeoutMs", timeoutMs, 1, 900_000);
    this.#state = new PoolState({ concurrency: limitOf(concurrency, within), maxWaiting });
  }

  /** Work that runs now. */
  get running(): number {
    return this.#state.running(Date.now());
  }

  get waiting(): number {
    return this.#state.waiting;
  }

  /** Work that may run at the same time; with `auto` it changes. */
  get limit(): number {
    return this.#state.limit;
  }

  /**
   * Runs `work` as soon as it is its turn. Work that has started is not left behind: the result is there when the work has ended, also after
   * its signal was aborted; but 1 s after that at the latest.
   *
   * @throws WorkRefused (`full`) where too much waits, or a key that has less has taken the place; WorkRefused (`closed`) after `drain`; the
   *         reason of the signal; a TimeoutError after `timeoutMs`; what `work` throws
   */
  async run<R>(work: (signal: AbortSignal) => Promise<R>, { key = "", signal }: RunOptions = {}): Promise<R> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new WorkRefused("closed", `"${this.#name}" takes no work any more`);
    const place = await this.#turn(key, signal);
    let isSample = true;
    try {
      return await this.#runNow(place, work, signal);
    } catch (error) {
      isSample = error instanceof DOMException && error.name === "TimeoutError";
      throw error;
    } finally {
      this.#leave(place, isSample);
    }
  }

  /**
   * Takes no work any more, and waits until all that runs and waits has ended.
   *
   * @returns false where that took longer than 28 s
   */
  async drain(): Promise<boolean> {
    this.#isClosed = true;
    const endsAt = Date.now() + DRAIN_MS;
    const sleeper = new Sleeper();
    for (let pauseMs = 1; this.running + this.waiting > 0; pauseMs = Math.min(100, 2 * pauseMs)) {
      if (Date.now() >= endsAt) return false;
      await sleeper.sleep(pauseMs);
      this.#wakeNext();
    }
    return true;
  }

  /** Waits for a slot. The request looks at its place at least each second, so it needs no other request. */
  async #turn(key: string, signal: AbortSignal | undefined): Promise<PoolPlace<Sleeper>> {
    const sleeper = new Sleeper();
    const wake = (): void => sleeper.wake();
    signal?.addEventListener("abort", wake);
    let place = this.#enter(key, sleeper);
    try {
      while (!this.#state.start(place, Date.now())) {
        if (place.state === "granted" || Date.now() - place.seenAt > 2 * BEAT_MS) {
          this.#leave(place, false);
          place = this.#enter(key, sleeper); // the isolate was busy for so long that the request was taken for ended
        } else if (place.state === "left_out") throw this.#full();
        else {
          await sleeper.sleep(BEAT_MS);
          signal?.throwIfAborted();
          if (place.state === "waiting") this.#state.beat(place, Date.now());
          this.#wakeNext();
        }
      }
      return place;
    } catch (error) {
      this.#leave(place, false);
      throw error;
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  #enter(key: string, sleeper: Sleeper): PoolPlace<Sleeper> {
    this.#wakeNext();
    const { place, leftOut } = this.#state.enter(key, sleeper, Date.now());
    if (leftOut === place) throw this.#full();
    leftOut?.owner.wake();
    return place;
  }

  #full(): WorkRefused {
    return new WorkRefused("full", `"${this.#name}" is full: ${this.#maxWaiting} pieces of work wait; try again later`);
  }

  #leave(place: PoolPlace<Sleeper>, isSample: boolean): void {
    this.#state.leave(place, Date.now(), isSample);
    this.#wakeNext();
  }

  #wakeNext(): void {
    for (const { owner } of this.#state.grantNext(Date.now())) owner.wake();
  }

  async #runNow<R>(place: PoolPlace<Sleeper>, work: (signal: AbortSignal) => Promise<R>, signal: AbortSignal | undefined): Promise<R> {
    const controller = new AbortController();
    const { promise: over, reject } = Promise.withResolvers<never>();
    const endsAt = Date.now() + this.#timeoutMs;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const abort = (reason: unknown): void => {
      clearTimeout(timer);
      timer = setTimeout(() => reject(reason), GRACE_MS);
      controller.abort(reason);
    };
    const onAbort = (): void => abort(signal!.reason);
    const beat = (): void => {
      const now = Date.now();
      if (now >= endsAt) return abort(new DOMException(`the work took longer than ${this.#timeoutMs} ms`, "TimeoutError"));
      this.#state.beat(place, now);
      timer = setTimeout(beat, Math.min(BEAT_MS, endsAt - now));
    };
    beat();
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) onAbort();
    try {
      return await Promise.race([work(controller.signal), over]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

type Within = (option: string, value: number, min: number, max: number) => number;

function limitOf(concurrency: PoolOptions["concurrency"], within: Within): number | { floor: number; ceiling: number } {
  if (concurrency === "auto") return AUTO;
  if (typeof concurrency === "number") return within("concurrency", concurrency, 1, 10_000);
  const floor = within("concurrency.min", concurrency.min, 1, 10_000);
  return { floor, ceiling: within("concurrency.max", concurrency.max, floor, 10_000) };
}
