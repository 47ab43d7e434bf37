// One endpoint of twenty dies, and many isolates with little traffic each have to notice it.

import type { FleetSettings } from "../../../core/balance/endpoint-groups.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { type Goal, type Row, randomStream, type Scenario, World } from "../simulation.ts";
import { BreakerDurableObject } from "./breaker-durable-object.ts";
import { Isolate, type Mechanisms } from "./isolate.ts";
import { Server } from "./server.ts";

const SERVERS = 20;
const WORK_MS = 20;
const WARM_MS = 30_000;
const DEAD = 7;
const PLACES = 8;

interface DeathSetting {
  readonly isolates: number;
  readonly perSecond: number; // calls of each isolate
  readonly balancer: FleetSettings["balancer"];
  readonly how: "refuses" | "hangs" | "none";
  readonly deadMs: number;
}

interface EndpointDeath {
  readonly calls: number; // while the endpoint is dead
  readonly bad: number; // attempts that were sent to it and failed
  readonly failed: number; // calls that failed for their callers
  readonly openedMs: number; // time until the Durable Object opened its breaker; NaN where it did not
  readonly agreedMs: number; // longest time from the opening, or an isolate's own first failure, until that isolate stopped calling it
  readonly objectCalls: number; // requests to the Durable Object per call
}

function die(
  { isolates: count, perSecond, balancer, how, deadMs }: DeathSetting,
  breaker: Mechanisms["breaker"],
  seed: number,
): EndpointDeath {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 4_096 + index);
  const [arrivals, works] = [stream(1), stream(2)];
  const servers = Array.from({ length: SERVERS }, (_, index) => new Server(world, { cores: 64, stops: true, zone: 0 }, stream(8 + index)));
  const durableObject = new BreakerDurableObject(world, BREAKER);
  const mechanisms: Mechanisms = { budget: true, stops: true, breaker, isChainStopped: true };
  const isolates = Array.from({ length: count }, (_, index) => {
    const identity = { name: `isolate-${index}`, location: `place-${index % PLACES}` };
    return new Isolate({ world, servers, durableObject, ...identity, balancer, rng: stream(64 + index), meanWorkMs: WORK_MS }, mechanisms);
  });
  let [calls, failed] = [0, 0];
  const until = WARM_MS + deadMs;
  for (const isolate of isolates) {
    const arrive = (): void => {
      world.after((-Math.log(1 - arrivals()) * 1_000) / perSecond, () => {
        if (world.now >= until) return;
        const isCounted = world.now >= WARM_MS;
        if (isCounted) calls += 1;
        const call = { workMs: -WORK_MS * Math.log(1 - works()), receivedAt: world.now, deadlineAt: world.now + 1_000, isChained: false };
        isolate.call(call, (response) => {
          if (isCounted && response !== "ok") failed += 1;
        });
        arrive();
      });
    };
    world.after((arrivals() * WARM_MS) / 2, arrive); // isolates do not start together
  }
  world.run(WARM_MS);
  const [requestsBefore, badBefore] = [durableObject.requestCount, isolates.map(({ failures: bad }) => bad)];
  if (how !== "none") servers[DEAD]!.fault = how;

  const id = String(DEAD);
  const failedAt = isolates.map(() => Number.NaN);
  const agreed: number[] = []; // ms after the opening, or the isolate's first failure, whichever is later
  const waiting = new Set(isolates.keys());
  const check = (): void => {
    world.after(20, check);
    const openedAt = durableObject.openedAt.get(id);
    for (const index of waiting) {
      const { failures: bad, fleet } = isolates[index]!;
      if (bad > badBefore[index]! && Number.isNaN(failedAt[index]!)) failedAt[index] = world.now;
      if (openedAt === undefined || Number.isNaN(failedAt[index]!) || fleet.localBreakers.get(id).isClosed(world.now)) continue;
      waiting.delete(index);
      agreed.push(world.now - Math.max(openedAt, failedAt[index]!));
    }
  };
  if (how !== "none") check();
  world.run(until);
  const openedAt = durableObject.openedAt.get(id);
  return {
    calls,
    bad: isolates.reduce((sum, { failures: bad }, index) => sum + bad - badBefore[index]!, 0),
    failed,
    openedMs: openedAt === undefined ? Number.NaN : openedAt - WARM_MS,
    agreedMs: Math.max(0, ...agreed),
    objectCalls: (durableObject.requestCount - requestsBefore) / calls,
  };
}

const BALANCERS = ["round_robin", "p2c_ewma", "least_time"] as const;

/** Little traffic: each isolate would need minutes to notice by itself that the endpoint is dead. */
function thin(how: "refuses" | "hangs"): Scenario {
  return {
    name: `endpoint-${how}`,
    about: `one of 20 endpoints ${how} for a minute; 256 isolates in ${PLACES} places make 0.75 calls a second each`,
    run: (seed) =>
      BALANCERS.flatMap((balancer) => {
        const setting: DeathSetting = { isolates: 256, perSecond: 0.75, balancer, how, deadMs: 60_000 };
        const [local, shared] = [die(setting, "local", seed), die(setting, "shared", seed)];
        const goal = { name: "times fewer bad requests than with local breakers", measured: local.bad / shared.bad, atLeast: 5 };
        return [
          row(`${balancer}, local breakers`, local, []),
          row(`${balancer}, shared breakers`, shared, balancer === "round_robin" ? [goal] : []),
        ];
      }),
  };
}

function row(variant: string, { calls, bad, failed, openedMs, agreedMs, objectCalls }: EndpointDeath, goals: readonly Goal[]): Row {
  const figures = {
    calls,
    "bad requests": bad,
    "bad %": (100 * bad) / calls,
    "failed %": (100 * failed) / calls,
    ...(Number.isNaN(openedMs) ? {} : { "opened ms": openedMs, "agreed ms": agreedMs }),
    "DO requests/call": objectCalls,
  };
  return { variant, figures, goals };
}

export const scenarios: readonly Scenario[] = [
  thin("refuses"),
  thin("hangs"),
  {
    name: "breakers-object",
    about: "64 isolates of 10 calls a second: the cost of sharing, and the time until they agree",
    run: (seed) => {
      const of = (balancer: DeathSetting["balancer"], how: DeathSetting["how"]): EndpointDeath =>
        die({ isolates: 64, perSecond: 10, balancer, how, deadMs: 30_000 }, "shared", seed);
      const healthy = of("least_time", "none");
      const [even, refused, hung] = [of("round_robin", "refuses"), of("least_time", "refuses"), of("least_time", "hangs")];
      const soon = ({ agreedMs }: EndpointDeath): Goal => ({
        name: "ms until isolates with a failure agree",
        measured: agreedMs,
        atMost: 2_500,
      });
      const few = (death: EndpointDeath, atMost: number): Goal => ({
        name: "bad requests, % of the calls",
        measured: (100 * death.bad) / death.calls,
        atMost,
      });
      return [
        row("all healthy", healthy, [{ name: "Durable Object requests for each call", measured: healthy.objectCalls, atMost: 0.03 }]),
        row("round_robin, one refuses", even, [soon(even), few(even, 0.5)]),
        row("least_time, one refuses", refused, [soon(refused), few(refused, 0.2)]),
        row("least_time, one hangs", hung, [soon(hung), few(hung, 0.2)]),
      ];
    },
  },
];
