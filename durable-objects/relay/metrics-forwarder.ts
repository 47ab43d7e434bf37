// Sends the metrics of a relay on to the Durable Object `Telemetry`: at once after a pause, then once in 2 s. No exchange waits for it,
// save one that says so. While the object fails, batches wait here in bounded memory.
import {
  type BatchReply,
  type MetricsBatch,
  type MetricsSection,
  type MetricsView,
  TELEMETRY_NAME,
} from "../../core/exchange/metrics/metrics-messages.ts";
import { RelayedMetrics } from "../../core/exchange/metrics/relayed-metrics.ts";
import type { TapFilter } from "../../core/tap/tap-messages.ts";
import { logEvent } from "../../workers/log.ts";
import { withTimeout } from "./with-timeout.ts";

/** What is used of the Durable Object of all metrics. */
export interface MetricsRoots {
  getByName(name: string): { receive(batch: MetricsBatch): Promise<BatchReply> };
}

const FORWARD_MS = 2_000; // between two batches
const MAX_FAILURES = 5; // after which the relay sets no timer any more: it tries again with an exchange
const MAX_PAUSE_MS = 30_000; // after failures

export class MetricsForwarder {
  readonly #objects: MetricsRoots;
  readonly #metrics: RelayedMetrics;
  readonly #onFilters: ((filters: readonly TapFilter[]) => void) | undefined;
  #sentAt = Number.NEGATIVE_INFINITY; // epoch ms
  #failures = 0; // since the last success
  #running: Promise<void> | undefined; // never rejects
  #isWaiting = false; // whether a timer runs until the next batch

  /** @param relay its name, with its region @param onFilters gets the filters of the live tap with each response */
  constructor(objects: MetricsRoots, relay: string, startedAt: number, onFilters?: (filters: readonly TapFilter[]) => void) {
    this.#objects = objects;
    this.#onFilters = onFilters;
    this.#metrics = new RelayedMetrics(relay, crypto.randomUUID(), startedAt);
  }

  receive(section: MetricsSection, now: number): MetricsView {
    const view = this.#metrics.receive(section, now);
    this.#sendInTime(now);
    return view;
  }

  /** Sends all that has arrived. Never rejects. */
  async flush(): Promise<void> {
    await this.#running; // it may lack what has arrived since it began
    await this.#send(Date.now());
  }

  #sendInTime(now: number): void {
    if (this.#running !== undefined || this.#isWaiting || !this.#metrics.isUnsent) return;
    const pauseMs = Math.min(FORWARD_MS * 2 ** this.#failures, MAX_PAUSE_MS);
    const waitMs = this.#sentAt + pauseMs - now;
    if (waitMs <= 0 || waitMs > pauseMs) {
      void this.#send(now);
      return;
    }
    if (this.#failures >= MAX_FAILURES) return;
    // Short: a Durable Object with a timer is paid for. After a pause there is none, since the batch leaves at once.
    this.#isWaiting = true;
    scheduler.wait(waitMs).then(() => {
      this.#isWaiting = false;
      this.#sendInTime(Date.now());
    });
  }

  #send(now: number): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    // Where nothing is to be sent, `#sendAll` ends before it returns: only what follows it may say that nothing runs.
    const done = this.#sendAll(now).then(() => {
      this.#running = undefined;
      this.#sendInTime(Date.now());
    });
    this.#running = done;
    return done;
  }

  /** Never rejects. */
  async #sendAll(now: number): Promise<void> {
    this.#sentAt = now;
    const { isFull } = this.#metrics;
    this.#metrics.seal(now);
    try {
      for (let batch = this.#metrics.unsent(); batch !== undefined; batch = this.#metrics.unsent()) await this.#sendBatch(batch);
      const latest = this.#metrics.latest();
      if (isFull && latest !== undefined) await this.#sendBatch(latest);
      if (isFull && this.#metrics.isFull) throw new Error("batches are not stored");
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      logEvent("relay_request_failed", { root: "telemetry", error });
    }
  }

  /** With a stub for each message: after an error, a stub stays broken. */
  async #sendBatch(batch: MetricsBatch): Promise<void> {
    const reply = await withTimeout(this.#objects.getByName(TELEMETRY_NAME).receive(batch));
    this.#metrics.sent(reply);
    this.#onFilters?.(reply.taps ?? []);
  }
}
