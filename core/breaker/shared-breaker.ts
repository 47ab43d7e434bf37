// The breaker of one endpoint as the object of its service keeps it: opens on the word of several isolates in several places, lets few probes through.
// Closed > open until a time > half open: a few probes > ramp: a growing share > closed. Every change is a new version.
import type { BreakerPolicy } from "../config/breaker.ts";

/** What an isolate has seen of an endpoint in the last seconds. */
export interface BreakerReport {
  readonly sequence: number; // grows with each report of this isolate: one that comes twice, or late, counts for nothing
  readonly calls: number;
  readonly failures: number;
  readonly hasRecovered?: boolean; // none of them since the last report, and answers since: they say nothing of now
  readonly isOpen: boolean; // whether its own evidence has opened it there
  readonly wantsProbe: boolean;
  readonly probe?: { readonly version: number; readonly id: number; readonly succeeded: boolean };
}

/** Who has seen it. Sent behind answers. */
export interface Reporter {
  readonly isolate: string;
  readonly location: string; // where it runs, `AMS`
}

export type IsolateReport = Reporter & BreakerReport;

/** What isolates go by until the lease ends, counted from when they *sent* the report. */
export interface BreakerView {
  readonly version: number;
  readonly kind: "closed" | "open" | "half" | "ramp";
  readonly admit: number; // share of calls, in [0, 1]
  readonly retryAfterMs: number;
  readonly probeId: number | undefined; // a probe that this isolate may make
  readonly leaseMs: number;
}

/** Plain data; `evidence` and `tokens` are not stored: a restart loses them, and is careful. */
export interface SharedBreaker {
  readonly version: number;
  readonly kind: BreakerView["kind"];
  readonly until: number; // epoch ms: open until then; ramp since then; closed at least until then
  readonly opens: number; // in a row
  readonly forced: "open" | "closed" | undefined; // by an operator
  readonly wells: number; // probes that went well in this half-open time
  readonly graceUntil: number; // no probe before
  readonly nextToken: number;
  readonly tokens: ReadonlyMap<number, number>; // token: when it is void, epoch ms
  readonly evidence: ReadonlyMap<string, Evidence>; // by isolate
}

interface Evidence {
  readonly location: string;
  readonly sequence: number;
  readonly calls: number;
  readonly failures: number;
  readonly hasRecovered: boolean;
  readonly isOpen: boolean;
  readonly at: number;
}

export const PROBE_MS = 5_000; // a probe is void, and has to be ended, so long after it was asked for
const EVIDENCE_MS = 15_000;
const RECENT_MS = 2_000;
const LEASE_MS = { closed: 30_000, half: 2_000, ramp: 2_000 } as const;
const FORCED_MS = 3_000;
const RAMP_MS = 10_000;
const LEFT_MS = 10_000;
const MAX_OPEN_MS = 60_000;
const WELLS = 3; // probes in a row that end the half-open time
const MOST_ISOLATES = 5_000; // remembered

export const CLOSED: SharedBreaker = {
  ...{ version: 1, kind: "closed", until: 0, opens: 0, forced: undefined, wells: 0, graceUntil: 0, nextToken: 1 },
  ...{ tokens: new Map(), evidence: new Map() },
};

/** What is stored at each change, and read after a restart: probes that were granted may still be under way. */
export type StoredBreaker = Pick<SharedBreaker, "version" | "kind" | "until" | "opens" | "forced" | "nextToken">;

export function restore(stored: StoredBreaker, now: number): SharedBreaker {
  return { ...CLOSED, ...stored, version: stored.version + 1, graceUntil: now + PROBE_MS };
}

