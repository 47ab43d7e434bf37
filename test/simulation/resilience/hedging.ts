// Reads from servers of which one response in a hundred is delayed: with hedging, with hedging without guard and budget, and without.
import { BREAKER } from "../../../core/config/breaker.ts";
import type { HedgePolicy } from "../../../core/config/retry.ts";
import { RETRIES } from "../../../core/config/retry.ts";
import { type Goal, randomStream, type Scenario, World } from "../simulation.ts";
import { BreakerDurableObject } from "./breaker-durable-object.ts";
import { Isolate } from "./isolate.ts";
import { Server } from "./server.ts";

const SERVERS = 10;
const CORES = 4;
const WORK_MS = 20;
const ISOLATES = 16;
const WARM_MS = 10_000;
const DELAYED = { share: 0.01, ms: 200 };

interface Hedged {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly extra: number; // second attempts per call
}

/** @param straggles whether one response in a hundred is delayed, whatever its work */
function hedged(
  load: number,
  straggles: boolean,
  hedging: HedgePolicy | undefined,
  isGuarded: boolean,
  seconds: number,
  seed: number,
): Hedged {
  const world = new World();
  const stream = (index: number): (() => number) => randomStream(seed * 1_024 + index);
  const [arrivals, works] = [stream(1), stream(2)];
  const servers = Array.from(
    { length: SERVERS },
    (_, index) => new Server(world, { cores: CORES, stops: true, zone: 0 }, stream(8 + index)),
  );
  const durableObject = new BreakerDurableObject(world, BREAKER);
  const isolates = Array.from({ length: ISOLATES }, (_, index) => {
    const wiring = {
      ...{ world, servers, durableObject, name: `isolate-${index}`, location: `place-${index % 4}`, rng: stream(64 + index) },
      ...{ meanWorkMs: WORK_MS, retries: RETRIES, isGuarded },
      straggles: (rng: () => number): number => (straggles && rng() < DELAYED.share ? DELAYED.ms : 0),
    };
    return new Isolate(hedging === undefined ? wiring : { ...wiring, hedging }, {
      budget: true,
      stops: true,
      breaker: "shared",
      isChainStopped: true,
    });
  });
  const end = WARM_MS + seconds * 1_000;
  const times: number[] = [];
  let calls = 0;
  const perMs = (load * SERVERS * CORES) / WORK_MS;
  const arrive = (): void => {
    world.after(-Math.log(1 - arrivals()) / perMs, () => {
      if (world.now >= end) return;
      const [startedAt, isCounted] = [world.now, world.now >= WARM_MS];
      if (isCounted) calls += 1;
      const call = { workMs: -WORK_MS * Math.log(1 - works()), receivedAt: startedAt, deadlineAt: startedAt + 15_000, isChained: false };
      isolates[Math.floor(arrivals() * ISOLATES)]!.call(call, () => {
        if (isCounted) times.push(world.now - startedAt);
      });
      arrive();
    });
  };
  arrive();
  world.run(WARM_MS);
  const before = isolates.reduce((sum, { hedges }) => sum + hedges, 0);
  world.run(end + 15_000);
  times.sort((a, b) => a - b);
  const at = (quantile: number): number => times[Math.floor(times.length * quantile)]!;
  const extra = (isolates.reduce((sum, { hedges }) => sum + hedges, 0) - before) / calls;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), extra };
}

const POLICY: HedgePolicy = { percent: 2, quantile: 0.95, minMs: 5 };

/** Each figure is the median of three seeds. */
function scenario(
  name: string,
  about: string,
  load: number,
  straggles: boolean,
  goals: (by: { off: Hedged; on: Hedged }) => readonly Goal[],
): Scenario {
  return {
    name,
    about,
    run: (seed) => {
      const of = (hedging: HedgePolicy | undefined, isGuarded: boolean): Hedged => {
        const runs = [0, 1, 2].map((more) => hedged(load, straggles, hedging, isGuarded, 12, 3 * seed + more));
        const middle = (figure: keyof Hedged): number => runs.map((one) => one[figure]).sort((a, b) => a - b)[1]!;
        return { p50: middle("p50"), p99: middle("p99"), p999: middle("p999"), extra: Math.max(...runs.map(({ extra }) => extra)) };
      };
      const variants = { "no hedging": of(undefined, true), hedging: of(POLICY, true), "hedging without guard": of(POLICY, false) };
      return Object.entries(variants).map(([variant, { p50, p99, p999, extra }]) => ({
        variant,
        figures: { "p50 ms": p50, "p99 ms": p99, "p99.9 ms": p999, "extra %": extra * 100 },
        ...(variant === "hedging" ? { goals: goals({ off: variants["no hedging"], on: variants.hedging }) } : {}),
      }));
    },
  };
}

const few = ({ extra }: Hedged): Goal => ({ name: "second attempts, % of the calls", measured: extra * 100, atMost: 2 });
const harmless = (by: { off: Hedged; on: Hedged }): readonly Goal[] => [
  { name: "p99 over that without hedging", measured: by.on.p99 / by.off.p99, atMost: 1.05 },
  few(by.on),
];

export const scenarios: readonly Scenario[] = [
  scenario("hedging-70", "70 % load; one response in a hundred is delayed by 200 ms, whatever its work", 0.7, true, ({ off, on }) => [
    { name: "p99 over that without hedging", measured: on.p99 / off.p99, atMost: 0.75 },
    few(on),
  ]),
  scenario("hedging-90", "the same at 90 % load", 0.9, true, harmless),
  scenario("hedging-90-even", "90 % load; no response is delayed: long calls have much work", 0.9, false, harmless),
];
