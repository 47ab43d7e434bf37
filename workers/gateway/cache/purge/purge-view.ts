// The purges as this isolate knows them: asked for behind answers, and before one where nobody has asked for too long.

import { waitUntil } from "cloudflare:workers";
import { type PurgeMode, Purges, type PurgeTarget } from "../../../../core/cache/purge/purges.ts";
import { logEvent } from "../../../log.ts";
import type { PurgeLogNamespace } from "./purge-logs.ts";

export interface PurgeSettings {
  readonly logs: PurgeLogNamespace;
  readonly pollMs: number; // how old the isolate's knowledge may get before it asks
  readonly strict: boolean; // whether nothing is served from the cache where the log can't be asked
  readonly waitMs: number; // how long a call waits for an isolate that has not asked for longer than that
}

const NAME = "all"; // one log for all caches
const GRACE_MS = 1_000; // for an ask behind an answer; an isolate without calls asks nobody
const GIVES_UP_MS = 5_000; // on an ask whose call may be gone
const LONGEST_PAUSE_MS = 5_000; // before it asks again a log that has not answered

export class PurgeView {
  readonly purges = new Purges();
  readonly #settings: PurgeSettings;
  #heardAt = Number.NEGATIVE_INFINITY; // epoch ms of the last good answer
  #failedAt = Number.NEGATIVE_INFINITY;
  #asking: { readonly done: Promise<void>; readonly since: number } | undefined;

  constructor(settings: PurgeSettings) {
    this.#settings = settings;
  }

  /** What a purge takes at most to be in force in all isolates, as long as the log answers: ms. */
  get withinMs(): number {
    return this.#settings.pollMs + GRACE_MS;
  }

  /**
   * Called with each call that may be answered from the cache, before it looks there.
   *
   * @returns undefined where nothing is to be waited for: the usual case. Else a promise that never rejects, and that takes `waitMs` at most
   */
  prepare(): Promise<void> | undefined {
    const { pollMs, waitMs } = this.#settings;
    const now = Date.now();
    const ageMs = now - this.#heardAt;
    if (ageMs < pollMs) return undefined;
    const isUnderWay = this.#asking !== undefined && now - this.#asking.since < GIVES_UP_MS;
    const hasFailed = now - this.#failedAt < Math.min(pollMs, LONGEST_PAUSE_MS);
    if (!isUnderWay) {
      if (hasFailed) return undefined;
      this.#asking = { done: this.#ask(), since: now };
      waitUntil(this.#asking.done);
    }
    if (ageMs < pollMs + GRACE_MS || hasFailed) return undefined;
    const asking = this.#asking!;
    const late = scheduler.wait(waitMs).then(() => {
      if (this.#asking === asking) this.#failedAt = Date.now(); // the next calls do not wait
    });
    return Promise.race([asking.done, late]);
  }

  /** Whether what this isolate keeps may be served: always but for `strict` where the log has not been heard in time. */
  mayServe(): boolean {
    return !this.#settings.strict || this.#isHeard();
  }

  /** Whether what the shared level keeps may be served: not before the log has been heard once, for it may be older than the isolate. */
  mayServeShared(): boolean {
    return this.#heardAt > Number.NEGATIVE_INFINITY && this.mayServe();
  }

  /**
   * Purges, here at once, elsewhere within `withinMs`.
   *
   * @returns the seq of the last of these purges, or of one that came after it
   * @throws what the log's object throws
   */
  async purge(targets: readonly PurgeTarget[], mode: PurgeMode): Promise<number> {
    const delta = await this.#log().append(targets, mode, this.purges.seq);
    this.purges.apply(delta);
    this.#heardAt = Date.now();
    return delta.seq;
  }

  #isHeard(): boolean {
    return Date.now() - this.#heardAt < this.withinMs + GRACE_MS;
  }

  async #ask(): Promise<void> {
    try {
      this.purges.apply(await this.#log().since(this.purges.seq));
      this.#heardAt = Date.now();
    } catch (fault) {
      this.#failedAt = Date.now();
      const ageMs = Number.isFinite(this.#heardAt) ? this.#failedAt - this.#heardAt : null;
      logEvent("purge_poll_failed", { snapshotAgeMs: ageMs, error: fault });
    } finally {
      this.#asking = undefined;
    }
  }

  #log(): ReturnType<PurgeLogNamespace["getByName"]> {
    return this.#settings.logs.getByName(NAME);
  }
}
