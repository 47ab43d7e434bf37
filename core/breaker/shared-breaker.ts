// The shared breaker of one endpoint: a quorum of isolates opens it, and a few probes close it. Each transition makes a new version.
//
//   closed --quorum, or outlier--> open --time is over--> half_open --3 probes succeed--> ramp --10 s--> closed
//                                   ^ <--a probe fails--------'   (open for twice as long)  '--quorum--> open
//   open, half_open, ramp --too many endpoints are impaired--> closed
//   any state --an operator sets an override--> overridden --the override is removed--> closed
import type { BreakerPolicy } from "../config/breaker.ts";
import { isReached } from "./clock.ts";
import { type Evidence, hasQuorum, isFaulty, isImpaired, NO_EVIDENCE, withoutCounts, withoutStale, withReports } from "./evidence.ts";
import { type BreakerView, type IsolateReport, PROBE_MS, type ProbeResult } from "./report.ts";

/** What an operator has set instead of what the evidence says. */
export type Override = "open" | "closed";

export type SharedState =
  | { readonly kind: "closed"; readonly notOpenedBefore: number } // epoch ms
  | { readonly kind: "open"; readonly until: number; readonly opens: number } // epoch ms; number of open periods in a row
  | { readonly kind: "half_open"; readonly successes: number; readonly opens: number } // number of successful probes in this period
  | { readonly kind: "ramp"; readonly since: number; readonly opens: number } // epoch ms
  | { readonly kind: "overridden"; readonly to: Override };

/** Probes that may be in flight. They outlive the half-open period that they were granted in, and count in the next one. */
export interface GrantedProbes {
  readonly nextId: number;
  readonly notBefore: number; // epoch ms: no probe is granted before, because after a restart unknown ones may be in flight
  readonly expiries: ReadonlyMap<number, number>; // epoch ms, by id of the probe
}

/** Plain data. Evidence and expiries are not stored: after a restart the breaker waits until no old probe can be in flight. */
export type SharedBreaker = SharedState & {
  readonly version: number;
  readonly probes: GrantedProbes;
  readonly evidence: Evidence;
};

// Longer than one interval of an exchange and of a relay together, so that a view does not lapse on its way.
const LEASE_MS = { closed: 30_000, half_open: 8_000, ramp: 8_000, overridden: 15_000 } as const;
const RAMP_MS = 10_000;
const RAMP_START = 0.1; // share of the calls that pass when the ramp begins
const RELEASE_MS = 10_000; // after a release the evidence opens nothing for this long
const HALF_OPEN_RETRY_MS = 1_000;
const OVERRIDE_RETRY_MS = 3_000;
const MAX_OPEN_MS = 60_000;
const SUCCESSES_TO_RAMP = 3;

export const CLOSED: SharedBreaker = {
  kind: "closed",
  notOpenedBefore: 0,
  version: 1,
  probes: { nextId: 1, notBefore: 0, expiries: new Map() },
  evidence: NO_EVIDENCE,
};

/** The breaker after a batch of reports, its view, and the probes that it has granted: ids by isolate. */
export interface ReceivedReports {
  readonly breaker: SharedBreaker;
  readonly view: BreakerView; // without a probe
  readonly probes: ReadonlyMap<string, number>;
}

/**
 * Takes in a batch of reports, at most one of each isolate. A report that is not newer than the last one of its isolate changes nothing.
 * Isolates that want a probe get one while one is free.
 *
 * @param now epoch ms of the Durable Object's clock
 */
export function receiveReports(
  breaker: SharedBreaker,
  reports: readonly IsolateReport[],
  policy: BreakerPolicy,
  now: number,
): ReceivedReports {
  const current = advance(breaker, now);
  const fresh = reports.filter(({ isolate, sequence }) => sequence > (current.evidence.get(isolate)?.sequence ?? Number.NEGATIVE_INFINITY));
  if (fresh.length === 0) return { breaker: current, view: viewOf(current, undefined, now), probes: new Map() };
  const after = decide({ ...current, evidence: withReports(current.evidence, fresh, now) }, fresh, policy, now);
  let { nextId } = after.probes;
  const { notBefore } = after.probes;
  const expiries = new Map(after.probes.expiries);
  const probes = new Map<string, number>();
  if (after.kind === "half_open" && isReached(notBefore, now, PROBE_MS)) {
    for (const { isolate, wantsProbe } of fresh) {
      if (!wantsProbe || expiries.size >= policy.probes) continue;
      expiries.set(nextId, now + PROBE_MS);
      probes.set(isolate, nextId++);
    }
  }
  const granted = probes.size === 0 ? after : { ...after, probes: { nextId, notBefore, expiries } };
  return { breaker: granted, view: viewOf(granted, undefined, now), probes };
}

/** The breaker and its view now, for isolates that have not called the endpoint. */
export function viewAt(breaker: SharedBreaker, now: number): [SharedBreaker, BreakerView] {
  const current = advance(breaker, now);
  return [current, viewOf(current, undefined, now)];
}

/** Opens a closed breaker, because its endpoint is worse than its peers. */
export function trip(breaker: SharedBreaker, policy: BreakerPolicy, now: number): SharedBreaker {
  return breaker.kind === "closed" && isReached(breaker.notOpenedBefore, now, RELEASE_MS) ? open(breaker, policy, now) : breaker;
}

/** Whether its endpoint has trouble, as far as isolates report. */
export function isTroubled(breaker: SharedBreaker): boolean {
  if (breaker.kind === "overridden") return false;
  return breaker.kind !== "closed" || isImpaired(breaker.evidence);
}

