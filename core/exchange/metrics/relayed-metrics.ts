// Metrics in a relay: adds up the reports of its isolates, and makes batches of the sums for the Durable Object of all metrics.
//
// A batch stays here until that object has stored it, so that a restart of the object loses none. A restart of the relay loses what it has
// not sent on, at most 2 s of reports: the object sees which ones are missing.

import { HotKeys } from "../../metrics/hot-keys.ts";
import type { MetricsReport } from "../../metrics/report.ts";
import { MESSAGE_VERSION } from "../../protocol/message-version.ts";
import { PresentGauges } from "../../telemetry/present-gauges.ts";
import { SeriesSums } from "../../telemetry/series-sums.ts";
import type { BatchReply, MetricsBatch, MetricsSection, MetricsView, PushTarget, ReportCount } from "./metrics-messages.ts";

const BOUNDS = { maxSeries: 20_000, maxBytes: 8_388_608 }; // sums that are in no batch yet
const MAX_BATCHES = 8; // batches that are not stored; at one in 2 s, `Telemetry` stores them sooner
const MAX_BATCH_BYTES = 16_777_216; // memory of batches that are not stored: no further one is made
const MAX_ISOLATES = 10_000;
const MAX_GAUGES = 20_000; // gauges of one isolate
const MAX_HOT_KEYS = 256;
/** Longest time that a message to a relay takes: one that was sent before may arrive as late. */
const LATEST_MS = 10_000;

interface SeenIsolate {
  last: number; // sequence of the latest report that is in the sums, or lost
  readonly seenAt: number; // epoch ms
}

/** Times are epoch ms of the relay's clock. */
export class RelayedMetrics {
  readonly #relay: string;
  readonly #boot: string;
  readonly #isolates = new Map<string, SeenIsolate>(); // keyed by boot id, the one that has been silent for longest first
  readonly #sums = new SeriesSums(BOUNDS);
  readonly #gauges = new PresentGauges(MAX_ISOLATES, MAX_GAUGES);
  readonly #hotKeys = new HotKeys(MAX_HOT_KEYS);
  readonly #counts = new Map<string, ReportCount>(); // reports that are in no batch yet, keyed by boot id of the isolate
  #batches: readonly MetricsBatch[] = []; // not stored yet, the oldest first
  readonly #bytes = new Map<number, number>(); // memory of their series, keyed by sequence
  #sequence = 0; // number of the latest batch
  #applied = 0; // sequence of the latest batch that `Telemetry` has
  #push: PushTarget | undefined; // the setting of the isolate of the gateway that exchanged last
  #knowsPush = false; // false until one has exchanged
  readonly #startedAt: number;
  #knowsSince: number; // the isolate of a report that arrived after this is known

  /** @param relay name of the relay, with its region @param boot random id @param startedAt when the relay began to remember reports */
  constructor(relay: string, boot: string, startedAt: number) {
    this.#relay = relay;
    this.#boot = boot;
    this.#startedAt = startedAt;
    this.#knowsSince = startedAt;
  }

  /** Whether something is to be sent. */
  get isUnsent(): boolean {
    return this.#counts.size > 0 || this.#sequence > this.#applied;
  }

  /** Memory of sums, about: those that are in no batch yet, and those of batches that are not stored. */
  get bytes(): number {
    return this.#sums.bytes + this.#batchBytes;
  }

  receive({ reports, push, fromService }: MetricsSection, now: number): MetricsView {
    if (fromService !== true) {
      this.#push = push;
      this.#knowsPush = true;
    }
    let acknowledged = 0;
    for (const { report, ageMs } of reports) acknowledged = Math.max(acknowledged, this.#receiveReport(report, ageMs, now));
    return { acknowledged };
  }

  /** The oldest batch that `Telemetry` does not have. */
  unsent(): MetricsBatch | undefined {
    return this.#sendable(this.#batches.find(({ sequence }) => sequence > this.#applied));
  }

  /** Whether no further batch is made until one is stored. */
  get isFull(): boolean {
    return this.#batches.length >= MAX_BATCHES || this.#batchBytes >= MAX_BATCH_BYTES;
  }

  /** The latest batch, to learn what is stored: `Telemetry` has it already. */
  latest(): MetricsBatch | undefined {
    return this.#sendable(this.#batches.at(-1));
  }

  #sendable(batch: MetricsBatch | undefined): MetricsBatch | undefined {
    const push = this.#push;
    const setting = this.#knowsPush ? push && { push } : { fromServices: true };
    return batch && { ...batch, oldest: this.#batches[0]!.sequence, ...setting };
  }

  /** Makes a batch of all that is in none yet, where there is memory for it. */
  seal(now: number): void {
    if (this.#counts.size === 0 || this.isFull) return;
    this.#sequence += 1;
    this.#bytes.set(this.#sequence, this.#sums.bytes);
    const batch: MetricsBatch = {
      ...{ version: MESSAGE_VERSION, relay: this.#relay, boot: this.#boot, sequence: this.#sequence, oldest: this.#sequence },
      series: this.#sums.take(),
      gauges: this.#gauges.read(now),
      isolates: [...this.#counts.values()],
      active: this.#gauges.sources(now).length,
      hotKeys: this.#hotKeys.take(),
    };
    this.#counts.clear();
    this.#batches = [...this.#batches, batch];
  }

  get #batchBytes(): number {
    let bytes = 0;
    for (const one of this.#bytes.values()) bytes += one;
    return bytes;
  }

  /** `Telemetry` has responded to a batch. One that was restarted has forgotten those that it had not stored: they are sent again. */
  sent({ applied, stored }: BatchReply): void {
    this.#batches = this.#batches.filter(({ sequence }) => sequence > stored);
    for (const sequence of this.#bytes.keys()) if (sequence <= stored) this.#bytes.delete(sequence);
    this.#applied = applied;
  }

  /** @returns sequence up to which the isolate's reports are known or lost */
  #receiveReport(report: MetricsReport, ageMs: number, now: number): number {
    const { boot, sequence, series, gauges, hotKeys } = report;
    const known = this.#isolates.get(boot);
    const last = known?.last ?? 0;
    this.#isolates.delete(boot);
    this.#isolates.set(boot, { last: Math.max(last, sequence), seenAt: now });
    this.#forgetSilent();
    if (sequence <= last) return last; // the response to it was lost
    const knowsSince = known === undefined ? this.#knowsSince : this.#startedAt;
    const isAmbiguous = ageMs > 0 && now - ageMs - LATEST_MS <= knowsSince;
    this.#count(boot, sequence, isAmbiguous ? 0 : 1);
    // The relay before this one may have added it up already. It counts as lost, rather than twice.
    if (isAmbiguous) return sequence;
    for (const delta of series) this.#sums.add(delta);
    for (const count of hotKeys) this.#hotKeys.record(count);
    this.#gauges.set(boot, gauges, now);
    return sequence;
  }

  #count(boot: string, last: number, received: number): void {
    this.#counts.set(boot, { boot, last, received: (this.#counts.get(boot)?.received ?? 0) + received });
  }

  #forgetSilent(): void {
    for (const [boot, { seenAt }] of this.#isolates) {
      if (this.#isolates.size <= MAX_ISOLATES) return;
      this.#isolates.delete(boot);
      this.#knowsSince = Math.max(this.#knowsSince, seenAt);
    }
  }
}
