// The purges that this isolate knows: polled in the background, and before a lookup where the isolate had no calls for too long.
import { waitUntil } from "cloudflare:workers";
import { type PurgeMode, Purges, type PurgeTarget } from "../../../../core/cache/purge/purges.ts";
import { PollSchedule } from "../../../../core/poll-schedule.ts";
import { logEvent } from "../../../log.ts";
import { BackgroundRequest } from "../../background/background-request.ts";
import type { PurgeLogNamespace } from "./purge-log-binding.ts";

export interface PurgeSettings {
  readonly logs: PurgeLogNamespace;
  readonly pollMs: number; // age of the isolate's knowledge at which it polls
  readonly strict: boolean; // whether nothing is served from the cache while the log does not respond
  readonly waitMs: number; // time that a call waits for a poll, where the isolate's knowledge is older than `pollMs` and a grace time
}

const LOG_NAME = "all"; // one log for all caches of a gateway
const GRACE_MS = 1_000; // time that a poll in the background may take; an isolate without calls does not poll
const POLL_TIMEOUT_MS = 5_000;
const MAX_PAUSE_MS = 5_000; // longest time between a failed poll and the next one

export class PurgeView {
  readonly purges = new Purges();
  readonly #settings: PurgeSettings;
  readonly #schedule: PollSchedule;
  readonly #request: BackgroundRequest;

  constructor(settings: PurgeSettings) {
    const { pollMs } = settings;
    const pauseMs = Math.min(pollMs, MAX_PAUSE_MS);
    this.#settings = settings;
    this.#schedule = new PollSchedule({ intervalMs: pollMs, pauseMs, firstPauseMs: pauseMs });
    this.#request = new BackgroundRequest(POLL_TIMEOUT_MS, (error) => {
      const now = Date.now();
      this.#schedule.fail(now);
      logEvent("purge_poll_failed", { snapshotAgeMs: this.#schedule.hasSucceeded ? this.#schedule.ageMs(now) : null, error });
    });
  }

  /** Time until a purge applies in all isolates, while the log responds: ms. */
  get withinMs(): number {
    return this.#settings.pollMs + GRACE_MS;
  }

  /**
   * To be called with each call before its lookup. Starts a poll where one is due.
   *
   * @returns undefined where the call need not wait: the usual case. Otherwise a promise that never rejects and takes `waitMs` at most
   */
  prepare(): Promise<void> | undefined {
    const { pollMs, waitMs } = this.#settings;
    const now = Date.now();
    const ageMs = this.#schedule.ageMs(now);
    if (ageMs < pollMs) return undefined;
    const isPaused = this.#schedule.isPaused(now);
    let poll = this.#request.running(now);
    if (poll === undefined) {
      if (isPaused) return undefined;
      poll = this.#request.start(now, () => this.#fetchNewPurges());
      waitUntil(poll);
    }
    if (ageMs < pollMs + GRACE_MS || isPaused) return undefined;
    const timeout = scheduler.wait(waitMs).then(() => {
      if (this.#request.running(now) === poll) this.#schedule.fail(Date.now()); // the next calls do not wait
    });
    return Promise.race([poll, timeout]);
  }

  /** Whether responses of this isolate may be served: always, except with `strict` while the isolate's knowledge is too old. */
  mayServe(): boolean {
    return !this.#settings.strict || this.#schedule.ageMs(Date.now()) < this.withinMs + GRACE_MS;
  }

  /** Whether responses of the shared level may be served: not before the first poll, because they may be older than this isolate. */
  mayServeShared(): boolean {
    return this.#schedule.hasSucceeded && this.mayServe();
  }

  /**
   * Purges: in this isolate at once, in all isolates within `withinMs`.
   *
   * @returns the seq of the last of these purges, or of a later one
   * @throws what the Durable Object of the log throws; then nothing is purged
   */
  async purge(targets: readonly PurgeTarget[], mode: PurgeMode): Promise<number> {
    const delta = await this.#log().append(targets, mode, this.purges.seq);
    this.purges.apply(delta);
    this.#schedule.succeed(Date.now());
    return delta.seq;
  }

  async #fetchNewPurges(): Promise<void> {
    this.purges.apply(await this.#log().since(this.purges.seq));
    this.#schedule.succeed(Date.now());
  }

  #log(): ReturnType<PurgeLogNamespace["getByName"]> {
    return this.#settings.logs.getByName(LOG_NAME);
  }
}
