// The section of the exchange about metrics: reports of an isolate, and what relays send on to the Durable Object of all metrics.

import type { HotKeyCount } from "../../metrics/hot-key-count.ts";
import type { GaugeValue, MetricsReport, SeriesDelta } from "../../metrics/report.ts";
import type { TapFilter } from "../../tap/tap-messages.ts";

/** Name of the Durable Object `Telemetry`: a gateway has one. */
export const TELEMETRY_NAME = "all";
export const MAX_REPORTS = 4; // in one section

/** What an isolate sends. */
export interface MetricsSection {
  readonly reports: readonly SentReport[]; // not acknowledged yet, the oldest first; at most MAX_REPORTS
  /** Somebody waits for the metrics: the relay sends on what it has, and responds after that. */
  readonly isAwaited?: boolean;
  readonly push?: PushTarget;
  /** Reports of a service host, which has no settings of the gateway: `push` says nothing. */
  readonly fromService?: boolean;
}

/** Where `Telemetry` sends all metrics: the settings of the gateway. Objects have none of their own. */
export interface PushTarget {
  readonly url: string;
  readonly header: string; // name of the header with the secret
  readonly secretBinding: string | undefined; // a secret of the Worker of the objects; undefined for no such header
  readonly intervalMs: number;
}

export interface SentReport {
  readonly report: MetricsReport;
  readonly ageMs: number; // since it was sent first; 0 for the first time
}

/** What a relay responds. */
export interface MetricsView {
  readonly acknowledged: number; // sequence of the latest report that the isolate need not send again; 0 for none
}

/** What a relay sends to the Durable Object `Telemetry`: sums over the reports of its isolates since the batch before. */
export interface MetricsBatch {
  readonly version: number; // message format
  readonly relay: string; // name of the relay, with its region
  readonly boot: string; // random id of the relay since it started
  readonly sequence: number; // from 1; a batch that is sent again has its former number
  readonly oldest: number; // sequence of the oldest batch that the relay can still send
  readonly series: readonly SeriesDelta[]; // counters and histograms: what was added
  readonly gauges: readonly GaugeValue[]; // all gauges of the relay's isolates, merged
  readonly isolates: readonly ReportCount[]; // those with reports in this batch
  readonly active: number; // isolates of the relay that have reported in the last 15 s
  readonly hotKeys: readonly HotKeyCount[];
  readonly push?: PushTarget; // the setting of the isolate of the gateway that exchanged last
  readonly fromServices?: boolean; // no isolate of the gateway has exchanged with this relay: `push` says nothing
}

/** How many reports of an isolate a batch has. What is missing up to `last`, over all batches, is lost. */
export interface ReportCount {
  readonly boot: string; // names the isolate
  readonly last: number; // highest sequence
  readonly received: number; // reports in the batch
}

/** What `Telemetry` responds to a batch. */
export interface BatchReply {
  readonly applied: number; // sequence of the relay's latest batch that is in the totals
  readonly stored: number; // sequence of the latest one that a restart does not forget: the relay keeps later ones, to send them again
  readonly taps?: readonly TapFilter[]; // filters of the live tap; missing where nobody watches
}
