// Leased buckets in a world of isolates, one object and a network that delays and loses: the real core, and what it is held to.

import { BucketLease } from "../../../core/rate-limit/lease.ts";
import type { LeaseRequest } from "../../../core/rate-limit/lease-messages.ts";
import type { LeasedBucket } from "../../../core/rate-limit/lease-record.ts";
import { grantLease } from "../../../core/rate-limit/leased-bucket.ts";
import type { BucketLimit } from "../../../core/rate-limit/token-bucket.ts";
import { type Goal, type Row, randomStream, type Scenario, type Simulation, World } from "../simulation.ts";
import { arrivalCurve, ideal, invariants } from "./oracles.ts";
import { regions } from "./regions.ts";
import { strategies } from "./strategies.ts";

interface Setting {
  readonly limit: BucketLimit;
  readonly isolates: number;
  readonly load: number; // demand over the limit's rate
  readonly demand: "uniform" | "zipf" | "on-off";
  readonly seconds: number;
  readonly loss?: number; // share of messages lost, each way
  readonly isolateLifeMs?: number; // mean; isolates die with what they hold, and others take their place
  readonly doubled?: number; // share of requests that arrive twice
  readonly oneWayMs?: number; // default 12, and Exp(a quarter of it)
  readonly objectMs?: number; // time of the Durable Object's one thread per request; default 1
  readonly outage?: readonly [from: number, to: number]; // ms: the Durable Object is unreachable, and isolates reuse what they had
  readonly restartAt?: number; // ms: the object loses its memory, and reads its rows again
}

const BIG: BucketLimit = { capacity: 10_000, rate: 10_000, intervalMs: 1_000 };

export interface Outcome {
  readonly figures: Record<string, number>;
  readonly broken: { readonly books: number; readonly isolates: number }; // times that the sums did not hold
}

