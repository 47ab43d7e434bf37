// Sends spans to a collector in the background: in batches, as OTLP over HTTP in JSON. No call waits for it, and none fails with it.
import { waitUntil } from "cloudflare:workers";
import { otlpJson } from "../../../core/tracing/otlp-json.ts";
import type { CallSpan } from "../../../core/tracing/span.ts";
import { SPAN_BOUNDS, SpanQueue } from "../../../core/tracing/span-queue.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";

export interface OtlpSettings {
  readonly url: string;
  readonly header: string; // its name, in lower case
  readonly secret: string | undefined; // its value; undefined for no such header
  readonly resource: Readonly<Record<string, string>>; // `service.name`, ...
}

const LINGER_MS = 1_000; // spans wait this long for others
const TIMEOUT_MS = 5_000; // one request to the collector takes no longer
/** The platform may end the work of a call that has ended, without any sign: then its sending counts as over. */
const LOST_MS = LINGER_MS + 2 * TIMEOUT_MS;

/** One for the isolate. Spans that do not fit, and those of a batch that the collector does not take, are counted in the log. */
export class OtlpSink {
  readonly #settings: OtlpSettings;
  readonly #queue: SpanQueue;
  readonly #isLogged = sampled();
  #startedAt = Number.NEGATIVE_INFINITY; // epoch ms of the sending that is under way

  constructor(settings: OtlpSettings, bounds = SPAN_BOUNDS) {
    this.#settings = settings;
    this.#queue = new SpanQueue(bounds);
  }

  /** Spans that wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** @param now epoch ms */
  add(spans: readonly CallSpan[], now: number): void {
    for (const span of spans) this.#queue.add(span);
    if (Math.abs(now - this.#startedAt) < LOST_MS) return;
    this.#startedAt = now;
    waitUntil(this.#run(now));
  }

  async #run(startedAt: number): Promise<void> {
    if (!this.#queue.isBatchFull) await scheduler.wait(LINGER_MS);
    const endsAt = Date.now() + TIMEOUT_MS; // so that this call's own work has an end; the next call goes on
    while (this.#queue.size > 0 && Date.now() < endsAt) await this.#send(this.#queue.take());
    if (this.#startedAt === startedAt) this.#startedAt = Number.NEGATIVE_INFINITY;
  }

  async #send(batch: readonly CallSpan[]): Promise<void> {
    const { url, header, secret, resource } = this.#settings;
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (secret !== undefined) headers[header] = secret;
    try {
      const init = { method: "POST", headers, body: otlpJson(batch, resource), redirect: "manual" } as const;
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      await response.body?.cancel();
      if (!response.ok) this.#lost(batch.length, `the collector responded with ${response.status}`);
      else this.#lost(0, "the queue was full");
    } catch (error) {
      this.#lost(batch.length, error);
    }
  }

  /** @param spans of a batch, beside those that did not fit into the queue */
  #lost(spans: number, error: unknown): void {
    this.#queue.failed(spans);
    if (!this.#queue.hasLost || this.#isLogged(Date.now()) === 0) return;
    logEvent("spans_lost", { spans: this.#queue.takeLost(), error });
  }
}
