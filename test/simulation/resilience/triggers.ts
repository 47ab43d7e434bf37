// Triggers of overload, each with something that could keep the service down after the trigger is over.

import type { RetryPolicy } from "../../../core/config/retry.ts";
import { RETRIES } from "../../../core/config/retry.ts";
import type { Goal, Row, Scenario } from "../simulation.ts";
import type { Mechanisms } from "./isolate.ts";
import { type Effect, run, type Setting, type Stage } from "./metastable.ts";

interface Trigger {
  readonly name: string;
  readonly about: string;
  readonly persists?: boolean; // without budget and cancellation, the effect outlasts the trigger
  readonly setting: Setting;
}

/** The default retries, and retries after time-outs: an attempt may take 1 s. */
const EAGER: RetryPolicy = { ...RETRIES, perAttemptMs: 1_000, codes: new Set(["unavailable", "deadline_exceeded"]) };

const USUAL = { load: 0.75, lastsMs: 15_000, deadlineMs: 5_000, retries: EAGER, runsMs: 15_000 } as const;
/** Callers that wait for a second and retry once. */
const IMPATIENT = { load: 0.55, deadlineMs: 1_000, callers: { retries: 1, afterMs: 1_000 } } as const;

const all =
  (change: (server: Stage["servers"][number]) => void) =>
  ({ servers }: Stage): void =>
    servers.forEach(change);
const zone =
  (which: number, change: (server: Stage["servers"][number]) => void) =>
  ({ servers }: Stage): void =>
    servers.filter(({ setting }) => setting.zone === which).forEach(change);
const recover = all((server) => {
  server.fault = "none";
  server.errorShare = 0;
  server.dependencyMs = 0;
  server.speed = 1;
});

/** Empties caches: a call takes `coldWork` times its work, until about `fillsIn` responses have filled the cache. */
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
    persists: true,
    about: "all servers at 40 % of their speed for 15 s; time-outs are retried",
    setting: { ...USUAL, begin: all((server) => (server.speed = 0.4)), end: recover },
  },
  {
    name: "capacity-drop-callers",
    persists: true,
    about: "all servers at 40 % for 15 s; callers wait 1 s and retry once",
    setting: { ...USUAL, ...IMPATIENT, begin: all((server) => (server.speed = 0.4)), end: recover },
  },
  {
    name: "capacity-drop-hedged",
    persists: true,
    about: "all servers at 50 % for 15 s; reads are hedged",
    setting: { ...USUAL, hedging: { percent: 2, quantile: 0.95, minMs: 5 }, begin: all((server) => (server.speed = 0.5)), end: recover },
  },
  {
    name: "load-spike",
    persists: true,
    about: "2.5 times the calls for 10 s; time-outs are retried",
    setting: { ...USUAL, lastsMs: 10_000, begin: (stage) => (stage.trafficFactor = 2.5) },
  },
  {
    name: "flash-crowd",
    persists: true,
    about: "4 times the calls for 10 s; callers wait 1 s and retry once",
    setting: { ...USUAL, ...IMPATIENT, lastsMs: 10_000, begin: (stage) => (stage.trafficFactor = 4) },
  },
  {
    name: "slow-dependency-queue",
    persists: true,
    about: "the dependency of 24 workers per server takes 800 ms for 15 s; calls queue",
    setting: { ...USUAL, workers: 24, deadlineMs: 2_000, begin: all((server) => (server.dependencyMs = 800)), end: recover },
  },
  {
    name: "slow-dependency-retries",
    persists: true,
    about: "a dependency takes 1.2 s for 15 s; attempts of 1 s are retried",
    setting: { ...USUAL, begin: all((server) => (server.dependencyMs = 1_200)), end: recover },
  },
  {
    name: "error-burst",
    persists: true,
    about: "half of all responses are errors for 15 s, after the work was done; they are retried",
    setting: { ...USUAL, begin: all((server) => (server.errorShare = 0.5)), end: recover },
  },
  {
    name: "cold-caches",
    persists: true,
    about: "all caches are emptied: a call takes 4 times its work until a server has sent about eighty responses",
    setting: { ...USUAL, load: 0.6, lastsMs: 6_000, begin: emptied(4, 80) },
  },
  {
    name: "cold-caches-callers",
    persists: true,
    about: "the same, where callers wait 1 s and retry once",
    setting: { ...USUAL, ...IMPATIENT, lastsMs: 6_000, begin: emptied(4, 80) },
  },
  {
    name: "zone-hangs",
    about: "one of three zones does not respond for 15 s, at 55 % load; calls have a deadline of 1 s",
    setting: {
      ...USUAL,
      load: 0.55,
      deadlineMs: 1_000,
      retries: RETRIES,
      begin: zone(0, (server) => (server.fault = "hangs")),
      end: recover,
    },
  },
  {
    name: "zone-refuses",
    about: "one of three zones refuses all calls for 15 s, at 55 % load",
    setting: { ...USUAL, load: 0.55, begin: zone(0, (server) => (server.fault = "refuses")), end: recover },
  },
  {
    name: "zone-at-full-load",
    persists: true,
    about: "one of three zones refuses all calls for 15 s, at 75 % load: the others are overloaded",
    setting: { ...USUAL, begin: zone(0, (server) => (server.fault = "refuses")), end: recover },
  },
  {
    name: "thundering-recovery",
    persists: true,
    about: "all servers refuse for 15 s; callers retry five times, every 2 s, and come back together",
    setting: {
      ...USUAL,
      load: 0.3,
      deadlineMs: 1_000,
      callers: { retries: 5, afterMs: 2_000 },
      begin: all((server) => (server.fault = "refuses")),
      end: recover,
    },
  },
  {
    name: "short-hang",
    persists: true,
    about: "all servers hang for 4 s; time-outs are retried",
    setting: { ...USUAL, lastsMs: 4_000, begin: all((server) => (server.fault = "hangs")), end: recover },
  },
  {
    name: "object-restarts",
    about:
      "the Durable Object of the breakers restarts every second for 15 s while a zone hangs, at 55 % load; calls have a deadline of 1 s",
    setting: {
      ...USUAL,
      load: 0.55,
      deadlineMs: 1_000,
      retries: RETRIES,
      begin: (stage) => {
        zone(1, (server) => (server.fault = "hangs"))(stage);
        every(stage, 1_000, 15, () => stage.durableObject.restart());
      },
      end: recover,
    },
  },
  {
    name: "object-unreachable",
    about: "the Durable Object of the breakers cannot be reached for 15 s while a zone hangs, at 55 % load; calls have a deadline of 1 s",
    setting: {
      ...USUAL,
      load: 0.55,
      deadlineMs: 1_000,
      retries: RETRIES,
      begin: (stage) => {
        zone(1, (server) => (server.fault = "hangs"))(stage);
        stage.durableObject.isUp = false;
      },
      end: (stage) => {
        recover(stage);
        stage.durableObject.isUp = true;
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

export const scenarios: readonly Scenario[] = TRIGGERS.map(({ name, about, persists: sticks, setting }) => ({
  name,
  about,
  run: (seed) => Object.entries(VARIANTS).map(([variant, mechanisms]) => row(variant, run(setting, mechanisms, seed), sticks === true)),
}));

function row(variant: string, { before, during, after, recoverMs, amplification, goodput }: Effect, sticks: boolean): Row {
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
