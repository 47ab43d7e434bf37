// The metrics of all isolates in all regions, and their only writer: relays send batches of sums. A gateway has one.
// It stores its totals once in 10 s. Relays keep what is not stored, so a restart loses nothing as long as they run.
import { DurableObject } from "cloudflare:workers";
import type { BatchReply, MetricsBatch, PushTarget } from "../core/exchange/metrics/metrics-messages.ts";
import type { TapEvents, TapFilter } from "../core/tap/tap-messages.ts";
import { type TapQuery, type TapReading, TapSessions } from "../core/tap/tap-sessions.ts";
import { recordFrom, recordText } from "../core/telemetry/record-text.ts";
import type { SummaryFigures } from "../core/telemetry/summary/figures.ts";
import { summaryOf } from "../core/telemetry/summary/summary.ts";
import { type MetricsReading, TELEMETRY_BOUNDS, TelemetryState } from "../core/telemetry/telemetry-state.ts";
import { logEvent } from "../workers/log.ts";
import { OtlpPush } from "./telemetry/otlp-push.ts";
import { RecordTable } from "./telemetry/record-table.ts";

const STORE_MS = 10_000; // between two writes of the totals

const SUMMARY_MS = 500; // time for which one summary serves all viewers
const MAX_SUMMARIES = 16; // windows of different lengths

export class Telemetry extends DurableObject {
  readonly #table: RecordTable;
  readonly #state: TelemetryState;
  readonly #push: OtlpPush;
  #pushTarget: PushTarget | undefined; // the setting in the latest batch
  readonly #taps = new TapSessions(); // not stored: viewers bring their filters again
  readonly #summaries = new Map<number, SummaryFigures>(); // the latest ones, keyed by the length of their window
  #storedAt = Number.NEGATIVE_INFINITY; // epoch ms of the last write, or of the last attempt
  #isWaiting = false; // whether a timer runs until the next write

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds = TELEMETRY_BOUNDS) {
    super(ctx, env);
    this.#table = new RecordTable(ctx.storage);
    const text = this.#table.read();
    this.#state = new TelemetryState(Date.now(), text === undefined ? undefined : recordFrom(text), bounds);
    const source = {
      read: () => (this.#state.isDirty ? undefined : this.#state.read(Date.now())),
      failed: () => this.#state.count({ metric: "tidegate_metrics_push_failures", labels: [], value: 1 }),
    };
    this.#push = new OtlpPush(source, env as unknown as Readonly<Record<string, unknown>>); // the types are those of wrangler.toml
  }

  receive(batch: MetricsBatch): BatchReply {
    const now = Date.now();
    if (batch.fromServices !== true) this.#pushTarget = batch.push;
    const reply = this.#state.receive(batch, now);
    if (this.#state.isDirty) this.#storeInTime(now);
    const taps = this.#taps.filters(now);
    return taps.length === 0 ? reply : { ...reply, taps };
  }

  /** Takes calls for viewers of the live tap, from a relay. @returns the filters that isolates have to evaluate */
  tapped(events: TapEvents): readonly TapFilter[] {
    this.#taps.receive(events);
    return this.#taps.filters(Date.now());
  }

  /** What has come for a viewer of the live tap since its reading before; the first one sets its filter. */
  readTap(query: TapQuery): TapReading {
    return this.#taps.read(query, Date.now());
  }

  /** A viewer of the live tap has gone. */
  endTap(id: string): void {
    this.#taps.end(id);
  }

  /** All metrics since the counters began. */
  metrics(): MetricsReading {
    return this.#state.read(Date.now());
  }

  /** The figures of the last seconds. @param windowMs at most MAX_WINDOW_MS */
  summary(windowMs: number): SummaryFigures {
    const now = Date.now();
    const known = this.#summaries.get(windowMs);
    if (known !== undefined && Math.abs(now - known.time) < SUMMARY_MS) return known;
    const summary = summaryOf(this.#state.window(windowMs, now), this.#state.gauges(now), now);
    if (this.#summaries.size >= MAX_SUMMARIES) this.#summaries.clear();
    this.#summaries.set(windowMs, summary);
    return summary;
  }

  /** The first change after a pause is stored at once; the timer is for those that follow it within 10 s. */
  #storeInTime(now: number): void {
    if (this.#isWaiting) return;
    const waitMs = this.#storedAt + STORE_MS - now;
    if (waitMs <= 0 || waitMs > STORE_MS) {
      this.#store(now);
      return;
    }
    this.#isWaiting = true;
    scheduler.wait(waitMs).then(() => {
      this.#isWaiting = false;
      if (this.#state.isDirty) this.#store(Date.now());
    });
  }

  /** Where storage fails, the batches count as not stored, and the next ones try again. */
  #store(now: number): void {
    this.#storedAt = now;
    try {
      const record = this.#state.record(now);
      this.#table.write(recordText(record));
      this.#state.stored(record);
      this.#push.changed(this.#pushTarget, now);
    } catch (error) {
      logEvent("metrics_store_failed", { error });
    }
  }
}
