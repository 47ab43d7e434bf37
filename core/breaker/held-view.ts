// The latest view of the shared breaker that an isolate holds, and how long it applies.
import type { BreakerView } from "./report.ts";

export interface HeldView {
  readonly view: BreakerView;
  readonly until: number; // epoch ms: end of the lease
  readonly reportedAt: number | undefined; // epoch ms of the first report after the lease had ended: its response brings a new view
}

const MAX_LEASE_MS = 60_000; // the longest lease: that of a view that is open for the longest time
const LAPSED_MS = 15_000; // after its lease a view applies this long, until the isolate reports again
const UNANSWERED_MS = 1_000; // after that report a view applies this long

/**
 * The view that applies now; undefined if it is "closed", or if there is none. After the end of the lease the view applies until the
 * isolate has reported again: otherwise an isolate with few calls would send each of them to an endpoint that all others know to be down.
 */
export function applicableView(held: HeldView | undefined, now: number): BreakerView | undefined {
  if (held === undefined || held.view.kind === "closed") return undefined;
  const { view, until, reportedAt } = held;
  if (until - now > MAX_LEASE_MS) return undefined; // the clock has been set back
  if (now < until) return view;
  return now < until + LAPSED_MS && (reportedAt === undefined || now < reportedAt + UNANSWERED_MS) ? view : undefined;
}
