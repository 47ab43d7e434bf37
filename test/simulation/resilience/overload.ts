// More calls than can be served: an adaptive limit compared with the best fixed one, and a fleet that sheds less critical calls first.
import { GradientLimit } from "../../../core/overload/gradient.ts";
import type { Goal, Row, Scenario } from "../simulation.ts";
import { gradient2 } from "./gradient2.ts";
import { type InFlightLimit, runTrace, type Trace, type TraceOutcome } from "./limit-traces.ts";
import { type Outcome, run, type Setting, type Variant } from "./overloaded-fleet.ts";

const SEEDS = [0, 1, 2];
const OURS = "all of it";
const VARIANTS: Readonly<Record<string, Variant>> = {
  oracle: { oracle: true },
  "nothing, redirects": { redirects: "freely" },
  "redirect budget": { redirects: "within_budget" },
  "+ hosts admit": { redirects: "within_budget", admits: true },
  "+ edge honors levels": { redirects: "within_budget", admits: true, honorsLevels: true },
  [OURS]: { redirects: "within_budget", admits: true, honorsLevels: true, throttles: true },
};
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one / values.length, 0);

/** Every variant gets the same calls; goals are compared with the mean of three seeds. */
function fleet(setting: Setting, seed: number, goals: (ours: Outcome, oracle: Outcome) => readonly Goal[]): Row[] {
  const outcomes = Object.entries(VARIANTS).map(([variant, what]) => {
    const runs = SEEDS.map((more) => run(setting, what, seed + more));
    const over = (figure: "p50" | "p99" | "errors" | "messages"): number => mean(runs.map((one) => one[figure]));
    const served = setting.ranks.map((_, rank) => mean(runs.map((one) => one.served[rank]!)));
    return { variant, outcome: { p50: over("p50"), p99: over("p99"), errors: over("errors"), messages: over("messages"), served } };
  });
  const oracle = outcomes[0]!.outcome;
  const names = ["sheddable", "sheddable_plus", "critical", "critical_plus"];
  return outcomes.map(({ variant, outcome }) => {
    const served = names
      .map((name, rank) => [`${name} %`, 100 * outcome.served[rank]!] as const)
      .filter((_, rank) => setting.ranks[rank]! > 0);
    const { p50, p99, errors, messages } = outcome;
    const figures = { "p50 ms": p50, "p99 ms": p99, "errors %": 100 * errors, "messages/call": messages, ...Object.fromEntries(served) };
    return { variant, figures, ...(variant === OURS ? { goals: goals(outcome, oracle) } : {}) };
  });
}

const FIXED = [4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, Number.POSITIVE_INFINITY];
const always = (value: number) => (): number => value;
const between =
  (from: number, to: number, inside: number, outside: number) =>
  (at: number): number =>
    at >= from && at < to ? inside : outside;
const TRACES: Readonly<Record<string, { readonly about: string; readonly trace: Trace }>> = {
  "limit-step": {
    about: "50 % load, 200 % for a third of the time",
    trace: { load: between(0.33, 0.67, 2, 0.5), speed: always(1), delayMs: always(20) },
  },
  "limit-ramp": {
    about: "load from 20 to 250 %",
    trace: { load: (at) => 0.2 + 2.3 * at, speed: always(1), delayMs: always(20) },
  },
  "limit-slow-upstream": {
    about: "80 % load, and every call waits 300 ms instead of 20 for a third of the time: the limit has to grow",
    trace: { load: always(0.8), speed: always(1), delayMs: between(0.33, 0.67, 300, 20) },
  },
  "limit-slow-cores": {
    about: "80 % load, and the cores at 40 % of their speed for a third of the time: the limit has to shrink",
    trace: { load: always(0.8), speed: between(0.33, 0.67, 0.4, 1), delayMs: always(20) },
  },
  "limit-always-full": {
    about: "150 % load all the time: latency without queueing is never measured without a probe",
    trace: { load: always(1.5), speed: always(1), delayMs: always(20) },
  },
};

