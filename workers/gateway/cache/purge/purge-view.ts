// The purges that this isolate knows. The background exchange brings new ones; a purge that is made here applies here at once.

import { type PurgeMode, Purges, type PurgeTarget } from "../../../../core/cache/purge/purges.ts";
import type { ExchangeReply } from "../../../../core/exchange/messages.ts";
import { countObjectRequest } from "../../background/cost-meters.ts";
import type { Exchange, ExchangeDraft, ExchangeSection } from "../../background/exchange.ts";
import type { PurgeLogNamespace } from "./purge-log-binding.ts";

export interface PurgeSettings {
  readonly logs: PurgeLogNamespace;
  readonly exchange: Exchange;
  readonly strict: boolean; // whether nothing is served from the cache while the isolate's knowledge is too old
  readonly waitMs: number; // `strict`: longest time that a call waits for newer knowledge
}

const LOG_NAME = "all"; // one log for all caches of a gateway
const TRAVEL_MS = 1_000; // time that an exchange may take, with the request of its relay to the log

/** The purges that the isolate knows, whatever the settings of a version say. */
export class KnownPurges implements ExchangeSection {
  readonly isNeeded = false;
  readonly purges = new Purges();
  knownAt = Number.NEGATIVE_INFINITY; // epoch ms: all purges up to then are known; written by `PurgeView`, too

  write(draft: ExchangeDraft): void {
    draft.purges = { known: this.purges.seq };
  }

  read({ purges }: ExchangeReply, sentAt: number): void {
    if (purges === undefined) return;
    this.purges.apply(purges.delta);
    this.knownAt = Math.max(this.knownAt, sentAt - purges.ageMs);
  }
}

export class PurgeView {
  readonly #settings: PurgeSettings;
  readonly #known: KnownPurges;

  /** @param known a section of the exchange */
  constructor(settings: PurgeSettings, known: KnownPurges) {
    this.#settings = settings;
    this.#known = known;
  }

  get purges(): Purges {
    return this.#known.purges;
  }

  /** Time until a purge applies in all isolates that have calls: an interval of the isolate, one of its relay, and the way. */
  get withinMs(): number {
    return 2 * this.#settings.exchange.intervalMs + TRAVEL_MS;
  }

  /**
   * To be called with each call before its lookup.
   *
   * @returns undefined where the call need not wait: always, except with `strict` where the isolate had no calls for too long. Otherwise a
   *          promise that never rejects and takes `waitMs` at most
   */
  prepare(): Promise<void> | undefined {
    const { waitMs, exchange } = this.#settings;
    return this.mayServe() ? undefined : exchange.join(Date.now(), waitMs);
  }

  /** Whether responses of this isolate may be served: always, except with `strict` while the isolate's knowledge is too old. */
  mayServe(): boolean {
    return !this.#settings.strict || Date.now() - this.#known.knownAt < this.withinMs;
  }

  /** Whether responses of the shared level may be served: not before the first exchange, because they may be older than this isolate. */
  mayServeShared(): boolean {
    return this.#isKnown && this.mayServe();
  }

  /** For a new isolate, before it reads from the shared level: waits for its first exchange. @param waitMs longest time @returns never rejects */
  async learn(waitMs: number): Promise<void> {
    await this.#settings.exchange.join(Date.now(), waitMs);
  }

  /**
   * Purges: in this isolate at once, in all isolates within `withinMs`.
   *
   * @returns the seq of the last of these purges, or of a later one
   * @throws what the Durable Object of the log throws; then nothing is purged
   */
  async purge(targets: readonly PurgeTarget[], mode: PurgeMode): Promise<number> {
    const sentAt = Date.now();
    countObjectRequest("PURGE_LOG");
    const delta = await this.#settings.logs.getByName(LOG_NAME).append(targets, mode, this.purges.seq);
    this.purges.apply(delta);
    this.#known.knownAt = Math.max(this.#known.knownAt, sentAt);
    return delta.seq;
  }

  get #isKnown(): boolean {
    return this.#known.knownAt !== Number.NEGATIVE_INFINITY;
  }
}
