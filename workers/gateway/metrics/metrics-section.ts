// The part of the exchange that is about metrics: reports to the relay, and a timer for what no exchange has taken.
import type { ExchangeReply } from "../../../core/exchange/messages.ts";
import { MAX_REPORTS, type SentReport } from "../../../core/exchange/metrics/metrics-messages.ts";
import type { MetricsReport } from "../../../core/metrics/report.ts";
import type { Exchange, ExchangeDraft, ExchangeSection, KeepAlive } from "../background/exchange.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import { Waiters } from "../background/waiters.ts";
import type { MetricsSinks } from "./sinks.ts";

/** What reports come from: `core/metrics/isolate-metrics.ts`. */
export interface ReportedMetrics {
  readonly hasUnsent: boolean; // something is in no report that was acknowledged
  /** Makes a report of what has changed. @returns all reports without acknowledgement, the oldest first */
  reports(): readonly MetricsReport[];
  acknowledged(sequence: number): void;
}

const REPORT_MS = 5_000; // from the first change that is in no report until one is sent
const MAX_REPORT_MS = 20_000; // the same where relays have too many exchanges
const TIMER_MS = 25_000; // the platform ends what a request has left behind 30 s after its response
const FLUSH_PAUSE_MS = 1_000; // between two exchanges that somebody waits for

export class MetricsReporter implements ExchangeSection {
  readonly isNeeded = false;
  readonly #metrics: ReportedMetrics;
  readonly #exchange: Exchange;
  readonly #sentAt = new Map<number, number>(); // epoch ms at which a report without acknowledgement was sent first, keyed by sequence
  readonly #waiters = new Waiters();
  readonly #sinks = new Set<MetricsSinks>(); // one for each version of the configuration, the latest last
  #changedAt: number | undefined; // epoch ms of the first change since the last report
  #timerEndsAt = Number.NEGATIVE_INFINITY; // epoch ms at which the timer has ended in any case, even where the platform has ended it
  #reportMs = REPORT_MS;
  #isRelayed = true; // false where the relay takes no metrics
  #isAwaited = false;
  #awaitedSentAt: number | undefined; // start of the last exchange that was sent because somebody waits
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(metrics: ReportedMetrics, exchange: Exchange) {
    this.#metrics = metrics;
    this.#exchange = exchange;
  }

  /** A call has been counted: at the latest after 5 s it is reported, whether or not another one comes. @param keepAlive `waitUntil` */
  changed(now: number, keepAlive: KeepAlive): void {
    this.#changedAt ??= now;
    if (now < this.#timerEndsAt && this.#timerEndsAt - now <= TIMER_MS + REPORT_MS) return;
    if (!this.#isRelayed) return;
    this.#timerEndsAt = now + TIMER_MS + REPORT_MS;
    keepAlive(this.#watch(now));
  }

  /**
   * Reports at once, and lets the relay send it on, for somebody who reads metrics. An isolate without calls reports its gauges. Never
   * rejects.
   *
   * @param waitMs longest time that it takes
   */
  async flush(now: number, waitMs: number): Promise<void> {
    if (!this.#isRelayed || Math.abs(now - this.#flushedAt) < FLUSH_PAUSE_MS) return;
    this.#flushedAt = now;
    this.#isAwaited = true;
    this.#exchange.require(now);
    await this.#waiters.wait(1, waitMs);
  }

  /** Those of the latest version that has not ended get the metrics. @returns removes them again */
  addSinks(sinks: MetricsSinks): () => void {
    this.#sinks.add(sinks);
    return () => this.#sinks.delete(sinks);
  }

  write(draft: ExchangeDraft, now: number): void {
    this.#changedAt = undefined;
    const isAwaited = this.#isAwaited;
    this.#isAwaited = false;
    if (isAwaited) this.#awaitedSentAt = now;
    // A relay that takes no metrics gets none. It responds to the empty section where it has been replaced by one that does.
    const reports = this.#isRelayed && (isAwaited || this.#metrics.hasUnsent) ? this.#metrics.reports().slice(0, MAX_REPORTS) : [];
    const sinks = [...this.#sinks].at(-1);
    const push = sinks?.push;
    draft.metrics = {
      reports: reports.map((report) => this.#sent(report, now, sinks)),
      ...(isAwaited && { isAwaited }),
      ...(push && { push }),
    };
  }

  read({ metrics, nextMs }: ExchangeReply, sentAt: number): void {
    this.#isRelayed = metrics !== undefined;
    this.#reportMs = Math.min(Math.max(REPORT_MS, nextMs), MAX_REPORT_MS);
    if (metrics !== undefined) {
      this.#metrics.acknowledged(metrics.acknowledged);
      for (const sequence of this.#sentAt.keys()) if (sequence <= metrics.acknowledged) this.#sentAt.delete(sequence);
    }
    if (sentAt === this.#awaitedSentAt || metrics === undefined) this.#waiters.wake();
  }

  #sent(report: MetricsReport, now: number, sinks: MetricsSinks | undefined): SentReport {
    const sentAt = this.#sentAt.get(report.sequence);
    if (sentAt === undefined) {
      this.#sentAt.set(report.sequence, now);
      sinks?.write?.(report);
    }
    // A report that is sent again counts as older than 0 also where the clock stands still.
    return { report, ageMs: sentAt === undefined ? 0 : Math.max(1, now - sentAt) };
  }

  /** Waits until nothing is left to report, or the platform would end it: then it reports what is left. The next call starts another one. */
  async #watch(startedAt: number): Promise<void> {
    const endsAt = startedAt + TIMER_MS;
    let dueAt = startedAt + this.#reportMs;
    for (let now = startedAt; now < endsAt; ) {
      await sleep(Math.max(1, Math.min(dueAt, endsAt) - now));
      now = Date.now();
      if (!this.#metrics.hasUnsent || !this.#isRelayed) break;
      const changedAt = this.#sentAt.size > 0 ? now - this.#reportMs : (this.#changedAt ?? now);
      const isDue = now - changedAt >= this.#reportMs || now >= endsAt;
      if (isDue) this.#exchange.require(now);
      dueAt = (isDue ? now : changedAt) + this.#reportMs;
    }
    this.#timerEndsAt = Number.NEGATIVE_INFINITY;
  }
}

/** The CLI compiles this file without the types of Workers, which have `scheduler`. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One reporter for all versions of the configuration that count. @returns undefined where nothing is counted, or no relay takes reports */
export function reporterOf(
  metrics: { readonly isolate: ReportedMetrics } | undefined,
  exchange: Exchange | undefined,
  parts: VersionParts,
): MetricsReporter | undefined {
  if (metrics === undefined || exchange === undefined) return undefined;
  const create = (): MetricsReporter => {
    const reporter = new MetricsReporter(metrics.isolate, exchange);
    exchange.add(reporter);
    return reporter;
  };
  return parts.get("metrics reporter", undefined, create, (reporter) => exchange.remove(reporter));
}
