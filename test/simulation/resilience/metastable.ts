// A service that something happens to, and for how long its callers feel it after that is over.
import { BREAKER } from "../../../core/config/breaker.ts";
import type { HedgePolicy, RetryPolicy } from "../../../core/config/retry.ts";
import { randomStream, World } from "../simulation.ts";
import { BreakerObject } from "./breaker-object.ts";
import { Isolate, type Mechanisms } from "./isolate.ts";
import { Server } from "./server.ts";

export const ZONES = 3;
const SERVERS = 9;
const CORES = 4;
const ISOLATES = 12;
export const WORK_MS = 50;
export const CAPACITY = (SERVERS * CORES * 1_000) / WORK_MS; // calls a second
export const FROM_MS = 10_000; // when the trigger begins
const FELT_MS = 2_000; // after its end: from then on it should not be

/** The world as a trigger sees it. */
export interface Stage {
  readonly servers: readonly Server[];
  readonly object: BreakerObject;
  readonly world: World;
  /** Times the usual traffic. */
  crowd: number;
}

export interface Setting {
  readonly load: number; // share of the capacity, before anybody repeats anything
  readonly lastsMs: number; // the trigger
  readonly begin: (stage: Stage) => void;
  readonly end?: (stage: Stage) => void;
  readonly deadlineMs: number;
  readonly retries: RetryPolicy;
  readonly hedging?: HedgePolicy;
  /** Callers that ask again by themselves: how often, and after how long, as those do who know no budget. */
  readonly callers?: { readonly retries: number; readonly afterMs: number };
  readonly slots?: number;
  readonly runsMs: number; // after the trigger's end
}

export interface Felt {
  readonly goodput: readonly number[]; // of each second: calls that were answered in time, of all, or of the usual number where there were more
  readonly before: number;
  readonly during: number;
  readonly after: number; // from 2 s after its end
  readonly recoverMs: number; // from its end; Infinity: not within the run
  readonly amplification: number; // attempts for each call
}

export function run(setting: Setting, mechanisms: Mechanisms, seed: number): Felt {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 64 + index);
  const [arrivals, works] = [stream(1), stream(2)];
  const servers = Array.from({ length: SERVERS }, (_, index) => {
    const slots = setting.slots === undefined ? {} : { slots: setting.slots };
    return new Server(world, { cores: CORES, stops: mechanisms.stops, zone: index % ZONES, ...slots }, stream(8 + index));
  });
  const object = new BreakerObject(world, BREAKER);
  const isolates = Array.from({ length: ISOLATES }, (_, index) => {
    const place = { name: `isolate-${index}`, location: `place-${index % ZONES}` };
    const { retries, hedging } = setting;
    const wiring = { world, servers, object, ...place, roll: stream(32 + index), retries, usualMs: WORK_MS };
    return new Isolate(hedging === undefined ? wiring : { ...wiring, hedging }, mechanisms);
  });
  const stage: Stage = { servers, object, world, crowd: 1 };
  const until = FROM_MS + setting.lastsMs;
  world.at(FROM_MS, () => setting.begin(stage));
  world.at(until, () => {
    setting.end?.(stage);
    stage.crowd = 1;
  });

  const end = until + setting.runsMs;
  const calls = new Float64Array(Math.ceil(end / 1_000) + 1);
  const good = new Float64Array(calls.length);
  let made = 0;
  const call = (isolate: Isolate, workMs: number, left: number): void => {
    const second = Math.floor(world.now / 1_000);
    calls[second]! += 1;
    isolate.call({ workMs, receivedAt: world.now, deadlineAt: world.now + setting.deadlineMs, isChained: false }, (answer) => {
      if (answer === "ok") good[second]! += 1;
      else if (left > 0) world.after(setting.callers!.afterMs * (0.5 + arrivals()), () => call(isolate, workMs, left - 1));
    });
  };
  const arrive = (): void => {
    world.after(-Math.log(1 - arrivals()) / ((setting.load * CAPACITY * stage.crowd) / 1_000), () => {
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
  const wanted = (second: number): number => Math.max(1, Math.min(calls[second]!, usual)); // more is not owed to anybody
  const goodput = Array.from({ length: Math.floor(end / 1_000) }, (_, second) => Math.min(1, good[second]! / wanted(second)));
  const mean = (from: number, to: number): number => {
    let [all, well] = [0, 0];
    for (let second = Math.round(from / 1_000); second < Math.round(to / 1_000); second++) {
      all += wanted(second);
      well += Math.min(wanted(second), good[second]!);
    }
    return well / Math.max(1, all);
  };
  const lastBad = goodput.findLastIndex((share) => share < 0.99);
  return {
    goodput,
    before: mean(2_000, FROM_MS),
    during: mean(FROM_MS, until),
    after: mean(until + FELT_MS, end),
    recoverMs: lastBad >= goodput.length - 1 ? Number.POSITIVE_INFINITY : Math.max(0, (lastBad + 1) * 1_000 - until),
    amplification: isolates.reduce((sum, { attempts }) => sum + attempts, 0) / made,
  };
}
