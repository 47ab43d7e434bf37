// A model check of the distributed breaker: every order of calls, reports, views, losses, duplicates and one restart, with the real core,
// for two isolates and a few ticks; and six wrong implementations, each of which it has to find.
import { expect, it } from "vitest";
import type { Admitted } from "../../../core/breaker/admission.ts";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import type { LocalState } from "../../../core/breaker/local-state.ts";
import { type BreakerView, type IsolateReport, PROBE_MS } from "../../../core/breaker/report.ts";
import { CLOSED, type SharedBreaker, viewAt } from "../../../core/breaker/shared-breaker.ts";
import { restore, type StoredBreaker, toStored } from "../../../core/breaker/stored-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";
import { receiveReport } from "../../support/receive-report.ts";

const TICK_MS = 2_500; // a probe expires after two ticks; the endpoint stays open for one tick at first
const REPORT_TIMEOUT_MS = 2 * TICK_MS; // an isolate sends the next report after the response to the last one, or after this time
const POLICY = { ...BREAKER, consecutive: 1, openMs: TICK_MS, quorum: 2, probes: 1 };
const NAMES = ["a", "b"] as const;

type Message = { readonly of: number; readonly isDuplicate: boolean } & (
  | { readonly kind: "report"; readonly sentAt: number; readonly report: IsolateReport }
  | { readonly kind: "view"; readonly sentAt: number; readonly view: BreakerView; readonly openUntil: number }
);

interface Isolate {
  readonly local: LocalState;
  readonly probe: Admitted | undefined; // in flight
  readonly failed: boolean; // a call of it has failed
}

interface State {
  readonly now: number;
  readonly object: SharedBreaker;
  readonly highest: number; // highest version that was sent to an isolate
  readonly crashes: number; // restarts that may still happen
  readonly isolates: readonly Isolate[];
  readonly net: readonly Message[];
}

/** What a wrong implementation would do instead. */
interface Variant {
  readonly restart?: (stored: StoredBreaker, now: number) => SharedBreaker;
  readonly leaseFrom?: (sentAt: number, now: number) => number;
  readonly endsProbes?: boolean;
  readonly read?: (report: IsolateReport, object: SharedBreaker) => IsolateReport;
}

interface Exploration {
  readonly states: number;
  readonly violation: string | undefined;
}

const copy = (state: LocalState): LocalState => ({
  ...state,
  window: { cells: state.window.cells.slice(), slice: state.window.slice },
  unreported: { ...state.unreported },
});
const first: State = {
  now: 0,
  object: CLOSED,
  highest: 1,
  crashes: 1,
  isolates: NAMES.map(() => ({ local: new LocalBreaker(POLICY).state, probe: undefined, failed: false })),
  net: [],
};

