// What may happen to a service, each with something that would keep it down after that is over.

import type { RetryPolicy } from "../../../core/config/retry.ts";
import { RETRIES } from "../../../core/config/retry.ts";
import type { Goal, Row, Scenario } from "../simulation.ts";
import type { Mechanisms } from "./isolate.ts";
import { type Felt, run, type Setting, type Stage } from "./metastable.ts";

interface Trigger {
  readonly name: string;
  readonly about: string;
  readonly sticks?: boolean; // without budget and cancellation it is still felt when it is long over
  readonly setting: Setting;
}

/** The defaults, for upstreams whose time-outs are repeated, too: an attempt may take 1 s. */
const EAGER: RetryPolicy = { ...RETRIES, perAttemptMs: 1_000, codes: new Set(["unavailable", "deadline_exceeded"]) };

const USUAL = { load: 0.75, lastsMs: 15_000, deadlineMs: 5_000, retries: EAGER, runsMs: 15_000 } as const;
/** Callers that wait for a second, and ask once more. */
const IMPATIENT = { load: 0.55, deadlineMs: 1_000, callers: { retries: 1, afterMs: 1_000 } } as const;

const all =
  (change: (server: Stage["servers"][number]) => void) =>
  ({ servers }: Stage): void =>
    servers.forEach(change);
const zone =
  (which: number, change: (server: Stage["servers"][number]) => void) =>
  ({ servers }: Stage): void =>
    servers.filter(({ setting }) => setting.zone === which).forEach(change);
const well = all((server) => {
  server.fault = "none";
  server.errorShare = 0;
  server.dependencyMs = 0;
  server.speed = 1;
});

/** Empties caches: a call then takes so many times its work, until there were so many answers. */
const emptied = (coldWork: number, fillsIn: number) =>
  all((server) => {
    server.cold = 1;
    server.coldWork = coldWork;
    server.fillsIn = fillsIn;
  });

function every(stage: Stage, ms: number, times: number, act: () => void): void {
  for (let time = 0; time < times; time++) stage.world.after(time * ms, act);
}

