// A service under a trigger, and how long the effect on its callers outlasts the trigger.
import { BREAKER } from "../../../core/config/breaker.ts";
import type { HedgePolicy, RetryPolicy } from "../../../core/config/retry.ts";
import { randomStream, World } from "../simulation.ts";
import { BreakerDurableObject } from "./breaker-durable-object.ts";
import { Isolate, type Mechanisms } from "./isolate.ts";
import { Server } from "./server.ts";

export const ZONES = 3;
const SERVERS = 9;
const CORES = 4;
const ISOLATES = 12;
export const WORK_MS = 50;
export const CAPACITY = (SERVERS * CORES * 1_000) / WORK_MS; // calls a second
export const FROM_MS = 10_000; // when the trigger begins
const RECOVERY_MS = 2_000; // time after the trigger's end, from which on no effect should remain

/** The parts of the world that a trigger changes. */
export interface Stage {
  readonly servers: readonly Server[];
  readonly durableObject: BreakerDurableObject;
  readonly world: World;
  /** Traffic as a multiple of the usual one. */
  trafficFactor: number;
}

export interface Setting {
  readonly load: number; // share of the capacity, without retries
  readonly lastsMs: number; // length of the trigger
  readonly begin: (stage: Stage) => void;
  readonly end?: (stage: Stage) => void;
  readonly deadlineMs: number;
  readonly retries: RetryPolicy;
  readonly hedging?: HedgePolicy;
  /** Callers that retry by themselves without a budget: how often, and after which pause. */
  readonly callers?: { readonly retries: number; readonly afterMs: number };
  readonly workers?: number;
  readonly runsMs: number; // time after the trigger's end
}

export interface Effect {
  readonly goodput: readonly number[]; // share of the calls, for each second, that ended in time; more calls than usual count as the usual number
  readonly before: number;
  readonly during: number;
  readonly after: number; // share from 2 s after the trigger's end
  readonly recoverMs: number; // time from the trigger's end; Infinity where it exceeds the run
  readonly amplification: number; // attempts per call
}

export function run(setting: Setting, mechanisms: Mechanisms, seed: number): Effect {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 64 + index);
  const [arrivals, works] = [stream(1), stream(2)];
  const servers = Array.from({ length: SERVERS }, (_, index) => {
    const slots = setting.workers === undefined ? {} : { slots: setting.workers };
    return new Server(world, { cores: CORES, stops: mechanisms.stops, zone: index % ZONES, ...slots }, stream(8 + index));
  });
  const durableObject = new BreakerDurableObject(world, BREAKER);
  const isolates = Array.from({ length: ISOLATES }, (_, index) => {
    const identity = { name: `isolate-${index}`, location: `place-${index % ZONES}` };
    const { retries, hedging } = setting;
    const wiring = { world, servers, durableObject, ...identity, rng: stream(32 + index), retries, meanWorkMs: WORK_MS };
    return new Isolate(hedging === undefined ? wiring : { ...wiring, hedging }, mechanisms);
  });
  const stage: Stage = { servers, durableObject, world, trafficFactor: 1 };
  const until = FROM_MS + setting.lastsMs;
  world.at(FROM_MS, () => setting.begin(stage));
  world.at(until, () => {
    setting.end?.(stage);
    stage.trafficFactor = 1;
  });

  const end = until + setting.runsMs;
  const calls = new Float64Array(Math.ceil(end / 1_000) + 1);
  const good = new Float64Array(calls.length);
  let made = 0;
  const call = (isolate: Isolate, workMs: number, left: number): void => {
    const second = Math.floor(world.now / 1_000);
    calls[second]! += 1;
    isolate.call({ workMs, receivedAt: world.now, deadlineAt: world.now + setting.deadlineMs, isChained: false }, (response) => {
      if (response === "ok") good[second]! += 1;
      else if (left > 0) world.after(setting.callers!.afterMs * (0.5 + arrivals()), () => call(isolate, workMs, left - 1));
    });
  };
  const arrive = (): void => {
    world.after(-Math.log(1 - arrivals()) / ((setting.load * CAPACITY * stage.trafficFactor) / 1_000), () => {
      if (world.now >= end) return;
      const isolate = isolates[Math.floor(arrivals() * ISOLATES)]!;
      made += 1;
      call(isolate, -WORK_MS * Math.log(1 - works()), setting.callers?.retries ?? 0);
      arrive();
    });
  };
  arrive();
  world.run(end + setting.deadlineMs);

  const usual = setting.load * CAPACITY;
  const expected = (second: number): number => Math.max(1, Math.min(calls[second]!, usual)); // calls beyond the usual number may fail
  const goodput = Array.from({ length: Math.floor(end / 1_000) }, (_, second) => Math.min(1, good[second]! / expected(second)));
  const mean = (from: number, to: number): number => {
    let [all, inTime] = [0, 0];
    for (let second = Math.round(from / 1_000); second < Math.round(to / 1_000); second++) {
      all += expected(second);
      inTime += Math.min(expected(second), good[second]!);
    }
    return inTime / Math.max(1, all);
  };
  const lastBad = goodput.findLastIndex((share) => share < 0.99);
  return {
    goodput,
    before: mean(2_000, FROM_MS),
    during: mean(FROM_MS, until),
    after: mean(until + RECOVERY_MS, end),
    recoverMs: lastBad >= goodput.length - 1 ? Number.POSITIVE_INFINITY : Math.max(0, (lastBad + 1) * 1_000 - until),
    amplification: isolates.reduce((sum, { attempts }) => sum + attempts, 0) / made,
  };
}
