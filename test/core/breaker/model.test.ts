// The protocol of the distributed breaker, looked at whole: every order of calls, reports, answers, losses, doubles and one crash, over the
// real core, for two isolates and a few ticks; and six ways to get it wrong, each of which has to be found.
import { expect, it } from "vitest";
import { type Admitted, LocalBreaker, type Memory } from "../../../core/breaker/local-breaker.ts";
import {
  type BreakerView,
  CLOSED,
  type IsolateReport,
  receiveReport,
  restore,
  type SharedBreaker,
  type StoredBreaker,
  viewAt,
} from "../../../core/breaker/shared-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";

const TICK_MS = 2_500; // a probe is void after two, the endpoint stays open for one at first
const GIVES_UP_MS = 2 * TICK_MS; // on a report whose answer does not come: one is under way at a time
const POLICY = { ...BREAKER, consecutive: 1, openMs: TICK_MS, quorum: 2, probes: 1 };
const NAMES = ["a", "b"] as const;

type Message = { readonly of: number; readonly isDouble: boolean } & (
  | { readonly kind: "report"; readonly sentAt: number; readonly report: IsolateReport }
  | { readonly kind: "view"; readonly sentAt: number; readonly view: BreakerView; readonly openUntil: number }
);

interface Isolate {
  readonly memory: Memory;
  readonly probe: Admitted | undefined; // under way
  readonly failed: boolean; // a call of its own, ever
}

interface State {
  readonly now: number;
  readonly object: SharedBreaker;
  readonly told: number; // highest version that anybody was told
  readonly crashes: number; // that may still come
  readonly isolates: readonly Isolate[];
  readonly net: readonly Message[];
}

/** What a careless implementation would do otherwise. */
interface Variant {
  readonly restart?: (stored: StoredBreaker, now: number) => SharedBreaker;
  readonly leaseFrom?: (sentAt: number, now: number) => number;
  readonly endsProbes?: boolean;
  readonly read?: (report: IsolateReport, object: SharedBreaker) => IsolateReport;
}

interface Found {
  readonly states: number;
  readonly violation: string | undefined;
}

const copy = (memory: Memory): Memory => ({ ...memory, window: { cells: memory.window.cells.slice(), slice: memory.window.slice } });
const first: State = {
  now: 0,
  object: CLOSED,
  told: 1,
  crashes: 1,
  isolates: NAMES.map(() => ({ memory: new LocalBreaker(POLICY).memory, probe: undefined, failed: false })),
  net: [],
};

/** Every state that can follow. @throws Violation */
function next(state: State, variant: Variant, ticks: number): State[] {
  const { now, net, isolates, object } = state;
  const followers: State[] = [];
  const change = (index: number, act: (breaker: LocalBreaker) => Partial<Isolate> & { sends?: Message }): void => {
    const memory = copy(isolates[index]!.memory);
    const { sends, ...changed } = act(new LocalBreaker(POLICY, memory));
    const all = isolates.map((one, at) => (at === index ? { ...one, memory, ...changed } : one));
    followers.push({ ...state, isolates: all, net: sends === undefined ? net : [...net, sends] });
  };
  for (const [index, { memory, probe }] of isolates.entries()) {
    if (probe !== undefined) {
      for (const outcome of ["succeeded", "failed"] as const)
        change(index, (breaker) => {
          breaker.record(probe, outcome, 1, now, 0);
          return { probe: undefined };
        });
    }
    const admission = new LocalBreaker(POLICY, copy(memory)).admit(now, 0);
    if (admission.kind === "admitted" && (admission.probe === undefined || probe === undefined))
      change(index, (breaker) => {
        const admitted = breaker.admit(now, 0) as Admitted;
        if (admitted.probe !== undefined) return { probe: admitted };
        breaker.record(admitted, "failed", 1, now, 0);
        return { failed: true };
      });
    const isAsking = net.some(({ of, sentAt, isDouble }) => of === index && !isDouble && now - sentAt < GIVES_UP_MS);
    if (net.length < 2 && !isAsking)
      change(index, (breaker) => {
        const seen = breaker.takeReport(now);
        if (seen === undefined) return {};
        const report = { isolate: NAMES[index]!, location: `at ${NAMES[index]}`, ...seen };
        return { sends: { kind: "report", isDouble: false, of: index, sentAt: now, report } };
      });
  }
  for (const [place, message] of net.entries()) {
    const without = net.filter((_, at) => at !== place);
    followers.push({ ...state, net: without }); // lost
    followers.push(arrived({ ...state, net: without }, message, variant));
    if (message.kind === "view" || message.isDouble) continue; // the platform may run a call twice; it answers once
    followers.push(arrived({ ...state, net: net.with(place, { ...message, isDouble: true }) }, message, variant));
  }
  if (state.crashes > 0) {
    const { version, kind, until, opens, forced, nextToken } = object;
    const after = (variant.restart ?? restore)({ version, kind, until, opens, forced, nextToken }, now);
    followers.push({ ...state, object: after, crashes: state.crashes - 1 });
  }
  if (now < ticks * TICK_MS) followers.push(ticked(state, variant));
  for (const one of followers) hold(one);
  return followers;
}

