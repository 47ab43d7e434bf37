// What isolates and the Durable Object send each other about breakers: reports of one isolate, views of the shared state.

/** What one isolate has seen of one endpoint. */
export interface BreakerReport {
  readonly sequence: number; // grows with each report of the isolate: a report that arrives twice or late is ignored
  readonly calls: number; // calls of the last 10 s
  readonly failures: number; // failed ones of these calls
  readonly hasRecovered?: boolean; // no failure since the last report, and the latest call succeeded: the failures are in the past
  readonly isOpen: boolean; // the isolate's own evidence has opened its local breaker
  readonly wantsProbe: boolean; // the isolate has calls and no probe
  readonly probe?: ProbeResult;
}

/** How soon the isolate's relay should get a report. `probe`: a granted probe has ended. `news`: a call has failed, or a breaker has opened or closed. */
export type ReportUrgency = "none" | "news" | "probe";

/** The outcome of a probe that the Durable Object has granted. */
export interface ProbeResult {
  readonly version: number; // version of the view that granted the probe
  readonly id: number;
  readonly succeeded: boolean;
}

/** The isolate that reports. */
export interface Reporter {
  readonly isolate: string;
  readonly location: string; // the data center: `AMS`
}

export type IsolateReport = Reporter & BreakerReport;

/** The reports of one isolate about the endpoints of one upstream. */
export interface IsolateReports extends Reporter {
  readonly reports: Readonly<Record<string, BreakerReport>>; // keyed by endpoint
}

/** What a Durable Object of shared breakers responds to a batch of reports. */
export interface SharedViews {
  readonly views: Readonly<Record<string, BreakerView>>; // keyed by endpoint: those that were reported, and all that are not closed
  readonly probes: Readonly<Record<string, Readonly<Record<string, number>>>>; // ids of granted probes by isolate and endpoint
}

/** The shared state of one endpoint, as an isolate applies it until the lease ends. */
export interface BreakerView {
  readonly version: number; // grows with each change of the shared breaker
  readonly kind: "closed" | "open" | "half_open" | "ramp";
  readonly admit: number; // share of the calls that pass, in [0, 1]
  readonly retryAfterMs: number; // Retry-After of callers that are refused
  readonly probeId: number | undefined; // a probe that this isolate may send
  readonly leaseMs: number; // the lease begins when the report is sent
  readonly override?: "open" | "closed"; // an operator has set it
}

/** A probe has to end within this time of the report that it was granted for, ms. Its isolate aborts it then. */
export const PROBE_MS = 5_000;
