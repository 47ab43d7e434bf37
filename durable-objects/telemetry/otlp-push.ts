// Sends all metrics to a collector in the background, as OTLP over HTTP in JSON: at most once in an interval, and only after something has
// changed. Nothing waits for it. A sending that fails loses nothing but time: sums are cumulative, so the next one has the same and more.
import type { PushTarget } from "../../core/exchange/metrics/metrics-messages.ts";
import { otlpMetrics } from "../../core/metrics/exposition/otlp-json.ts";
import { type RecordedMetrics, snapshotOf } from "../../core/metrics/exposition/snapshot-of.ts";
import { logEvent } from "../../workers/log.ts";

const TIMEOUT_MS = 5_000; // one request to the collector takes no longer
const RETRY_MS = 1_000; // until the second and last attempt
const MAX_LENGTH = 8_388_608; // characters of a body

/** What is used of `Telemetry`. */
export interface PushSource {
  /** @returns undefined where something is not stored: a restart would take it back, and a collector takes lower sums for a new beginning */
  read(): RecordedMetrics | undefined;
  failed(): void; // counts a sending that the collector did not take
}

export class OtlpPush {
  readonly #source: PushSource;
  readonly #secrets: Readonly<Record<string, unknown>>;
  #target: PushTarget | undefined;
  #sentAt = Number.NEGATIVE_INFINITY; // epoch ms of the last sending
  #hasChanged = false; // since the last sending
  #isRunning = false;

  /** @param secrets the bindings of the Worker of the objects */
  constructor(source: PushSource, secrets: Readonly<Record<string, unknown>>) {
    this.#source = source;
    this.#secrets = secrets;
  }

  /** Something has been stored. @param target undefined where metrics are not to be sent @param now epoch ms */
  changed(target: PushTarget | undefined, now: number): void {
    this.#target = target;
    this.#hasChanged = true;
    if (target === undefined || this.#isRunning) return;
    this.#isRunning = true;
    void this.#run(now);
  }

  async #run(startedAt: number): Promise<void> {
    for (let now = startedAt; this.#hasChanged && this.#target !== undefined; now = Date.now()) {
      const { intervalMs } = this.#target;
      const waitMs = this.#sentAt + intervalMs - now;
      // A clock that was set back lengthens no interval.
      if (waitMs > 0 && waitMs <= intervalMs) await scheduler.wait(waitMs);
      const metrics = this.#source.read();
      if (metrics === undefined) break; // it is stored soon, and that starts the next run
      this.#hasChanged = false;
      this.#sentAt = Date.now();
      await this.#push(this.#target, metrics);
    }
    this.#isRunning = false;
  }

  /** Never rejects. */
  async #push({ url, header, secretBinding }: PushTarget, metrics: RecordedMetrics): Promise<void> {
    try {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (secretBinding !== undefined) headers[header] = this.#secret(secretBinding);
      const { body } = otlpMetrics(snapshotOf(metrics), Date.now(), MAX_LENGTH);
      const send = () => sendOnce(url, headers, body);
      await send().catch(async () => {
        await scheduler.wait(RETRY_MS);
        await send();
      });
    } catch (error) {
      this.#source.failed();
      logEvent("metrics_push_failed", { error });
    }
  }

  #secret(binding: string): string {
    const secret = this.#secrets[binding];
    if (typeof secret !== "string" || secret === "")
      throw new Error(`no secret ${binding} in the Worker of the Durable Objects; set it there with "npx wrangler secret put ${binding}"`);
    return secret;
  }
}

/** @throws Error where the collector does not take it */
async function sendOnce(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  const init = { method: "POST", headers, body, redirect: "manual" } as const;
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the collector responded with ${response.status}`);
}