function limits(trace: Trace, seed: number): Row[] {
  const over = (make: () => InFlightLimit): TraceOutcome => {
    const runs = SEEDS.map((more) => runTrace(trace, make(), seed + more));
    const figure = (name: keyof TraceOutcome): number => mean(runs.map((one) => one[name]));
    return { goodput: figure("goodput"), p99: figure("p99"), refused: figure("refused"), late: figure("late") };
  };
  const fixed = FIXED.map((limit) => [`fixed, ${limit}`, over(() => ({ limit, sample: () => undefined }))] as const);
  const best = fixed.reduce((one, other) => (other[1].goodput > one[1].goodput ? other : one));
  const rows: readonly (readonly [string, TraceOutcome])[] = [
    [`best ${best[0]}`, best[1]],
    ["no limit", fixed.at(-1)![1]],
    ["adaptive", over(() => new GradientLimit({ floor: 4, ceiling: 10_000 }))],
    ["Gradient2, 20 to 200", over(() => gradient2(20, 200))],
    ["Gradient2, as wide as ours", over(() => gradient2(4, 10_000))],
  ];
  return rows.map(([variant, { goodput, p99, refused, late }]) => {
    const share = goodput / best[1].goodput;
    const figures = { "goodput/s": goodput, "of the best": share, "p99 ms": p99, "refused %": 100 * refused, "late %": 100 * late };
    const goal = { name: "goodput over that of the best fixed limit", measured: share, atLeast: 0.9 };
    return { variant, figures, ...(variant === "adaptive" ? { goals: [goal] } : {}) };
  });
}

export const scenarios: readonly Scenario[] = [
  {
    name: "overload-105",
    about: "64 isolates, 20 hosts, 105 % load, all calls critical",
    run: (seed) =>
      fleet({ isolates: 64, load: 1.05, seconds: 20, ranks: [0, 0, 1, 0] }, seed, (ours, oracle) => [
        { name: "errors beyond the oracle's, points", measured: 100 * (ours.errors - oracle.errors), atMost: 0.1 },
        { name: "messages for each call", measured: ours.messages, atMost: 1.25 },
      ]),
  },
  {
    name: "overload-150-critical",
    about: "64 isolates, 20 hosts, 150 % load, all calls critical: none can be shed first",
    run: (seed) =>
      fleet({ isolates: 64, load: 1.5, seconds: 20, ranks: [0, 0, 1, 0] }, seed, (ours, oracle) => [
        { name: "errors beyond the oracle's, points", measured: 100 * (ours.errors - oracle.errors), atMost: 0.1 },
        { name: "messages for each call", measured: ours.messages, atMost: 1.25 },
      ]),
  },
  {
    name: "overload-150",
    about: "64 isolates, 20 hosts, 150 % load, 40 % of the calls critical or critical_plus",
    run: (seed) =>
      fleet({ isolates: 64, load: 1.5, seconds: 20, ranks: [0.5, 0.1, 0.35, 0.05] }, seed, (ours, oracle) => [
        { name: "critical calls served, %", measured: (100 * (0.35 * ours.served[2]! + 0.05 * ours.served[3]!)) / 0.4, atLeast: 99.9 },
        { name: "errors beyond the oracle's, points", measured: 100 * (ours.errors - oracle.errors), atMost: 0.1 },
        { name: "messages for each call", measured: ours.messages, atMost: 1.1 },
      ]),
  },
  {
    name: "overload-300",
    about: "64 isolates, 20 hosts, 300 % load, 20 % of the calls critical or critical_plus",
    run: (seed) =>
      fleet({ isolates: 64, load: 3, seconds: 20, ranks: [0.5, 0.3, 0.15, 0.05] }, seed, (ours) => [
        { name: "critical calls served, %", measured: (100 * (0.15 * ours.served[2]! + 0.05 * ours.served[3]!)) / 0.2, atLeast: 99 },
        { name: "messages for each call", measured: ours.messages, atMost: 1 },
      ]),
  },
  {
    name: "no-overload-90",
    about: "64 isolates, 20 hosts, 90 % load: almost nothing has to be shed",
    run: (seed) =>
      fleet({ isolates: 64, load: 0.9, seconds: 20, ranks: [0.3, 0.2, 0.4, 0.1] }, seed, (ours, oracle) => [
        { name: "critical calls served, %", measured: (100 * (0.4 * ours.served[2]! + 0.1 * ours.served[3]!)) / 0.5, atLeast: 99.9 },
        { name: "errors beyond the oracle's, points", measured: 100 * (ours.errors - oracle.errors), atMost: 0.5 },
      ]),
  },
  ...Object.entries(TRACES).map(([name, { about, trace }]): Scenario => ({ name, about, run: (seed) => limits(trace, seed) })),
];
