// One upstream whose load and speed change, and a limit of calls in flight before it: the calls that are completed in time.
import { Server } from "../balancers/server.ts";
import { randomStream, World } from "../simulation.ts";

/** The limit under test. */
export interface InFlightLimit {
  readonly limit: number;
  sample(tookMs: number, inFlight: number, now: number): void;
}

/** Load and upstream over time, `at` in [0, 1) of the trace. */
export interface Trace {
  readonly load: (at: number) => number; // share of the capacity that the upstream has at full speed
  readonly speed: (at: number) => number; // speed of the upstream's cores, 1 is full speed
  readonly delayMs: (at: number) => number; // time that every call takes beside its work, at any load
}

export interface TraceOutcome {
  readonly goodput: number; // calls per second that end in time
  readonly p99: number; // ms, for calls that end in time
  readonly refused: number; // share of the calls
  readonly late: number; // share of the calls
}

const CORES = 4;
const WORK_MS = 20;
const TIMEOUT_MS = 1_000;
const SECONDS = 60;

export function runTrace(trace: Trace, limit: InFlightLimit, seed: number): TraceOutcome {
  const world = new World();
  const [arrivals, works] = [randomStream(seed * 4 + 1), randomStream(seed * 4 + 2)];
  const exponential = (rng: () => number, mean: number): number => -mean * Math.log(1 - rng());
  const server = new Server(world, 1);
  const lengthMs = SECONDS * 1_000;
  const progress = (): number => Math.min(0.999, world.now / lengthMs);
  let inFlight = 0;
  let [calls, refused, late] = [0, 0, 0];
  const times: number[] = [];

  let speed = 1;
  for (let at = 0; at < lengthMs; at += 100) {
    world.at(at, () => {
      const wanted = trace.speed(progress());
      if (wanted !== speed) server.slow(wanted / speed);
      speed = wanted;
    });
  }
  arrive();
  function arrive(): void {
    const perMs = (trace.load(progress()) * CORES) / WORK_MS;
    world.after(exponential(arrivals, 1 / perMs), () => {
      call(exponential(works, WORK_MS), trace.delayMs(progress()));
      if (world.now < lengthMs) arrive();
    });
  }

  function call(workMs: number, delayMs: number): void {
    calls += 1;
    if (inFlight >= limit.limit) {
      refused += 1;
      return;
    }
    inFlight += 1;
    const startedAt = world.now;
    const inFlightAtStart = inFlight;
    let isOver = false;
    const finish = (isLate: boolean): void => {
      if (isOver) return;
      isOver = true;
      inFlight -= 1;
      limit.sample(world.now - startedAt, inFlightAtStart, world.now);
      if (isLate) late += 1;
      else times.push(world.now - startedAt);
    };
    world.after(TIMEOUT_MS, () => finish(true));
    // Work goes on after the time-out: a Worker cannot be stopped.
    server.add(workMs, () => world.after(delayMs, () => finish(false)));
  }

  world.run(lengthMs + 2 * TIMEOUT_MS);
  times.sort((a, b) => a - b);
  return {
    goodput: times.length / SECONDS,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    refused: refused / calls,
    late: late / calls,
  };
}