/** Every state that can follow this one. @throws Violation */
function next(state: State, variant: Variant, ticks: number): State[] {
  const { now, net, isolates, object } = state;
  const followers: State[] = [];
  const change = (index: number, act: (breaker: LocalBreaker) => Partial<Isolate> & { sends?: Message }): void => {
    const local = copy(isolates[index]!.local);
    const { sends, ...changed } = act(new LocalBreaker(POLICY, local));
    const all = isolates.map((one, at) => (at === index ? { ...one, local, ...changed } : one));
    followers.push({ ...state, isolates: all, net: sends === undefined ? net : [...net, sends] });
  };
  for (const [index, { local, probe }] of isolates.entries()) {
    if (probe !== undefined) {
      for (const outcome of ["succeeded", "failed"] as const)
        change(index, (breaker) => {
          breaker.record(probe, outcome, 1, now, 0);
          return { probe: undefined };
        });
    }
    const admission = new LocalBreaker(POLICY, copy(local)).admit(now, 0);
    if (admission.kind === "admitted" && (admission.probe === undefined || probe === undefined))
      change(index, (breaker) => {
        const admitted = breaker.admit(now, 0) as Admitted;
        if (admitted.probe !== undefined) return { probe: admitted };
        breaker.record(admitted, "failed", 1, now, 0);
        return { failed: true };
      });
    const isReporting = net.some(({ of, sentAt, isDuplicate }) => of === index && !isDuplicate && now - sentAt < REPORT_TIMEOUT_MS);
    if (net.length < 2 && !isReporting)
      change(index, (breaker) => {
        const taken = breaker.takeReport(now);
        if (taken === undefined) return {};
        const report = { isolate: NAMES[index]!, location: `at ${NAMES[index]}`, ...taken };
        return { sends: { kind: "report", isDuplicate: false, of: index, sentAt: now, report } };
      });
  }
  for (const [position, message] of net.entries()) {
    const without = net.filter((_, at) => at !== position);
    followers.push({ ...state, net: without }); // the message is lost
    followers.push(arrived({ ...state, net: without }, message, variant));
    if (message.kind === "view" || message.isDuplicate) continue; // the platform may run a call twice; it delivers one response
    followers.push(arrived({ ...state, net: net.with(position, { ...message, isDuplicate: true }) }, message, variant));
  }
  if (state.crashes > 0) {
    const after = (variant.restart ?? restore)(toStored(object), now);
    followers.push({ ...state, object: after, crashes: state.crashes - 1 });
  }
  if (now < ticks * TICK_MS) followers.push(ticked(state, variant));
  for (const one of followers) checkProbes(one);
  return followers;
}

function ticked(state: State, { endsProbes = true }: Variant): State {
  const now = state.now + TICK_MS;
  const ends = ({ probe }: Isolate): boolean => endsProbes && probe?.probe !== undefined && probe.probe.endsAt <= now;
  const ended = (one: Isolate): Isolate => {
    if (!ends(one)) return one;
    const local = copy(one.local);
    new LocalBreaker(POLICY, local).discard(one.probe!);
    return { ...one, local, probe: undefined };
  };
  return { ...state, now, isolates: state.isolates.map(ended) };
}

function arrived(state: State, message: Message, { leaseFrom = (sentAt) => sentAt, read = (report) => report }: Variant): State {
  const { now, object, isolates } = state;
  if (message.kind === "view") {
    const { of, view, sentAt, openUntil } = message;
    const local = copy(isolates[of]!.local);
    const known = local.held?.view.version ?? 0;
    const wasFresh = local.held !== undefined && now < local.held.until;
    new LocalBreaker(POLICY, local).applyView(view, leaseFrom(sentAt, now));
    const { held } = local;
    if (wasFresh && held!.view.version < known) throw new Violation("an isolate goes back to an older view");
    if (view.kind === "open" && held!.view === view && held!.until > openUntil)
      throw new Violation("an isolate applies an open view for longer than the Durable Object");
    return { ...state, isolates: isolates.map((one, at) => (at === of ? { ...one, local } : one)) };
  }
  const [after, view] = receiveReport(object, read(message.report, object), POLICY, now);
  const isTrip = after.kind === "open" && object.kind !== "open" && object.kind !== "half_open";
  if (isTrip && isolates.filter(({ failed }) => failed).length < 2) throw new Violation("opened by the reports of one isolate");
  if (view.version < state.highest) throw new Violation("the Durable Object goes back to an older version");
  const { of, sentAt } = message;
  const response: Message = {
    kind: "view",
    isDuplicate: false,
    of,
    sentAt,
    view,
    openUntil: after.kind === "open" ? after.until : Number.NaN,
  };
  return { ...state, object: after, highest: view.version, net: [...state.net, response] };
}

class Violation extends Error {}

/** Counts the probes that may be sent or are in flight, world-wide. @throws Violation */
function checkProbes({ now, isolates }: State): void {
  let probes = 0;
  for (const { local, probe } of isolates) {
    if (local.granted !== undefined && now < local.granted.endsAt) probes += 1;
    if (probe?.probe !== undefined && probe.probe.id !== 0) probes += 1;
  }
  if (probes > POLICY.probes) throw new Violation(`${probes} probes at once`);
}