function ticked(state: State, { endsProbes = true }: Variant): State {
  const now = state.now + TICK_MS;
  const ends = ({ probe }: Isolate): boolean => endsProbes && probe?.probe !== undefined && probe.probe.endsAt <= now;
  const ended = (one: Isolate): Isolate => {
    if (!ends(one)) return one;
    const memory = copy(one.memory);
    new LocalBreaker(POLICY, memory).discard(one.probe!);
    return { ...one, memory, probe: undefined };
  };
  return { ...state, now, isolates: state.isolates.map(ended) };
}

function arrived(state: State, message: Message, { leaseFrom = (sentAt) => sentAt, read = (report) => report }: Variant): State {
  const { now, object, isolates } = state;
  if (message.kind === "view") {
    const { of, view, sentAt, openUntil } = message;
    const memory = copy(isolates[of]!.memory);
    const known = memory.view?.version ?? 0;
    const wasFresh = now < memory.viewUntil;
    new LocalBreaker(POLICY, memory).applyView(view, leaseFrom(sentAt, now));
    if (wasFresh && memory.view!.version < known) throw new Violation("an isolate goes back to an older view");
    if (view.kind === "open" && memory.view === view && memory.viewUntil > openUntil)
      throw new Violation("an isolate holds an endpoint for open longer than the object does");
    return { ...state, isolates: isolates.map((one, at) => (at === of ? { ...one, memory } : one)) };
  }
  const [after, view] = receiveReport(object, read(message.report, object), POLICY, now);
  const isTrip = after.kind === "open" && object.kind !== "open" && object.kind !== "half";
  if (isTrip && isolates.filter(({ failed }) => failed).length < 2) throw new Violation("opened on the word of one isolate");
  if (view.version < state.told) throw new Violation("the object goes back to an older version");
  const { of, sentAt } = message;
  const answer: Message = { kind: "view", isDouble: false, of, sentAt, view, openUntil: after.until };
  return { ...state, object: after, told: view.version, net: [...state.net, answer] };
}

class Violation extends Error {}

/** Probes that may be made, or are under way, world-wide. */
function hold({ now, isolates }: State): void {
  let probes = 0;
  for (const { memory, probe } of isolates) {
    if (memory.token !== undefined && now < memory.token.until) probes += 1;
    if (probe?.probe !== undefined && probe.probe.id !== 0) probes += 1;
  }
  if (probes > POLICY.probes) throw new Violation(`${probes} probes at once`);
}

/** With a healthy upstream and a network that delivers, all isolates serve again. @returns after how many ticks */
function ticksToServe(from: State): number {
  let state: State = { ...from, net: [], crashes: 0 };
  for (let tick = 0; tick < 40; tick++) {
    for (const index of NAMES.keys()) state = served(state, index);
    const isServed = state.isolates.every(({ memory }) => !new LocalBreaker(POLICY, memory).refuses(state.now, 0));
    if (isServed && (state.object.kind === "closed" || state.object.kind === "ramp")) return tick;
    state = ticked(state, {});
  }
  return Number.POSITIVE_INFINITY;
}

/** One turn of an isolate: it asks, hears, calls, and tells what came of it. */
function served(state: State, index: number): State {
  const { now } = state;
  const memory = copy(state.isolates[index]!.memory);
  const breaker = new LocalBreaker(POLICY, memory);
  let { object } = state;
  const { probe } = state.isolates[index]!;
  if (probe !== undefined) breaker.record(probe, "succeeded", 1, now, 0);
  for (let round = 0; round < 2; round++) {
    const seen = breaker.takeReport(now);
    if (seen !== undefined) {
      const [after, view] = receiveReport(object, { isolate: NAMES[index]!, location: `at ${NAMES[index]}`, ...seen }, POLICY, now);
      object = after;
      breaker.applyView(view, now);
    }
    const admission = breaker.admit(now, 0);
    if (admission.kind === "admitted") breaker.record(admission, "succeeded", 1, now, 0);
  }
  return { ...state, object, isolates: state.isolates.map((one, at) => (at === index ? { ...one, memory, probe: undefined } : one)) };
}

/** Goes through every state within the bounds, or until something is violated. */
function explore(from: State, ticks: number, look: (state: State, nth: number) => void): Found {
  const seen = new Set<number>([fingerprint(from)]);
  let edge: State[] = [from];
  try {
    while (edge.length > 0) {
      const further: State[] = [];
      for (const state of edge) {
        look(state, seen.size);
        for (const one of next(state, {}, from.now / TICK_MS + ticks)) {
          const print = fingerprint(one);
          if (seen.has(print)) continue;
          seen.add(print);
          further.push(one);
        }
      }
      edge = further;
    }
    return { states: seen.size, violation: undefined };
  } catch (error) {
    if (error instanceof Violation) return { states: seen.size, violation: error.message };
    throw error;
  }
}