/** Takes a report in, and answers with the view. @param now epoch ms of the object's clock */
export function receiveReport(
  known: SharedBreaker,
  report: IsolateReport,
  policy: BreakerPolicy,
  now: number,
): [SharedBreaker, BreakerView] {
  let shared = advanced(known, now);
  const before = shared.evidence.get(report.isolate);
  const isNew = before === undefined || report.sequence > before.sequence;
  if (isNew) shared = weighed(withEvidence(shared, report, now), report, policy, now);
  if (!isNew || shared.forced !== undefined || shared.kind !== "half" || !report.wantsProbe)
    return [shared, viewOf(shared, undefined, now)];
  if (now < shared.graceUntil || shared.tokens.size >= policy.probes) return [shared, viewOf(shared, undefined, now)];
  const token = shared.nextToken;
  const tokens = new Map(shared.tokens).set(token, now + PROBE_MS);
  shared = { ...shared, tokens, nextToken: token + 1 };
  return [shared, viewOf(shared, token, now)];
}

/** The view without a report: what those hear of an endpoint who have not called it. */
export function viewAt(known: SharedBreaker, now: number): [SharedBreaker, BreakerView] {
  const shared = advanced(known, now);
  return [shared, viewOf(shared, undefined, now)];
}

/** Opens an endpoint that is out of line with its peers, where it is closed. */
export function trip(shared: SharedBreaker, policy: BreakerPolicy, now: number): SharedBreaker {
  return shared.forced === undefined && shared.kind === "closed" && now >= shared.until ? opened(shared, policy, now) : shared;
}

/** Whether a fifth of the isolates that call it, two at least, see a fifth of their calls fail now. */
export function isTroubled({ kind, forced, evidence }: SharedBreaker): boolean {
  if (forced !== undefined) return false;
  if (kind !== "closed") return true;
  let [hurt, spoken] = [0, 0];
  for (const { isOpen, hasRecovered, calls, failures } of evidence.values()) {
    if (isOpen || calls > 0) spoken += 1;
    if (isOpen || (!hasRecovered && failures > 0 && failures * 5 >= calls)) hurt += 1;
  }
  return hurt >= 2 && hurt * 5 >= spoken;
}

/** Leaves it to what each isolate sees by itself, where it was open by evidence, and for a while opens it on no word of theirs. */
export function release(shared: SharedBreaker, now: number): SharedBreaker {
  if (shared.forced !== undefined) return shared;
  const until = now + LEFT_MS;
  if (shared.kind === "closed") return { ...shared, until };
  return { ...shared, version: shared.version + 1, kind: "closed", until, opens: 0, wells: 0 };
}

/** An operator's word, which holds until it is taken back. */
export function force(shared: SharedBreaker, forced: SharedBreaker["forced"]): SharedBreaker {
  return { ...shared, version: shared.version + 1, kind: "closed", until: 0, opens: 0, wells: 0, evidence: new Map(), forced };
}

/** What time alone does: open ends in half open, the ramp in closed, probes become void. */
function advanced(shared: SharedBreaker, now: number): SharedBreaker {
  const tokens = new Map([...shared.tokens].filter(([, voidAt]) => voidAt > now));
  const [oldest] = shared.evidence.values(); // they stand in the order in which they came
  const isStale = oldest !== undefined && now - oldest.at >= EVIDENCE_MS;
  const evidence = isStale ? new Map([...shared.evidence].filter(([, { at }]) => now - at < EVIDENCE_MS)) : shared.evidence;
  const kept = { ...shared, tokens, evidence };
  if (shared.kind === "open" && now >= shared.until) return { ...kept, version: shared.version + 1, kind: "half", wells: 0 };
  if (shared.kind === "ramp" && now >= shared.until + RAMP_MS)
    return { ...kept, version: shared.version + 1, kind: "closed", until: 0, opens: 0, evidence: new Map() };
  return kept;
}

/** What an isolate says takes the place of what it has said before: its counts are those of a window. */
function withEvidence(
  shared: SharedBreaker,
  { isolate, location, sequence, calls, failures, hasRecovered = false, isOpen }: IsolateReport,
  now: number,
): SharedBreaker {
  const evidence = new Map(shared.evidence);
  evidence.delete(isolate);
  evidence.set(isolate, { location, sequence, calls, failures, hasRecovered, isOpen, at: now });
  for (const name of evidence.keys()) {
    if (evidence.size <= MOST_ISOLATES) break;
    evidence.delete(name);
  }
  return { ...shared, evidence };
}

