// Where calls waited before they were sent: a delay per cause, of all calls of the isolate.
// Only a call that waits comes here, so it costs the others nothing.
import type { HistogramDelta } from "../../../../core/metrics/buckets.ts";
import { Histogram } from "../../../../core/metrics/histogram.ts";

/** What a call may wait for. @see gRFC A121 */
export type DelayCause =
  | "body" // the rest of its request
  | "limiter" // tokens of a Durable Object
  | "permit" // a free permit of the isolate or the route
  | "endpoint" // a free endpoint
  | "registry" // the first list of endpoints
  | "purges" // a view of purges that is recent enough
  | "retry"; // the backoff before a further attempt

const delays = new Map<DelayCause, Histogram>();

/** @param sinceMs epoch ms, when the call began to wait */
export function recordDelay(cause: DelayCause, sinceMs: number): void {
  const delayMs = Date.now() - sinceMs;
  if (delayMs <= 0) return; // it did not have to wait
  let histogram = delays.get(cause);
  if (histogram === undefined) {
    histogram = new Histogram(1_000);
    delays.set(cause, histogram);
  }
  histogram.record(delayMs);
}

/** @returns the delays since they were taken before */
export function takeDelays(): readonly (readonly [DelayCause, HistogramDelta])[] {
  return [...delays].map(([cause, histogram]) => [cause, histogram.take()] as const).filter(([, { counts }]) => counts.length > 0);
}
