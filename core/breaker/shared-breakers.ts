// The shared breakers of all endpoints of one upstream, as its Durable Object keeps them: reports of isolates in, views out.
import type { BreakerPolicy } from "../config/breaker.ts";
import { callRate } from "./evidence.ts";
import type { BreakerView, IsolateReport, IsolateReports, SharedViews } from "./report.ts";
import { CLOSED, isTroubled, receiveReports, release, type SharedBreaker, trip, viewAt } from "./shared-breaker.ts";
import { PEER_TRIP_RULES } from "./trip-rules.ts";

/** By endpoint. */
export type SharedBreakers = ReadonlyMap<string, SharedBreaker>;

const MAX_ENDPOINTS = 2_000; // above it, closed breakers are dropped

/**
 * Takes in a batch of reports.
 *
 * @param batch the reports of isolates, at most one entry of each isolate
 * @param now   epoch ms of the Durable Object's clock
 */
export function receiveBatch(
  breakers: SharedBreakers,
  batch: readonly IsolateReports[],
  policy: BreakerPolicy,
  now: number,
): [SharedBreakers, SharedViews] {
  const after = new Map(breakers);
  const views: Record<string, BreakerView> = {};
  const probes: Record<string, Record<string, number>> = {};
  const set = (endpoint: string, [breaker, view]: [SharedBreaker, BreakerView]): void => {
    after.set(endpoint, breaker);
    views[endpoint] = view;
  };
  const byEndpoint = reportsByEndpoint(batch);
  for (const [endpoint, reports] of byEndpoint) {
    const received = receiveReports(after.get(endpoint) ?? CLOSED, reports, policy, now);
    set(endpoint, [received.breaker, received.view]);
    for (const [isolate, id] of received.probes) probes[isolate] = { ...probes[isolate], [endpoint]: id };
  }
  for (const endpoint of worseThanPeers(after, byEndpoint, policy)) set(endpoint, viewAt(trip(after.get(endpoint)!, policy, now), now));
  if (areTooManyTroubled(after, policy)) {
    for (const [endpoint, breaker] of after) {
      if (breaker.kind === "closed") after.set(endpoint, release(breaker, now));
      else set(endpoint, viewAt(release(breaker, now), now));
    }
  }
  for (const [endpoint, breaker] of after)
    if (views[endpoint] === undefined && breaker.kind !== "closed") set(endpoint, viewAt(breaker, now));
  for (const [endpoint, breaker] of after) {
    if (after.size <= MAX_ENDPOINTS) break;
    if (breaker.kind === "closed") after.delete(endpoint);
  }
  return [after, { views, probes }];
}

function reportsByEndpoint(batch: readonly IsolateReports[]): ReadonlyMap<string, readonly IsolateReport[]> {
  const byEndpoint = new Map<string, IsolateReport[]>();
  for (const { isolate, location, reports } of batch) {
    for (const [endpoint, report] of Object.entries(reports)) {
      const others = byEndpoint.get(endpoint) ?? [];
      others.push({ isolate, location, ...report });
      byEndpoint.set(endpoint, others);
    }
  }
  return byEndpoint;
}

/** The endpoints that a rule finds worse than their peers, of those whose calls an isolate sees fail now. */
function worseThanPeers(
  breakers: SharedBreakers,
  byEndpoint: ReadonlyMap<string, readonly IsolateReport[]>,
  policy: BreakerPolicy,
): string[] {
  const rules = PEER_TRIP_RULES.filter((rule) => rule.isOn(policy));
  const suspects = [...byEndpoint.keys()].filter((endpoint) =>
    byEndpoint.get(endpoint)!.some(({ failures, hasRecovered }) => failures > 0 && hasRecovered !== true),
  );
  if (rules.length === 0 || suspects.length === 0) return [];
  const rates = new Map([...breakers].map(([endpoint, { evidence }]) => [endpoint, callRate(evidence)]));
  const peers = [...rates.values()];
  return suspects.filter((endpoint) => rules.some((rule) => rule.isTripped(rates.get(endpoint)!, peers, policy)));
}

/**
 * Whether more endpoints are in trouble than may be left out. Then the fault is in the whole service, or in something behind it, and no
 * endpoint is better than another: all breakers are released. An open breaker would outlast the fault by its time, its probes and its
 * ramp; local breakers recover within 1 to 3 s.
 */
function areTooManyTroubled(breakers: SharedBreakers, policy: BreakerPolicy): boolean {
  let troubled = 0;
  for (const breaker of breakers.values()) if (isTroubled(breaker)) troubled += 1;
  return breakers.size > 1 && troubled * 100 > policy.maxOpenPercent * breakers.size;
}
