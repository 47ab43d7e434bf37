// Three services behind gateways, each calling the next: the calls that the last one receives for each call of the first, while it is down.

import { BREAKER } from "../../../core/config/breaker.ts";
import { RETRIES } from "../../../core/config/retry.ts";
import { randomStream, type Scenario, World } from "../simulation.ts";
import { BreakerDurableObject } from "./breaker-durable-object.ts";
import { Isolate, type Mechanisms } from "./isolate.ts";
import { Server } from "./server.ts";

const DEPTH = 3;
const SERVERS = 4;
const ISOLATES = 6;
const PER_SECOND = 200;
const WORK_MS = 5;
const DOWN_FROM_MS = 5_000;

interface Chained {
  readonly amplification: number; // attempts at the last service for each call of the first, during the outage
  readonly goodput: number;
}

/** @param errorShare share of the responses of the last service that are errors, from 5 s on */
function chain(mechanisms: Mechanisms, errorShare: number, downMs: number, seed: number): Chained {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 1_024 + index);
  const arrivals = stream(1);
  const tiers = Array.from({ length: DEPTH }, (_, tier) => {
    const setting = { cores: 16, stops: mechanisms.stops, zone: 0 };
    const servers = Array.from({ length: SERVERS }, (_, index) => new Server(world, setting, stream(64 * tier + index + 8)));
    const durableObject = new BreakerDurableObject(world, BREAKER);
    const isolates = Array.from({ length: ISOLATES }, (_, index) => {
      const identity = { name: `isolate-${index}`, location: `place-${index % 3}` };
      return new Isolate(
        { world, servers, durableObject, ...identity, rng: stream(64 * tier + index + 32), retries: RETRIES, meanWorkMs: WORK_MS },
        mechanisms,
      );
    });
    return { servers, isolates };
  });
  for (const [tier, { servers }] of tiers.entries()) {
    const next = tiers[tier + 1]?.isolates;
    for (const server of servers) {
      if (next === undefined) continue;
      server.dependency = (job, done) => {
        const call = { workMs: WORK_MS, receivedAt: world.now, deadlineAt: job.deadlineAt - 20, isChained: job.isChained };
        next[Math.floor(arrivals() * ISOLATES)]!.call(call, done);
      };
    }
  }
  const end = DOWN_FROM_MS + downMs;
  let [calls, good] = [0, 0];
  const arrive = (): void => {
    world.after((-Math.log(1 - arrivals()) * 1_000) / PER_SECOND, () => {
      if (world.now >= end) return;
      const isCounted = world.now >= DOWN_FROM_MS;
      if (isCounted) calls += 1;
      const call = { workMs: WORK_MS, receivedAt: world.now, deadlineAt: world.now + 15_000, isChained: false };
      tiers[0]!.isolates[Math.floor(arrivals() * ISOLATES)]!.call(call, (response) => {
        if (isCounted && response === "ok") good += 1;
      });
      arrive();
    });
  };
  arrive();
  world.run(DOWN_FROM_MS);
  const last = tiers.at(-1)!.servers;
  const before = last.reduce((sum, { received }) => sum + received, 0);
  for (const server of last) server.errorShare = errorShare;
  world.run(end + 16_000);
  return { amplification: (last.reduce((sum, { received }) => sum + received, 0) - before) / calls, goodput: good / calls };
}

const ALL: Mechanisms = { budget: true, stops: true, breaker: "shared", isChainStopped: true };
const VARIANTS: Readonly<Record<string, Mechanisms>> = {
  all: ALL,
  "local breakers": { ...ALL, breaker: "local" },
  "no breakers": { ...ALL, breaker: "off" },
  "no breakers, no chain stop": { ...ALL, breaker: "off", isChainStopped: false },
  "no breakers, no budget": { ...ALL, breaker: "off", budget: false },
  nothing: { ...ALL, breaker: "off", budget: false, isChainStopped: false },
};

function scenario(name: string, about: string, errorShare: number): Scenario {
  return {
    name,
    about,
    run: (seed) =>
      Object.entries(VARIANTS).map(([variant, mechanisms]) => {
        const { amplification, goodput } = chain(mechanisms, errorShare, 5_000, seed);
        const goals = [{ name: "attempts at the last service for each call", measured: amplification, atMost: 1.1 }];
        return {
          variant,
          figures: { "attempts at the last/call": amplification, "goodput %": goodput * 100 },
          ...(variant === "all" && errorShare === 1 ? { goals } : {}),
        };
      }),
  };
}

export const scenarios: readonly Scenario[] = [
  scenario("chain-down", "three services, one behind the other; the last one fails all calls for 5 s", 1),
  scenario("chain-half-down", "the same, where the last one fails half of the calls", 0.5),
];