/** @returns ticks until all isolates serve again, with a healthy upstream and a network that delivers */
function ticksToServe(from: State): number {
  let state: State = { ...from, net: [], crashes: 0 };
  for (let tick = 0; tick < 40; tick++) {
    for (const index of NAMES.keys()) state = served(state, index);
    const isServed = state.isolates.every(({ local }) => !new LocalBreaker(POLICY, local).refuses(state.now, 0));
    if (isServed && (state.object.kind === "closed" || state.object.kind === "ramp")) return tick;
    state = ticked(state, {});
  }
  return Number.POSITIVE_INFINITY;
}

/** One turn of an isolate: it reports, applies the view, calls, and records the outcome. */
function served(state: State, index: number): State {
  const { now } = state;
  const local = copy(state.isolates[index]!.local);
  const breaker = new LocalBreaker(POLICY, local);
  let { object } = state;
  const { probe } = state.isolates[index]!;
  if (probe !== undefined) breaker.record(probe, "succeeded", 1, now, 0);
  for (let round = 0; round < 2; round++) {
    const report = breaker.takeReport(now);
    if (report !== undefined) {
      const [after, view] = receiveReport(object, { isolate: NAMES[index]!, location: `at ${NAMES[index]}`, ...report }, POLICY, now);
      object = after;
      breaker.applyView(view, now);
    }
    const admission = breaker.admit(now, 0);
    if (admission.kind === "admitted") breaker.record(admission, "succeeded", 1, now, 0);
  }
  return { ...state, object, isolates: state.isolates.map((one, at) => (at === index ? { ...one, local, probe: undefined } : one)) };
}

/** Visits every state within the bounds, until an invariant is violated. */
function explore(from: State, ticks: number, visit: (state: State, nth: number) => void): Exploration {
  const seen = new Set<number>([fingerprint(from)]);
  let edge: State[] = [from];
  try {
    while (edge.length > 0) {
      const following: State[] = [];
      for (const state of edge) {
        visit(state, seen.size);
        for (const one of next(state, {}, from.now / TICK_MS + ticks)) {
          const print = fingerprint(one);
          if (seen.has(print)) continue;
          seen.add(print);
          following.push(one);
        }
      }
      edge = following;
    }
    return { states: seen.size, violation: undefined };
  } catch (error) {
    if (error instanceof Violation) return { states: seen.size, violation: error.message };
    throw error;
  }
}

/** Visits states at random, until an invariant is violated. */
function wander(variant: Variant, seed: number, walks: number, steps: number): Exploration {
  const random = randomStream(seed);
  let states = 0;
  try {
    for (let walk = 0; walk < walks; walk++) {
      let state: State = { ...first, crashes: 10 };
      for (let step = 0; step < steps; step++, states++) {
        const followers = next(state, variant, Number.POSITIVE_INFINITY);
        state = followers[Math.floor(random() * followers.length)]!;
      }
    }
    return { states, violation: undefined };
  } catch (error) {
    if (error instanceof Violation) return { states, violation: error.message };
    throw error;
  }
}

/**
 * 53 bits of everything that matters later: the chance that two of a few hundred thousand states collide is 1 in 10^5. Generations do not
 * matter, because calls end at once here or are probes; of sequence numbers only the order does.
 */
