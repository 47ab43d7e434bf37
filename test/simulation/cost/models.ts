// The traffic models of the cost simulation: what they stand for, what is counted, and the goals.
import { readFileSync } from "node:fs";
import { BACKGROUND_ABOUT, BACKGROUND_SECONDS, runBackground } from "./background.ts";
import { CACHED_ABOUT, runCached } from "./cached.ts";
import { type LimitedTraffic, RULES, runLimited } from "./limited.ts";
import { AWAKE_OBJECTS, type MeasuredTraffic, runMetrics } from "./metrics.ts";
import { runNaive } from "./naive.ts";
import { CPU_MS, dollars, METERS, type Meter, noOperations, type Operations } from "./prices.ts";

/** A gateway under one traffic model. */
export interface Bill {
  readonly gateway: "Tidegate" | "naive gateway" | "rate-limit binding";
  readonly operations: Operations;
  readonly seconds: number;
  readonly objects: number; // Durable Objects that take part
  readonly isAwake?: boolean; // timers keep them from hibernation
}

export interface Model {
  readonly name: string;
  readonly about: string;
  readonly per: "million calls" | "hour";
  /** Most dollars of what the goal is about: objects, their duration, and rows. */
  readonly goal?: { readonly name: string; readonly atMost: number };
  readonly rowsReadAtMost?: number; // per call
  bills(seed: number): Promise<readonly Bill[]>;
}

const SHARDS = 16; // shards of a region; the model counts one of them, with its part of the callers
const NAIVE_CALLS = 400;