/** Leaves the decision to the local breakers of the isolates for a while. An override stays. */
export function release(breaker: SharedBreaker, now: number): SharedBreaker {
  const notOpenedBefore = now + RELEASE_MS;
  if (breaker.kind === "overridden") return breaker;
  if (breaker.kind === "closed") return { ...breaker, notOpenedBefore };
  return transition(breaker, { kind: "closed", notOpenedBefore });
}

/** @param to undefined removes the override */
export function setOverride(breaker: SharedBreaker, to: Override | undefined): SharedBreaker {
  const state: SharedState = to === undefined ? { kind: "closed", notOpenedBefore: 0 } : { kind: "overridden", to };
  return { ...transition(breaker, state), evidence: NO_EVIDENCE };
}

/**
 * What happens by time alone: an open breaker becomes half open, a ramp ends, reports and probes expire. Where the clock has been set back,
 * nothing waits for the time that was set before.
 */
function advance(breaker: SharedBreaker, now: number): SharedBreaker {
  const { probes, evidence } = breaker;
  const expiries = new Map([...probes.expiries].filter(([, expiresAt]) => !isReached(expiresAt, now, PROBE_MS)));
  const current: SharedBreaker = { ...breaker, probes: { ...probes, expiries }, evidence: withoutStale(evidence, now) };
  if (current.kind === "open" && isReached(current.until, now, MAX_OPEN_MS))
    return transition(current, { kind: "half_open", successes: 0, opens: current.opens });
  if (current.kind === "ramp" && isReached(current.since + RAMP_MS, now, RAMP_MS))
    return { ...transition(current, { kind: "closed", notOpenedBefore: 0 }), evidence: NO_EVIDENCE };
  return current;
}

/** What new reports change. They can open the breaker only if one of them reports a fault itself. */
function decide(breaker: SharedBreaker, reports: readonly IsolateReport[], policy: BreakerPolicy, now: number): SharedBreaker {
  switch (breaker.kind) {
    case "overridden":
    case "open":
      return breaker;
    case "half_open": {
      let current: SharedBreaker = breaker;
      for (const { probe } of reports)
        if (probe !== undefined && current.kind === "half_open") current = endProbe(current, probe, policy, now);
      return current;
    }
    case "closed":
    case "ramp": {
      const mayOpen = breaker.kind === "ramp" || isReached(breaker.notOpenedBefore, now, RELEASE_MS);
      const isFault = reports.some((report) => isFaulty(report, policy));
      return mayOpen && isFault && hasQuorum(breaker.evidence, policy, now) ? open(breaker, policy, now) : breaker;
    }
  }
}

/** Ignores the result of a probe that was not granted in this half-open period, or that has expired. */
function endProbe(
  breaker: SharedBreaker & { readonly kind: "half_open" },
  { version, id, succeeded }: ProbeResult,
  policy: BreakerPolicy,
  now: number,
): SharedBreaker {
  if (version !== breaker.version || !breaker.probes.expiries.has(id)) return breaker;
  const expiries = new Map(breaker.probes.expiries);
  expiries.delete(id);
  const ended = { ...breaker, probes: { ...breaker.probes, expiries } };
  if (!succeeded) return open(ended, policy, now);
  const successes = breaker.successes + 1;
  if (successes < SUCCESSES_TO_RAMP) return { ...ended, successes };
  return { ...transition(ended, { kind: "ramp", since: now, opens: breaker.opens }), evidence: NO_EVIDENCE };
}

/** Opens for `openMs`, for twice as long each time in a row, and for 60 s at most. */
function open(breaker: SharedBreaker, policy: BreakerPolicy, now: number): SharedBreaker {
  const opens = "opens" in breaker ? breaker.opens : 0;
  const openMs = Math.min(MAX_OPEN_MS, policy.openMs * 2 ** opens);
  const state: SharedState = { kind: "open", until: now + openMs, opens: opens + 1 };
  return { ...transition(breaker, state), evidence: withoutCounts(breaker.evidence) };
}

function transition({ version, probes, evidence }: SharedBreaker, state: SharedState): SharedBreaker {
  return { ...state, version: version + 1, probes, evidence };
}

function viewOf(breaker: SharedBreaker, probeId: number | undefined, now: number): BreakerView {
  const { version } = breaker;
  switch (breaker.kind) {
    case "closed":
      return { version, kind: "closed", admit: 1, retryAfterMs: 0, probeId, leaseMs: LEASE_MS.closed };
    case "open": {
      const leftMs = Math.max(1, breaker.until - now);
      return { version, kind: "open", admit: 0, retryAfterMs: leftMs, probeId, leaseMs: leftMs };
    }
    case "half_open":
      return { version, kind: "half_open", admit: 0, retryAfterMs: HALF_OPEN_RETRY_MS, probeId, leaseMs: LEASE_MS.half_open };
    case "ramp": {
      const admit = Math.min(1, RAMP_START + ((1 - RAMP_START) * (now - breaker.since)) / RAMP_MS);
      return { version, kind: "ramp", admit, retryAfterMs: 0, probeId, leaseMs: LEASE_MS.ramp };
    }
    case "overridden": {
      const admit = breaker.to === "open" ? 0 : 1;
      const retryAfterMs = breaker.to === "open" ? OVERRIDE_RETRY_MS : 0;
      return { version, kind: breaker.to, admit, retryAfterMs, probeId, leaseMs: LEASE_MS.overridden, override: breaker.to };
    }
  }
}
