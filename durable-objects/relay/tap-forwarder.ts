// Sends events of the live tap on from a relay to the Durable Object `Telemetry`, and keeps the filters that isolates have to evaluate.
// No exchange waits for it. While the object fails, events wait here in bounded memory, and those that do not fit are counted.
import { TELEMETRY_NAME } from "../../core/exchange/metrics/metrics-messages.ts";
import { TapBuffer } from "../../core/tap/tap-buffer.ts";
import type { TapEvents, TapFilter, TapSection, TapView } from "../../core/tap/tap-messages.ts";
import { logEvent } from "../../workers/log.ts";
import { withTimeout } from "./with-timeout.ts";

/** What is used of the Durable Object of all metrics. */
export interface TappedObjects {
  getByName(name: string): { tapped(events: TapEvents): Promise<readonly TapFilter[]> };
}

const FORWARD_MS = 500; // between two messages to the object
const REFRESH_MS = 5_000; // the same where there are no events: filters come, and those of viewers that have gone end
const MAX_REFRESH_MS = 80_000; // the same while the object fails, or is of an earlier version
const MAX_WAITING_BYTES = 262_144;
const MAX_FAILURES = 5; // after which events wait for the next exchange, and no timer runs

export class TapForwarder {
  readonly #objects: TappedObjects;
  readonly #waiting = new TapBuffer(MAX_WAITING_BYTES);
  #filters: readonly TapFilter[] = [];
  #sentAt = Number.NEGATIVE_INFINITY; // epoch ms
  #learnedAt = Number.NEGATIVE_INFINITY; // epoch ms; where metrics are on, filters come with each batch, and no message is sent for them
  #failures = 0; // since the last success
  #isBusy = false; // a message is under way, or waits for its time

  constructor(objects: TappedObjects) {
    this.#objects = objects;
  }

  receive({ events = [], skipped = {} }: TapSection, now: number): void {
    if (this.view(now).filters.length > 0) this.#waiting.addAll({ events, skipped });
    const refreshMs = Math.min(REFRESH_MS * 2 ** this.#failures, MAX_REFRESH_MS);
    const isOld = Math.min(Math.abs(now - this.#learnedAt), Math.abs(now - this.#sentAt)) >= refreshMs;
    if (!this.#waiting.isEmpty || isOld) this.#forward(now);
  }

  /** The filters of all viewers, as far as they are known here. */
  view(now: number): TapView {
    if (this.#filters.some(({ expiresAt }) => expiresAt <= now)) this.#keep(this.#filters.filter(({ expiresAt }) => expiresAt > now));
    return { filters: this.#filters };
  }

  /** The object has said which filters there are. */
  learn(filters: readonly TapFilter[], now: number): void {
    this.#learnedAt = now;
    this.#keep(filters);
  }

  #keep(filters: readonly TapFilter[]): void {
    this.#filters = filters;
    this.#waiting.retain(new Set(filters.map(({ id }) => id)));
  }

  #forward(now: number): void {
    if (this.#isBusy) return;
    const waitMs = this.#sentAt + FORWARD_MS - now;
    this.#isBusy = true;
    if (waitMs <= 0 || waitMs > FORWARD_MS) void this.#send(now);
    else scheduler.wait(waitMs).then(() => this.#send(Date.now()));
  }

  async #send(now: number): Promise<void> {
    this.#sentAt = now;
    const events = this.#waiting.take();
    try {
      this.learn(await withTimeout(this.#objects.getByName(TELEMETRY_NAME).tapped(events)), Date.now());
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#waiting.lost(events);
      logEvent("relay_request_failed", { root: "tap", error });
    }
    this.#isBusy = false;
    if (!this.#waiting.isEmpty && this.#failures < MAX_FAILURES && this.#filters.length > 0) this.#forward(Date.now());
  }
}
