/** What one isolate has seen of one endpoint. */
interface BreakerReport {
  readonly sequence: number;
  readonly calls: number;
  readonly failures: number;
  readonly hasRecovered?: boolean;
  readonly isOpen: boolean;
  readonly wantsProbe: boolean;
  readonly probe?: ProbeResult;
}
/** The outcome of a probe that the Durable Object has granted. */
interface ProbeResult {
  readonly version: number;
  readonly id: number;
  readonly succeeded: boolean;
}
/** The isolate that reports. */
interface Reporter {
  readonly isolate: string;
  readonly location: string;
}
/** The reports of one isolate about the endpoints of one upstream. */
interface IsolateReports extends Reporter {
  readonly reports: Readonly<Record<string, BreakerReport>>;
}
/** What a Durable Object of shared breakers responds to a batch of reports. */
interface SharedViews {
  readonly views: Readonly<Record<string, BreakerView>>;
  readonly probes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
/** The shared state of one endpoint, as an isolate applies it until the lease ends. */
interface BreakerView {
  readonly version: number;
  readonly kind: "closed" | "open" | "half_open" | "ramp";
  readonly admit: number;
  readonly retryAfterMs: number;
  readonly probeId: number | undefined;
  readonly leaseMs: number;
  readonly override?: "open" | "closed";
}
export { SharedViews as i, BreakerView as n, IsolateReports as r, BreakerReport as t };