const sampledShare = (file: string): number =>
  Number(/^\[observability\.logs\][^[]*?head_sampling_rate = ([\d.]+)/m.exec(readFileSync(file, "utf8"))?.[1]);
const SAMPLED = { gateway: sampledShare("wrangler.toml"), objects: sampledShare("durable-objects/wrangler.toml") };

function billed(gateway: Bill["gateway"], counted: Operations, seconds: number, objects: number): Bill {
  const { calls, objectRequests } = counted;
  const cpuMs = calls * (gateway === "naive gateway" ? CPU_MS.naive : CPU_MS.gateway);
  const logEvents = calls * SAMPLED.gateway + objectRequests * SAMPLED.objects;
  return { gateway, operations: { ...counted, cpuMs, logEvents }, seconds, objects };
}

/** @param atMost dollars per million calls */
function measured(name: string, about: string, traffic: MeasuredTraffic, atMost: number): Model {
  return {
    ...{ name, about, per: "million calls", goal: { name: "metrics, $ per million calls", atMost } },
    bills: async (seed) => [{ ...billed("Tidegate", await runMetrics(traffic, seed), traffic.seconds, AWAKE_OBJECTS), isAwake: true }],
  };
}

function limited(model: Omit<Model, "bills"> & { readonly traffic: LimitedTraffic }): Model {
  const { traffic, ...rest } = model;
  return {
    ...rest,
    async bills(seed) {
      const { operations } = await runLimited(traffic, seed);
      const naive = await runNaive(traffic.callers || NAIVE_CALLS, NAIVE_CALLS, seed);
      // The naive gateway costs the same at any rate: its calls take the time that these calls would take.
      const naiveSeconds = NAIVE_CALLS / traffic.callsPerSecond;
      return [
        billed("Tidegate", operations, traffic.seconds, traffic.shards),
        billed("naive gateway", naive, naiveSeconds, NAIVE_CALLS),
        billed("rate-limit binding", { ...noOperations(), calls: operations.calls }, traffic.seconds, 0),
      ];
    },
  };
}

export const MODELS: readonly Model[] = [
  limited({
    name: "minute-1000",
    about: "1,000 callers of a region, one call a minute each, under the shipped rule",
    per: "million calls",
    goal: { name: "limiter, $ per million calls", atMost: 0.6 },
    traffic: { rule: RULES.shipped, shards: 1, callers: 62, callsPerSecond: 62 / 60, isolates: 10, warmSeconds: 120, seconds: 900 },
  }),
  limited({
    name: "minute-10000",
    about: "10,000 callers of a region, one call a minute each, under the shipped rule",
    per: "million calls",
    goal: { name: "limiter, $ per million calls", atMost: 0.6 },
    traffic: { rule: RULES.shipped, shards: 1, callers: 625, callsPerSecond: 625 / 60, isolates: 20, warmSeconds: 120, seconds: 300 },
  }),
  limited({
    name: "ten-a-second",
    about: "100 callers of a region, ten calls a second each, under the shipped rule",
    per: "million calls",
    goal: { name: "limiter, $ per million calls", atMost: 0.1 },
    traffic: { rule: RULES.shipped, shards: 1, callers: 6, callsPerSecond: 60, isolates: 3, warmSeconds: 10, seconds: 200 },
  }),
  limited({
    name: "hourly-quotas",
    about: "100,000 callers of a region, one call a minute each, under a quota of 1,000 calls an hour",
    per: "million calls",
    goal: { name: "limiter, $ per million calls", atMost: 0.6 },
    rowsReadAtMost: 1,
    traffic: { rule: RULES.hourly, shards: 1, callers: 6_250, callsPerSecond: 6_250 / 60, isolates: 20, warmSeconds: 60, seconds: 150 },
  }),
  limited({
    name: "attack",
    about: "an attack of 1,000 calls a second, each with a key of its own, under the shipped rule",
    per: "hour",
    goal: { name: "objects, rows and duration, $ an hour", atMost: 1 },
    traffic: { rule: RULES.shipped, shards: 1, callers: 0, callsPerSecond: 1_000 / SHARDS, isolates: 10, warmSeconds: 60, seconds: 240 },
  }),
  limited({
    name: "attack-hourly",
    about: "the same attack under the quota",
    per: "hour",
    goal: { name: "objects, rows and duration, $ an hour", atMost: 2 },
    traffic: { rule: RULES.hourly, shards: 1, callers: 0, callsPerSecond: 1_000 / SHARDS, isolates: 10, warmSeconds: 60, seconds: 240 },
  }),
  {
    name: "background",
    about: BACKGROUND_ABOUT,
    per: "million calls",
    goal: { name: "background, $ per million calls", atMost: 0.1 },
    async bills(seed) {
      const { objects, ...operations } = await runBackground(seed);
      return [billed("Tidegate", operations, BACKGROUND_SECONDS, objects)];
    },
  },
  measured(
    "metrics",
    "metrics: 100 calls a second over 100 isolates of a region",
    { isolates: 100, callsPerSecond: 100, warmSeconds: 60, seconds: 300 },
    0.5,
  ),
  measured(
    "metrics-rare",
    "metrics: 100 isolates of a region with one call a minute each",
    { isolates: 100, callsPerSecond: 100 / 60, warmSeconds: 60, seconds: 900 },
    3,
  ),
  {
    name: "cached-reads",
    about: CACHED_ABOUT,
    per: "million calls",
    bills(seed) {
      const { hits: _, ...operations } = runCached(seed);
      return Promise.resolve([billed("Tidegate", operations, operations.calls / 100, 0)]);
    },
  },
];

/** What an hour of the attack comes to: one of the shards is counted. */
export function scaled({ operations, seconds, objects, isAwake }: Bill, per: Model["per"]): Readonly<Record<Meter, number>> {
  const all = dollars(operations, seconds, objects, isAwake);
  const times = per === "hour" ? (3_600 * 1_000) / operations.calls : 1e6 / operations.calls;
  return Object.fromEntries(METERS.map((meter) => [meter, all[meter] * times])) as Record<Meter, number>;
}

/** Dollars of what a goal is about. */
export function objectCost(cost: Readonly<Record<Meter, number>>): number {
  return cost.objects + cost.duration + cost.rows;
}