const TRIGGERS: readonly Trigger[] = [
  {
    name: "capacity-drop",
    sticks: true,
    about: "all servers at 40 % of their speed for 15 s; time-outs are repeated",
    setting: { ...USUAL, begin: all((server) => (server.speed = 0.4)), end: well },
  },
  {
    name: "capacity-drop-callers",
    sticks: true,
    about: "all servers at 40 % for 15 s; callers wait 1 s and ask once more",
    setting: { ...USUAL, ...IMPATIENT, begin: all((server) => (server.speed = 0.4)), end: well },
  },
  {
    name: "capacity-drop-hedged",
    sticks: true,
    about: "all servers at 50 % for 15 s; reads are hedged",
    setting: { ...USUAL, hedging: { percent: 2, quantile: 0.95, minMs: 5 }, begin: all((server) => (server.speed = 0.5)), end: well },
  },
  {
    name: "load-spike",
    sticks: true,
    about: "2.5 times the calls for 10 s; time-outs are repeated",
    setting: { ...USUAL, lastsMs: 10_000, begin: (stage) => (stage.crowd = 2.5) },
  },
  {
    name: "flash-crowd",
    sticks: true,
    about: "4 times the calls for 10 s; callers wait 1 s and ask once more",
    setting: { ...USUAL, ...IMPATIENT, lastsMs: 10_000, begin: (stage) => (stage.crowd = 4) },
  },
  {
    name: "slow-dependency-queue",
    sticks: true,
    about: "what 24 workers a server wait for takes 800 ms for 15 s; calls queue",
    setting: { ...USUAL, slots: 24, deadlineMs: 2_000, begin: all((server) => (server.dependencyMs = 800)), end: well },
  },
  {
    name: "slow-dependency-retries",
    sticks: true,
    about: "a dependency takes 1.2 s for 15 s; attempts of 1 s are repeated",
    setting: { ...USUAL, begin: all((server) => (server.dependencyMs = 1_200)), end: well },
  },
  {
    name: "error-burst",
    sticks: true,
    about: "half of all answers are errors for 15 s, after the work was done; they are repeated",
    setting: { ...USUAL, begin: all((server) => (server.errorShare = 0.5)), end: well },
  },
  {
    name: "cold-caches",
    sticks: true,
    about: "all caches are emptied: a call takes 4 times its work until a server has given some eighty answers",
    setting: { ...USUAL, load: 0.6, lastsMs: 6_000, begin: emptied(4, 80) },
  },
  {
    name: "cold-caches-callers",
    sticks: true,
    about: "the same, where callers wait 1 s and ask once more",
    setting: { ...USUAL, ...IMPATIENT, lastsMs: 6_000, begin: emptied(4, 80) },
  },
  {
    name: "zone-hangs",
    about: "one of three zones answers nothing for 15 s, at 55 % load; calls have 1 s",
    setting: { ...USUAL, load: 0.55, deadlineMs: 1_000, retries: RETRIES, begin: zone(0, (server) => (server.fault = "hangs")), end: well },
  },
  {
    name: "zone-refuses",
    about: "one of three zones refuses all calls for 15 s, at 55 % load",
    setting: { ...USUAL, load: 0.55, begin: zone(0, (server) => (server.fault = "refuses")), end: well },
  },
  {
    name: "zone-at-full-load",
    sticks: true,
    about: "one of three zones refuses all calls for 15 s, at 75 % load: the others have too much to do",
    setting: { ...USUAL, begin: zone(0, (server) => (server.fault = "refuses")), end: well },
  },
  {
    name: "thundering-recovery",
    sticks: true,
    about: "all servers refuse for 15 s; callers ask five times more, every 2 s, and come back together",
    setting: {
      ...USUAL,
      load: 0.3,
      deadlineMs: 1_000,
      callers: { retries: 5, afterMs: 2_000 },
      begin: all((server) => (server.fault = "refuses")),
      end: well,
    },
  },
  {
    name: "short-hang",
    sticks: true,
    about: "all servers hang for 4 s; time-outs are repeated",
    setting: { ...USUAL, lastsMs: 4_000, begin: all((server) => (server.fault = "hangs")), end: well },
  },
  {
    name: "object-restarts",
    about: "the breakers' object restarts every second for 15 s while a zone hangs, at 55 % load; calls have 1 s",
    setting: {
      ...USUAL,
      load: 0.55,
      deadlineMs: 1_000,
      retries: RETRIES,
      begin: (stage) => {
        zone(1, (server) => (server.fault = "hangs"))(stage);
        every(stage, 1_000, 15, () => stage.object.restart());
      },
      end: well,
    },
  },
  {
    name: "object-unreachable",
    about: "the breakers' object can't be reached for 15 s while a zone hangs, at 55 % load; calls have 1 s",
    setting: {
      ...USUAL,
      load: 0.55,
      deadlineMs: 1_000,
      retries: RETRIES,
      begin: (stage) => {
        zone(1, (server) => (server.fault = "hangs"))(stage);
        stage.object.isUp = false;
      },
      end: (stage) => {
        well(stage);
        stage.object.isUp = true;
      },
    },
  },
];

const ALL: Mechanisms = { budget: true, stops: true, breaker: "shared", isChainStopped: true };
const VARIANTS: Readonly<Record<string, Mechanisms>> = {
  all: ALL,
  "local breakers": { ...ALL, breaker: "local" },
  "no breakers": { ...ALL, breaker: "off" },
  "no budget": { ...ALL, budget: false },
  "no cancellation": { ...ALL, stops: false },
  nothing: { budget: false, stops: false, breaker: "off", isChainStopped: false },
};

export const scenarios: readonly Scenario[] = TRIGGERS.map(({ name, about, sticks, setting }) => ({
  name,
  about,
  run: (seed) => Object.entries(VARIANTS).map(([variant, mechanisms]) => row(variant, run(setting, mechanisms, seed), sticks === true)),
}));

function row(variant: string, { before, during, after, recoverMs, amplification, goodput }: Felt, sticks: boolean): Row {
  const figures = {
    "before %": before * 100,
    "during %": during * 100,
    "after %": after * 100,
    ...(recoverMs === Number.POSITIVE_INFINITY ? {} : { "recovers s": recoverMs / 1_000 }),
    "attempts/call": amplification,
  };
  const goals: Goal[] = [];
  if (variant === "all") {
    goals.push({ name: "goodput from 2 s after the end of the trigger, %", measured: after * 100, atLeast: 99 });
    goals.push({ name: "seconds to 99 %", measured: recoverMs / 1_000, atMost: 2 });
  }
  if (variant === "nothing" && sticks) goals.push({ name: "goodput that is left, %", measured: after * 100, atMost: 33 });
  return { variant, figures, goals, series: goodput };
}
