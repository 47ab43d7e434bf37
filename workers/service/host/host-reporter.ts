// Sends the metrics of a service host to a relay of its region, in the background: the relays that the gateway's isolates report to.
import { EXCHANGE_MS, EXCHANGE_VERSION, type ExchangeReply, type ExchangeRequest } from "../../../core/exchange/messages.ts";
import { MAX_REPORTS, type SentReport } from "../../../core/exchange/metrics/metrics-messages.ts";
import { FIRST_SHARDS } from "../../../core/exchange/relay-load.ts";
import { hash32 } from "../../../core/hash.ts";
import { REGION_HEADER } from "../../../core/headers.ts";
import type { IsolateMetrics } from "../../../core/metrics/isolate-metrics.ts";
import type { MetricsReport } from "../../../core/metrics/report.ts";
import { isRegion, type LocationHint, locationHintOf, type Region, type RequestPlace, regionOf } from "../../../core/region.ts";
import { logEvent } from "../../log.ts";
import { wait } from "../../wait.ts";
import { keepAlive, type Platform } from "./platform.ts";

/** The Durable Object `Relay` of the gateway. */
export interface RelayNamespace {
  getByName(
    name: string,
    options?: { readonly locationHint?: LocationHint },
  ): { exchange(request: ExchangeRequest): Promise<ExchangeReply> };
}

type ReportedByHost = Pick<IsolateMetrics, "hasUnsent" | "reports" | "acknowledged">;

/** Times, ms. The platform ends what a request has left behind 30 s after its response. */
export const REPORT_TIMES = {
  reportMs: 5_000, // from the first change that is in no report until one is sent
  watchMs: 20_000, // longest time for which one request waits for changes
  timeoutMs: 5_000, // a relay that takes longer has failed
};

export class HostReporter {
  readonly #metrics: ReportedByHost;
  readonly #relays: RelayNamespace;
  readonly #times: typeof REPORT_TIMES;
  readonly #sentAt = new Map<number, number>(); // epoch ms at which a report without acknowledgement was sent first, keyed by sequence
  #region: Region = "local";
  #isolate: string | undefined; // random id, made with the first call: Workers have no randomness before
  #shards = FIRST_SHARDS;
  #isFirst = true;
  #watchEndsAt = Number.NEGATIVE_INFINITY; // epoch ms at which the watch has ended in any case, also where the platform has ended it

  constructor(metrics: ReportedByHost, relays: RelayNamespace, times = REPORT_TIMES) {
    this.#metrics = metrics;
    this.#relays = relays;
    this.#times = times;
  }

  /** A call has been counted: it is reported within 5 s, whether or not another one comes. */
  changed(request: Pick<Request, "headers">, platform: Platform | undefined, now: number): void {
    if (now < this.#watchEndsAt) return;
    if (this.#region === "local") this.#region = regionFrom(request);
    this.#watchEndsAt = now + this.#times.watchMs + 2 * this.#times.timeoutMs;
    keepAlive(platform, this.#watch(now));
  }

  /** Reports until nothing is left, or the platform would end it. The next call starts another watch. */
  async #watch(startedAt: number): Promise<void> {
    const { reportMs, watchMs } = this.#times;
    for (let now = startedAt; this.#metrics.hasUnsent && now + reportMs <= startedAt + watchMs; now = Date.now()) {
      await wait(reportMs);
      await this.#send(Date.now());
    }
    this.#watchEndsAt = Number.NEGATIVE_INFINITY;
  }

  async #send(now: number): Promise<void> {
    this.#isolate ??= crypto.randomUUID();
    const isolate = this.#isolate;
    const relay = `relay-${hash32(isolate) % this.#shards}`;
    const locationHint = locationHintOf(this.#region);
    const late = new AbortController();
    try {
      const stub = this.#relays.getByName(`${this.#region}/${relay}`, locationHint === undefined ? {} : { locationHint });
      const reports = this.#metrics.reports().slice(0, MAX_REPORTS);
      const exchange = stub.exchange({
        ...{ version: EXCHANGE_VERSION, isolate, location: isolate, shards: this.#shards, isFirst: this.#isFirst, intervalMs: EXCHANGE_MS },
        metrics: { fromService: true, reports: reports.map((report) => this.#sent(report, now)) },
      });
      const timeout = wait(this.#times.timeoutMs, late.signal).then(() => Promise.reject(new Error("no response in time")));
      timeout.catch(() => undefined);
      this.#apply(await Promise.race([exchange, timeout]));
    } catch (error) {
      logEvent("exchange_failed", { region: this.#region, relay, snapshotAgeMs: null, error });
    } finally {
      late.abort();
    }
  }

  #apply({ shards, metrics }: ExchangeReply): void {
    this.#isFirst = false;
    this.#shards = Math.max(1, shards);
    if (metrics === undefined) return;
    this.#metrics.acknowledged(metrics.acknowledged);
    for (const sequence of this.#sentAt.keys()) if (sequence <= metrics.acknowledged) this.#sentAt.delete(sequence);
  }

  /** A report that is sent again counts as older than 0 also where the clock stands still. */
  #sent(report: MetricsReport, now: number): SentReport {
    const sentAt = this.#sentAt.get(report.sequence);
    if (sentAt === undefined) this.#sentAt.set(report.sequence, now);
    return { report, ageMs: sentAt === undefined ? 0 : Math.max(1, now - sentAt) };
  }
}

/** The edge adds the data center to a request; a gateway names its region. */
function regionFrom(request: Pick<Request, "headers">): Region {
  const region = regionOf((request as { readonly cf?: RequestPlace }).cf ?? {});
  const named = request.headers.get(REGION_HEADER);
  return region === "local" && isRegion(named) ? named : region;
}
