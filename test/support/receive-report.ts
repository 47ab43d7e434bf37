// One report of one isolate to its shared breakers, for tests that look at reports one by one. Relays send batches.
import type { BreakerReport, BreakerView, IsolateReport, Reporter } from "../../core/breaker/report.ts";
import { receiveReports as receiveTogether, type SharedBreaker } from "../../core/breaker/shared-breaker.ts";
import { receiveBatch, type SharedBreakers } from "../../core/breaker/shared-breakers.ts";
import type { BreakerPolicy } from "../../core/config/breaker.ts";

/** @returns the breaker after the report, and the view for this isolate, with the probe that it got */
export function receiveReport(
  breaker: SharedBreaker,
  report: IsolateReport,
  policy: BreakerPolicy,
  now: number,
): [SharedBreaker, BreakerView] {
  const received = receiveTogether(breaker, [report], policy, now);
  return [received.breaker, { ...received.view, probeId: received.probes.get(report.isolate) }];
}

/** @param reports of one isolate, by endpoint */
export function receiveReports(
  breakers: SharedBreakers,
  reporter: Reporter,
  reports: Readonly<Record<string, BreakerReport>>,
  policy: BreakerPolicy,
  now: number,
): [SharedBreakers, Readonly<Record<string, BreakerView>>] {
  const [after, { views, probes }] = receiveBatch(breakers, [{ ...reporter, reports }], policy, now);
  const own = probes[reporter.isolate] ?? {};
  return [after, Object.fromEntries(Object.entries(views).map(([endpoint, view]) => [endpoint, { ...view, probeId: own[endpoint] }]))];
}
