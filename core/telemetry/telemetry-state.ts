// All metrics of a gateway in one place: totals since the counters began, the last minutes, gauges, and which reports are missing.
import type { BatchReply, MetricsBatch } from "../exchange/metrics/metrics-messages.ts";
import type { GaugeValue, SeriesDelta } from "../metrics/report.ts";
import { PresentGauges } from "./present-gauges.ts";
import { ReportCounts, type ReportCountsState } from "./report-counts.ts";
import { SeriesSums } from "./series-sums.ts";
import { SliceWindow, type StoredSlice, type WindowSums } from "./slice-window.ts";

/** At most about 32 MB of memory for totals, and 32 MB for the last minutes. */
export const TELEMETRY_BOUNDS = { maxSeries: 20_000, maxBytes: 33_554_432 };
const MAX_RELAYS = 4_096; // those that were silent for the longest time are forgotten
const MAX_GAUGES = 20_000; // gauges of one relay
const MAX_STORED_WINDOW_BYTES = 524_288; // memory of the last minutes that is stored; a restart forgets more

interface KnownRelay {
  applied: number; // sequence of the latest batch in the totals
  stored: number; // sequence of the latest one that is stored
}

/** What survives a restart. Plain data: fit for storage. */
export interface TelemetryRecord {
  readonly startedAt: number; // epoch ms at which the counters began
  readonly storedAt: number; // epoch ms
  readonly series: readonly SeriesDelta[];
  readonly relays: readonly (readonly [boot: string, applied: number])[];
  readonly reports: ReportCountsState;
  readonly window: readonly StoredSlice[];
}

/** Everything, for readers of metrics. */
export interface MetricsReading {
  readonly time: number; // epoch ms
  readonly startedAt: number; // epoch ms at which the counters began
  readonly series: readonly SeriesDelta[];
  readonly gauges: readonly GaugeValue[];
  readonly isolates: number; // isolates that have reported in the last 15 s
  readonly lostReports: number;
}

/** Times are epoch ms of the Durable Object's clock. */
export class TelemetryState {
  readonly #startedAt: number;
  readonly #sums: SeriesSums;
  readonly #gauges = new PresentGauges(MAX_RELAYS, MAX_GAUGES);
  readonly #active = new Map<string, number>(); // isolates of a relay, keyed by its name
  readonly #relays = new Map<string, KnownRelay>(); // keyed by boot id, the one that has been silent for longest first
  readonly #reports: ReportCounts;
  readonly #window: SliceWindow;
  #isDirty = false;

  /** @param record what was stored, after a restart */
  constructor(now: number, record?: TelemetryRecord, bounds = TELEMETRY_BOUNDS) {
    this.#startedAt = record?.startedAt ?? now;
    this.#sums = new SeriesSums(bounds);
    this.#window = new SliceWindow(now);
    this.#reports = new ReportCounts(record?.reports);
    if (record === undefined) return;
    for (const delta of record.series) this.#sums.add(delta);
    for (const [boot, applied] of record.relays) this.#relays.set(boot, { applied, stored: applied });
    this.#window.restore(record.window, now);
  }

  /** Whether something is not stored. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  get series(): number {
    return this.#sums.size;
  }

  /** Memory of sums, about. */
  get bytes(): number {
    return this.#sums.bytes + this.#window.bytes;
  }

  /** Takes in a batch, once: one that comes again changes nothing. */
  receive(batch: MetricsBatch, now: number): BatchReply {
    const { boot, sequence, oldest, relay: name } = batch;
    const relay = this.#relays.get(boot) ?? { applied: 0, stored: 0 };
    this.#relays.delete(boot);
    this.#relays.set(boot, relay);
    for (const silent of this.#relays.keys()) {
      if (this.#relays.size <= MAX_RELAYS) break;
      this.#relays.delete(silent);
    }
    this.#gauges.set(name, batch.gauges, now, true);
    this.#active.set(name, batch.active);
    // Where a restart has forgotten earlier ones, the relay sends them again, as far as it can, and this one after them.
    const isNext = sequence === relay.applied + 1 || (sequence > relay.applied && sequence <= oldest);
    if (isNext) this.#apply(batch, relay, now);
    return { applied: relay.applied, stored: relay.stored };
  }

  /** Adds what `Telemetry` itself has counted. It is stored with the next batch. */
  count(delta: SeriesDelta): void {
    this.#sums.add(delta);
  }

  /** What is to be stored now. */
  record(now: number): TelemetryRecord {
    return {
      ...{ startedAt: this.#startedAt, storedAt: now, series: [...this.#sums.read()], reports: this.#reports.state() },
      relays: [...this.#relays].map(([boot, { applied }]) => [boot, applied] as const),
      window: this.#window.state(MAX_STORED_WINDOW_BYTES),
    };
  }

  /** A record has been stored: batches that are in it survive a restart. */
  stored(record: TelemetryRecord): void {
    this.#isDirty = false;
    for (const [boot, applied] of record.relays) {
      const relay = this.#relays.get(boot);
      if (relay !== undefined) relay.stored = applied;
    }
  }

  read(now: number): MetricsReading {
    return {
      ...{ time: now, startedAt: this.#startedAt, series: [...this.#sums.read()], gauges: this.#gauges.read(now) },
      ...{ isolates: this.#isolates(now), lostReports: this.#reports.lost },
    };
  }

  window(ms: number, now: number): WindowSums {
    return this.#window.read(ms, now);
  }

  gauges(now: number): readonly GaugeValue[] {
    return this.#gauges.read(now);
  }

  #apply({ sequence, series, isolates, hotKeys }: MetricsBatch, relay: KnownRelay, now: number): void {
    relay.applied = sequence;
    for (const delta of series) this.#sums.add(delta);
    this.#window.add(series, hotKeys, now);
    for (const counts of isolates) this.#reports.add(counts);
    this.#isDirty = true;
  }

  #isolates(now: number): number {
    const live = new Set(this.#gauges.sources(now));
    let isolates = 0;
    for (const [name, active] of this.#active) {
      if (live.has(name)) isolates += active;
      else this.#active.delete(name);
    }
    return isolates;
  }
}