function fingerprint({ now, object, highest, crashes, isolates, net }: State): number {
  const { evidence, probes, ...plain } = object;
  const reports = net.flatMap((message) => (message.kind === "report" ? [message.report] : []));
  const sequences = new Map(NAMES.map((name) => [name as string, [evidence.get(name)?.sequence ?? 0]]));
  for (const { isolate, sequence } of reports) sequences.get(isolate)!.push(sequence);
  const rank = (name: string, sequence: number): number => (sequences.get(name) ?? []).filter((one) => one > sequence).length;
  const received = [...evidence].map(([name, one]) => ({ name, ...one, sequence: rank(name, one.sequence) }));
  const known = isolates.map(({ local, probe, failed }) => {
    const { window: _, admitted: __, unreported, ...rest } = local;
    const { sequence: ___, ...changes } = unreported;
    return [rest, changes, probe?.probe, failed];
  });
  const under = net.map((message) => {
    if (message.kind === "view") return JSON.stringify(message);
    const { report } = message;
    return JSON.stringify({ ...message, report: { ...report, sequence: rank(report.isolate, report.sequence) } });
  });
  const parts = [
    now,
    plain,
    received.sort((a, b) => (a.name < b.name ? -1 : 1)),
    probes.nextId,
    probes.notBefore,
    [...probes.expiries],
    highest,
    crashes,
    known,
    under.sort(),
  ];
  const text = JSON.stringify(parts);
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  return (high & 0x1fffff) * 4_294_967_296 + (low >>> 0);
}

/** Both isolates have seen it fail and have an open view, and the open time is over. */
function halfOpen(): State {
  let state = first;
  for (const [index, name] of NAMES.entries()) {
    const local = copy(first.isolates[index]!.local);
    const breaker = new LocalBreaker(POLICY, local);
    breaker.record(breaker.admit(0, 0) as Admitted, "failed", 1, 0, 0);
    const [object] = receiveReport(state.object, { isolate: name, location: name, ...breaker.takeReport(0)! }, POLICY, 0);
    state = { ...state, object, isolates: state.isolates.with(index, { local, probe: undefined, failed: true }) };
  }
  for (const { local } of state.isolates) new LocalBreaker(POLICY, local).applyView(viewAt(state.object, 0)[1], 0);
  return ticked({ ...state, highest: state.object.version }, {});
}

const TICKS = Number(process.env["MODEL_TICKS"] ?? 0); // additional ticks take minutes and gigabytes

it.each([
  ["closed", first, 0],
  ["half_open", halfOpen(), 0],
] as const)(
  "sends one probe at a time, applies no older view, opens by no single isolate, and always recovers, from %s on",
  (_, from, ticks) => {
    let [checked, worst] = [0, 0];
    const result = explore(from, ticks + TICKS, (state, nth) => {
      if (nth % 50 !== 0) return;
      checked += 1;
      worst = Math.max(worst, ticksToServe(state));
    });
    console.info(`${result.states} states; all served again after at most ${worst} ticks from ${checked} of them`);
    expect(result.violation).toBeUndefined();
    expect(result.states).toBeGreaterThan(10_000);
    expect(worst).toBeLessThan(20);
  },
  600_000,
);

it("keeps these promises on long random walks", () => {
  const result = wander({}, 1, 1_000, 100);
  expect(result).toEqual({ states: 100_000, violation: undefined });
});

const anyProbe = (object: SharedBreaker): number => [...object.probes.expiries.keys()][0] ?? 0;
const WRONG: readonly (readonly [string, Variant, string])[] = [
  ["a Durable Object that stores nothing", { restart: () => CLOSED }, "older version"],
  [
    "reports that count as isolates of their own",
    { read: (report) => ({ ...report, isolate: `${report.isolate}${report.sequence}`, location: `${report.sequence}` }) },
    "one isolate",
  ],
  ["leases that begin with the receipt", { leaseFrom: (_, now) => now }, "longer than the Durable Object"],
  ["no pause of probes after a restart", { restart: (stored) => restore(stored, -PROBE_MS) }, "2 probes"],
  ["probes that are not aborted", { endsProbes: false }, "2 probes"],
  [
    "results of any probe",
    {
      read: (report, object) =>
        report.probe === undefined ? report : { ...report, probe: { ...report.probe, version: object.version, id: anyProbe(object) } },
    },
    "2 probes",
  ],
];

it.each(WRONG)(
  "finds %s",
  (_, variant, violation) => {
    const result = wander(variant, 1, 5_000, 100);
    console.info(`${result.states} states: ${result.violation}`);
    expect(result.violation ?? "nothing").toContain(violation);
  },
  120_000,
);