function weighed(shared: SharedBreaker, report: IsolateReport, policy: BreakerPolicy, now: number): SharedBreaker {
  const { probe } = report;
  if (shared.forced !== undefined) return shared;
  if (shared.kind === "half" && probe !== undefined && probe.version === shared.version && shared.tokens.has(probe.id)) {
    const tokens = new Map(shared.tokens);
    tokens.delete(probe.id);
    if (!probe.succeeded) return opened({ ...shared, tokens }, policy, now);
    if (shared.wells + 1 < WELLS) return { ...shared, tokens, wells: shared.wells + 1 };
    return { ...shared, version: shared.version + 1, kind: "ramp", until: now, tokens, evidence: new Map(), wells: 0 };
  }
  const mayOpen = (shared.kind === "closed" && now >= shared.until) || shared.kind === "ramp";
  return mayOpen &&
    isBad(report, policy) && // what others said before is not enough
    isFaulty(shared, policy, now)
    ? opened(shared, policy, now)
    : shared;
}

/**
 * Whether enough isolates say so, in more than one place, and most of those that have said anything since some moment, two seconds ago
 * or longer: a bad network of one isolate is not the endpoint's fault, and failures now and then are not either. Isolates with few
 * calls each count like any other: they see it together.
 */
function isFaulty({ evidence }: SharedBreaker, policy: BreakerPolicy, now: number): boolean {
  let [failing, well] = [0, 0];
  const places = new Set<string>();
  const isEnough = (): boolean => failing >= policy.quorum && places.size >= 2 && failing > well;
  for (const one of [...evidence.values()].reverse()) {
    if (one.at < now - RECENT_MS && isEnough()) return true; // the latest one first
    if (isBad(one, policy)) {
      failing += 1;
      places.add(one.location);
    } else if (one.calls > 0) well += 1;
  }
  return isEnough();
}

function isBad(
  { isOpen, calls, failures, hasRecovered = false }: Omit<BreakerReport, "sequence" | "wantsProbe">,
  { failurePercent }: BreakerPolicy,
): boolean {
  return isOpen || (!hasRecovered && calls > 0 && failures * 100 >= failurePercent * calls);
}

function opened(shared: SharedBreaker, policy: BreakerPolicy, now: number): SharedBreaker {
  const openMs = Math.min(MAX_OPEN_MS, policy.openMs * 2 ** shared.opens);
  const fresh = {
    kind: "open",
    until: now + openMs,
    opens: shared.opens + 1,
    wells: 0,
    evidence: new Map(shared.evidence),
  } as const;
  for (const [name, one] of fresh.evidence) fresh.evidence.set(name, { ...one, calls: 0, failures: 0, isOpen: false });
  return { ...shared, ...fresh, version: shared.version + 1 };
}

function viewOf({ version, kind, until, forced }: SharedBreaker, token: number | undefined, now: number): BreakerView {
  if (forced !== undefined) {
    const isOpen = forced === "open";
    return {
      version,
      kind: isOpen ? "open" : "closed",
      admit: isOpen ? 0 : 1,
      retryAfterMs: isOpen ? FORCED_MS : 0,
      probeId: undefined,
      leaseMs: FORCED_MS,
    };
  }
  const admit = kind === "closed" ? 1 : kind === "ramp" ? Math.min(1, 0.1 + (0.9 * (now - until)) / RAMP_MS) : 0;
  const retryAfterMs = kind === "open" ? Math.max(1, until - now) : kind === "half" ? 1_000 : 0;
  const leaseMs = kind === "open" ? Math.max(1, until - now) : LEASE_MS[kind];
  return { version, kind, admit, retryAfterMs, probeId: token, leaseMs };
}
