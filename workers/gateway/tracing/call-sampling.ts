// What tracing knows of a call while it goes on.
import type { TraceParent } from "../../../core/trace.ts";
import type { AttemptTimes } from "../../../core/tracing/call-spans.ts";

const MAX_ATTEMPTS = 20; // in one trace

/** A span of the platform, of which the spans of upstreams are children. */
export interface PlatformTrace {
  readonly traceId: string; // 32 digits
  readonly spanId: string; // 16 digits
}

export class CallSampling {
  readonly parent: TraceParent | undefined; // the caller's, where it sent a valid `traceparent`
  readonly isSampled: boolean; // at its beginning: then its upstream is to record, too
  readonly platform: PlatformTrace | undefined; // goes on at upstreams, in place of a new trace
  readonly times: AttemptTimes[] = []; // none of a call that is not sampled

  constructor(parent: TraceParent | undefined, isSampled: boolean, platform?: PlatformTrace) {
    this.parent = parent;
    this.isSampled = isSampled;
    this.platform = platform;
  }

  attemptBegan(upstream: string, endpoint: string, now: number): void {
    if (this.isSampled && this.times.length < MAX_ATTEMPTS)
      this.times.push({ upstream, endpoint, startMs: now, endMs: undefined, hasFailed: false });
  }

  attemptEnded(endpoint: string, hasResponded: boolean, now: number): void {
    const times = this.times.findLast((attempt) => attempt.endpoint === endpoint && attempt.endMs === undefined);
    if (times === undefined) return;
    times.endMs = now;
    times.hasFailed = !hasResponded;
  }
}
