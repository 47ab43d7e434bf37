// The latest report of each isolate about one endpoint, and what they prove together.
import type { BreakerPolicy } from "../config/breaker.ts";
import type { BreakerReport, IsolateReport } from "./report.ts";

/** What counts of the latest report of one isolate. Its counts cover a window: they replace the ones before. */
export interface Observation {
  readonly location: string;
  readonly sequence: number;
  readonly calls: number;
  readonly failures: number;
  readonly hasRecovered: boolean;
  readonly isOpen: boolean;
  readonly at: number; // epoch ms
}

/** By isolate, in the order in which the reports arrived. */
export type Evidence = ReadonlyMap<string, Observation>;

/** Calls of all isolates together. */
export interface CallRate {
  readonly calls: number;
  readonly failures: number;
}

const LIFETIME_MS = 15_000;
const RECENT_MS = 2_000;
const MAX_ISOLATES = 5_000;

export const NO_EVIDENCE: Evidence = new Map();

/** Replaces what is known of the isolates that report. Above 5,000 isolates the oldest reports are dropped. */
export function withReports(evidence: Evidence, reports: readonly IsolateReport[], now: number): Evidence {
  const all = new Map(evidence);
  for (const { isolate, location, sequence, calls, failures, hasRecovered = false, isOpen } of reports) {
    all.delete(isolate);
    all.set(isolate, { location, sequence, calls, failures, hasRecovered, isOpen, at: now });
  }
  for (const oldest of all.keys()) {
    if (all.size <= MAX_ISOLATES) break;
    all.delete(oldest);
  }
  return all;
}

/** Drops reports that are 15 s old. */
export function withoutStale(evidence: Evidence, now: number): Evidence {
  const [oldest] = evidence.values();
  if (oldest === undefined || now - oldest.at < LIFETIME_MS) return evidence;
  return new Map([...evidence].filter(([, { at }]) => now - at < LIFETIME_MS));
}

/** The isolates without their counts: failures that have opened a breaker must not open it a second time. */
export function withoutCounts(evidence: Evidence): Evidence {
  return new Map([...evidence].map(([isolate, observation]) => [isolate, { ...observation, calls: 0, failures: 0, isOpen: false }]));
}

/** Whether one isolate reports a fault: its own breaker is open, or the share of failures is too high now. */
export function isFaulty(
  { isOpen, calls, failures, hasRecovered = false }: Pick<BreakerReport, "isOpen" | "calls" | "failures" | "hasRecovered">,
  { failurePercent }: BreakerPolicy,
): boolean {
  return isOpen || (!hasRecovered && calls > 0 && failures * 100 >= failurePercent * calls);
}

/**
 * Whether a quorum of isolates in two or more locations report a fault, and more isolates do than report success. It is enough if that
 * holds for the reports since some moment at least 2 s ago: older reports of success do not outvote a new fault. One isolate with a
 * broken network proves nothing, and neither do rare failures. Isolates with few calls count like any other.
 */
export function hasQuorum(evidence: Evidence, policy: BreakerPolicy, now: number): boolean {
  let [faulty, healthy] = [0, 0];
  const locations = new Set<string>();
  const isEnough = (): boolean => faulty >= policy.quorum && locations.size >= 2 && faulty > healthy;
  for (const observation of [...evidence.values()].reverse()) {
    if (observation.at < now - RECENT_MS && isEnough()) return true; // newest first: all since this moment agree
    if (isFaulty(observation, policy)) {
      faulty += 1;
      locations.add(observation.location);
    } else if (observation.calls > 0) healthy += 1;
  }
  return isEnough();
}

/** Whether at least two isolates, and a fifth of those that call the endpoint, see a fifth of their calls fail now. */
export function isImpaired(evidence: Evidence): boolean {
  let [impaired, calling] = [0, 0];
  for (const { isOpen, hasRecovered, calls, failures } of evidence.values()) {
    if (isOpen || calls > 0) calling += 1;
    if (isOpen || (!hasRecovered && failures > 0 && failures * 5 >= calls)) impaired += 1;
  }
  return impaired >= 2 && impaired * 5 >= calling;
}

export function callRate(evidence: Evidence): CallRate {
  let [calls, failures] = [0, 0];
  for (const observation of evidence.values()) {
    calls += observation.calls;
    failures += observation.failures;
  }
  return { calls, failures };
}