/** Walks through states at random, as far as the clock goes, until something is violated. */
function wander(variant: Variant, seed: number, walks: number, steps: number): Found {
  const roll = randomStream(seed);
  let states = 0;
  try {
    for (let walk = 0; walk < walks; walk++) {
      let state: State = { ...first, crashes: 10 };
      for (let step = 0; step < steps; step++, states++) {
        const followers = next(state, variant, Number.POSITIVE_INFINITY);
        state = followers[Math.floor(roll() * followers.length)]!;
      }
    }
    return { states, violation: undefined };
  } catch (error) {
    if (error instanceof Violation) return { states, violation: error.message };
    throw error;
  }
}

/**
 * 53 bits of all that makes a difference later: of a few hundred thousand states two share one with a chance of 1 in 10^5. Generations
 * do not (a call ends at once here, or is a probe); of sequences only which is the later one does.
 */
function fingerprint({ now, object, told: highest, crashes, isolates, net }: State): number {
  const { evidence, tokens, ...plain } = object;
  const reports = net.flatMap((message) => (message.kind === "report" ? [message.report] : []));
  const told = new Map(NAMES.map((name) => [name as string, [evidence.get(name)?.sequence ?? 0]]));
  for (const { isolate, sequence } of reports) told.get(isolate)!.push(sequence);
  const rank = (name: string, sequence: number): number => (told.get(name) ?? []).filter((one) => one > sequence).length;
  const heardOf = [...evidence].map(([name, one]) => ({ name, ...one, sequence: rank(name, one.sequence) }));
  const known = isolates.map(({ memory: { window, admitted, sequence, ...rest }, probe, failed }) => [rest, probe?.probe, failed]);
  const under = net.map((message) => {
    if (message.kind === "view") return JSON.stringify(message);
    const { report } = message;
    return JSON.stringify({ ...message, report: { ...report, sequence: rank(report.isolate, report.sequence) } });
  });
  const parts = [now, plain, heardOf.sort((a, b) => (a.name < b.name ? -1 : 1)), [...tokens], highest, crashes, known, under.sort()];
  const text = JSON.stringify(parts);
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  return (high & 0x1fffff) * 4_294_967_296 + (low >>> 0);
}

/** Both have seen it fail, and know that it is open; its time is over. */
function halfOpen(): State {
  let state = first;
  for (const [index, name] of NAMES.entries()) {
    const memory = copy(first.isolates[index]!.memory);
    const breaker = new LocalBreaker(POLICY, memory);
    breaker.record(breaker.admit(0, 0) as Admitted, "failed", 1, 0, 0);
    const [object] = receiveReport(state.object, { isolate: name, location: name, ...breaker.takeReport(0)! }, POLICY, 0);
    state = { ...state, object, isolates: state.isolates.with(index, { memory, probe: undefined, failed: true }) };
  }
  for (const { memory } of state.isolates) new LocalBreaker(POLICY, memory).applyView(viewAt(state.object, 0)[1], 0);
  return ticked({ ...state, told: state.object.version }, {});
}

const TICKS = Number(process.env["MODEL_TICKS"] ?? 0); // more than stand below: minutes, and gigabytes

it.each([
  ["closed", first, 0],
  ["half open", halfOpen(), 0],
] as const)(
  "lets one probe through at a time, goes back to no older word, opens on no single word, and never sticks, from %s on",
  (_, from, ticks) => {
    let [looked, worst] = [0, 0];
    const found = explore(from, ticks + TICKS, (state, nth) => {
      if (nth % 50 !== 0) return;
      looked += 1;
      worst = Math.max(worst, ticksToServe(state));
    });
    console.info(`${found.states} states; all served again after at most ${worst} ticks from ${looked} of them`);
    expect(found.violation).toBeUndefined();
    expect(found.states).toBeGreaterThan(10_000);
    expect(worst).toBeLessThan(20);
  },
  600_000,
);

it("keeps to that in long walks, too", () => {
  const found = wander({}, 1, 1_000, 100);
  expect(found).toEqual({ states: 100_000, violation: undefined });
});

const token = (object: SharedBreaker): number => [...object.tokens.keys()][0] ?? 0;
const WRONG: readonly (readonly [string, Variant, string])[] = [
  ["an object that stores nothing", { restart: () => CLOSED }, "older version"],
  [
    "reports that count by themselves",
    { read: (report) => ({ ...report, isolate: `${report.isolate}${report.sequence}`, location: `${report.sequence}` }) },
    "one isolate",
  ],
  ["leases counted from the receipt", { leaseFrom: (_, now) => now }, "longer than the object"],
  ["no grace after a restart", { restart: (stored) => ({ ...CLOSED, ...stored, version: stored.version + 1 }) }, "2 probes"],
  ["probes that are not ended", { endsProbes: false }, "2 probes"],
  [
    "any word of a probe taken",
    {
      read: (report, object) =>
        report.probe === undefined ? report : { ...report, probe: { ...report.probe, version: object.version, id: token(object) } },
    },
    "2 probes",
  ],
];

it.each(WRONG)(
  "finds %s",
  (_, variant, violation) => {
    const found = wander(variant, 1, 5_000, 100);
    console.info(`${found.states} states: ${found.violation}`);
    expect(found.violation ?? "nothing").toContain(violation);
  },
  120_000,
);