/** @param lender responds to requests; the code of core/, or a mutant of it that the oracles have to detect */
export function simulate(setting: Setting, seed: number, lender: typeof grantLease = grantLease): Outcome {
  const { limit, isolates, load, demand, seconds, loss = 0, doubled = 0, oneWayMs = 12, objectMs = 1, outage = [0, 0] } = setting;
  const world = new World();
  const roll = randomStream(seed);
  const exponential = (mean: number): number => -Math.log(1 - roll()) * mean;
  const oracle = arrivalCurve(limit);
  const perfect = ideal(limit);
  const sums = invariants(limit);
  const leases: (() => BucketLease)[] = [];
  const weights = Array.from({ length: isolates }, (_, index) => (demand === "zipf" ? 1 / (index + 1) : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const end = seconds * 1_000;
  const warm = 2_000; // figures count from here: the first leases are out by then
  let pool: LeasedBucket | undefined;
  let row: LeasedBucket | undefined;
  let busyUntil = 0;
  let [arrivals, admitted, could, calls] = [0, 0, 0, 0];
  const served = new Float64Array(isolates);
  const waits: number[] = [];
  let born = 0;

  const travel = (): number => oneWayMs + exponential(oneWayMs / 4);
  const isGone = (): boolean => world.now >= outage[0] && world.now < outage[1];
  const handle = (request: LeaseRequest, respond: (grant: ReturnType<typeof grantLease>[1]) => void): void => {
    busyUntil = Math.max(busyUntil, world.now) + objectMs;
    world.at(busyUntil, () => {
      if (world.now >= warm) calls += 1;
      const [after, grant] = lender(pool, limit, request, world.now, roll());
      pool = after;
      row = after; // written before the response leaves
      sums.check(
        after,
        leases.map((lease) => lease().share(world.now)),
      );
      if (roll() >= loss) world.after(travel(), () => respond(grant));
    });
  };

  for (const [index, weight] of weights.entries()) {
    let lease = new BucketLease();
    leases.push(() => lease);
    let name = `i${born++}`;
    let waiting: number[] = [];
    const perMs = ((limit.rate / limit.intervalMs) * load * weight) / total;
    const settle = (): void => {
      const callers = waiting;
      waiting = [];
      for (const since of callers) decide(since, true);
    };
    const send = (need: number): void => {
      const sentAt = world.now;
      const mine = lease;
      const request = mine.request(name, need, sentAt);
      const times = isGone() ? 0 : roll() < loss ? 0 : doubled > 0 && roll() < doubled ? 2 : 1;
      for (let copy = 0; copy < times; copy++) {
        world.after(travel() * (1 + 20 * copy), () =>
          handle(request, (grant) => {
            mine.applyGrant(grant, sentAt, world.now);
            if (mine === lease) settle();
          }),
        );
      }
      const reuses = setting.outage !== undefined;
      world.after(isGone() ? 50 : 500, () => {
        if (mine !== lease || !mine.isRequesting(world.now)) return;
        mine.requestFailed(request.sequence, isGone() ? 1_000 : 0, world.now, reuses);
        settle();
      });
    };
    const decide = (since: number, isBack: boolean): void => {
      const outcome = isBack ? lease.takeAfterWait(1, world.now) : lease.take(1, world.now);
      if (outcome.kind === "request") {
        if (world.now - since >= 50) {
          if (since >= warm) waits.push(world.now - since);
          return; // refused: nobody waits longer
        }
        waiting.push(since);
        if (!lease.isRequesting(world.now)) send(waiting.length);
        return;
      }
      if (outcome.kind === "allowed") {
        oracle.admit(world.now);
        if (since >= warm) {
          admitted += 1;
          served[index]! += 1;
        }
        if (lease.isLow(world.now)) send(0);
      }
      if (since >= warm) waits.push(world.now - since);
    };
    const arrive = (): void => {
      const isOn = demand !== "on-off" || (world.now + index * 97) % 2_500 < 500;
      if (isOn) {
        if (world.now >= warm) arrivals += 1;
        if (perfect(world.now) && world.now >= warm) could += 1;
        decide(world.now, false);
      }
      const mean = 1 / (demand === "on-off" ? perMs * 5 : perMs);
      world.after(exponential(mean), arrive);
    };
    world.at(exponential(1 / perMs), arrive);
    const { isolateLifeMs } = setting;
    const die = (): void => {
      lease = new BucketLease();
      name = `i${born++}`;
      waiting = [];
      if (isolateLifeMs !== undefined) world.after(exponential(isolateLifeMs), die);
    };
    if (isolateLifeMs !== undefined) world.after(exponential(isolateLifeMs), die);
  }
  if (setting.restartAt !== undefined) {
    world.at(setting.restartAt, () => {
      pool = row === undefined ? undefined : structuredClone(row);
    });
  }
  world.run(end);

  waits.sort((a, b) => a - b);
  const sum = served.reduce((a, b) => a + b, 0);
  const squares = served.reduce((a, b) => a + b * b, 0);
  return {
    broken: { books: sums.books, isolates: sums.isolates },
    figures: {
      "over, tokens": oracle.excess,
      "under, %": could === 0 ? 0 : Math.max(0, (100 * (could - admitted)) / could),
      "calls/request": calls / Math.max(1, arrivals),
      "calls/s": (calls * 1_000) / (end - warm),
      "p99 added, ms": waits[Math.floor(waits.length * 0.99)] ?? 0,
      Jain: (sum * sum) / (isolates * squares || 1),
    },
  };
}

interface Case extends Setting {
  readonly name: string;
  readonly about: string;
  goals(figures: Record<string, number>): Goal[];
}

const over = (figures: Record<string, number>): Goal => ({ name: "over, tokens", measured: figures["over, tokens"]!, atMost: 0 });
const atMost =
  (name: string, most: number) =>
  (figures: Record<string, number>): Goal => ({ name, measured: figures[name]!, atMost: most });

const calls = atMost("calls/s", 500); // in any case

const under = [
  [0.5, 0.1],
  [0.9, 0.1],
  [1.1, 3.5],
  [2, 2.5],
  [10, 2.5],
] as const;

const CASES: Case[] = [
  ...under.flatMap(([load, most]) =>
    (["uniform", "zipf"] as const).map(
      (demand): Case => ({
        name: `${demand}-${load}x`,
        about: `10,000/s, 100 isolates, ${demand} demand of ${load} x the limit`,
        ...{ limit: BIG, isolates: 100, load, demand, seconds: load === 10 ? 8 : 15 },
        goals: (figures) => [
          over(figures),
          atMost("under, %", most)(figures),
          ...(load === 10 || (load >= 0.9 && load <= 1.1) ? [atMost("calls/request", load === 10 ? 0.0015 : 0.01)(figures)] : []),
          atMost("calls/s", 120)(figures),
          ...(demand === "uniform" ? [{ name: "Jain", measured: figures["Jain"]!, atLeast: 0.95 }] : []),
        ],
      }),
    ),
  ),
  ...(
    [
      [0.9, 4],
      [1.1, 15],
    ] as const
  ).map(
    ([load, most]): Case => ({
      name: `on-off-${load}x`,
      about: `the same, demand of each isolate 0.5 s on, 2 s off, ${load} x the limit`,
      ...{ limit: BIG, isolates: 100, load, demand: "on-off", seconds: 15 },
      goals: (figures) => [over(figures), atMost("under, %", most)(figures), atMost("calls/s", 500)(figures)],
    }),
  ),
  ...[10, 100].map(
    (rate): Case => ({
      name: `small-${rate}`,
      about: `${rate}/s, 100 isolates, an attack of 10 x the limit`,
      ...{ limit: { capacity: rate, rate, intervalMs: 1_000 }, isolates: 100, load: 10, demand: "uniform", seconds: 30 },
      goals: (figures) => [over(figures), atMost("calls/request", 0.2)(figures), atMost("calls/s", 2 * rate)(figures)],
    }),
  ),
  {
    name: "loss",
    about: "1.1 x the limit, 10 % of the messages lost each way",
    ...{ limit: BIG, isolates: 100, load: 1.1, demand: "uniform", seconds: 15, loss: 0.1 },
    goals: (figures) => [over(figures), calls(figures)],
  },
  {
    name: "churn",
    about: "2 x the limit, isolates that live 2 s on average",
    ...{ limit: BIG, isolates: 100, load: 2, demand: "zipf", seconds: 15, isolateLifeMs: 2_000 },
    goals: (figures) => [over(figures), calls(figures)],
  },
  {
    name: "doubled",
    about: "1.1 x the limit, every tenth request arrives twice, the second time late",
    ...{ limit: BIG, isolates: 100, load: 1.1, demand: "uniform", seconds: 15, doubled: 0.1 },
    goals: (figures) => [over(figures), calls(figures)],
  },
  {
    name: "outage",
    about: "2 x the limit, the object gone for 5 s, isolates reuse a quarter of their rate (goal: 25 % of the capacity)",
    ...{ limit: BIG, isolates: 100, load: 2, demand: "uniform", seconds: 18, outage: [6_000, 11_000] },
    goals: (figures) => [{ name: "over, tokens", measured: figures["over, tokens"]!, atMost: 2_500 }, calls(figures)],
  },
  ...[5, 100].map(
    (oneWayMs): Case => ({
      name: `rtt-${2 * oneWayMs}`,
      about: `1.1 x the limit, ${2 * oneWayMs} ms there and back`,
      ...{ limit: BIG, isolates: 100, load: 1.1, demand: "uniform", seconds: 12, oneWayMs },
      goals: (figures) => [over(figures), calls(figures)],
    }),
  ),
  ...[1, 10, 1_000].map(
    (isolates): Case => ({
      name: `isolates-${isolates}`,
      about: `1.1 x the limit, ${isolates === 1 ? "one isolate" : `${isolates} isolates`}`,
      ...{ limit: BIG, isolates, load: 1.1, demand: "uniform", seconds: isolates === 1_000 ? 10 : 12, objectMs: 0.5 },
      goals: (figures) => [over(figures), calls(figures)],
    }),
  ),
  {
    name: "restart",
    about: "2 x the limit, the object restarted after 6 s",
    ...{ limit: BIG, isolates: 100, load: 2, demand: "uniform", seconds: 12, restartAt: 6_000 },
    goals: (figures) => [over(figures), calls(figures)],
  },
];

const scenarios: Scenario[] = CASES.map(({ name, about, goals, ...setting }) => ({
  name,
  about,
  run(seed): Row[] {
    const { figures, broken } = simulate(setting, seed);
    const books: Goal = { name: "times the object's sums did not hold", measured: broken.books, atMost: 0 };
    const state: Goal = { name: "times the isolates' sums did not hold", measured: broken.isolates, atMost: 0 };
    return [{ variant: "leased", figures, goals: [...goals(figures), books, state] }];
  },
}));

export const simulation: Simulation = {
  about: "Leased token buckets: one object, many isolates, a network of 12 ms + Exp(3 ms) each way",
  scenarios: [...scenarios, ...regions, ...strategies],
};
