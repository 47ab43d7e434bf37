// Balancers in a world of many isolates: servers of different speed, noisy neighbors, one server that degrades, isolates that restart.
import { DEFAULT_BALANCER_SETTINGS } from "../../../core/balance/balancer.ts";
import { BALANCERS } from "../../../core/balance/balancers.ts";
import type { BalancerName } from "../../../core/config/upstream.ts";
import type { Goal, Row, Scenario, Simulation } from "../simulation.ts";
import { run, type Setting, type SimulatedOutcome, type Variant } from "./fleet.ts";
import type { Server } from "./server.ts";

const SECONDS = 20;
const DEFAULT = "least_time + redirects";
const MEASURED = "the same, measured"; // servers measure their speed by their own responses, as hosts of the framework do
const TABLE = ["oracle", DEFAULT, MEASURED, "least_time", "learned + redirects", "p2c_ewma", "least_request", "round_robin", "random"];

const of = (name: BalancerName, redirects = false): Variant => ({
  create: (candidates) => BALANCERS[name].create(candidates, DEFAULT_BALANCER_SETTINGS),
  redirects,
});
const MIXED = [
  { share: 0.6, workMs: 5 },
  { share: 0.333, workMs: 20 },
  { share: 0.067, workMs: 154 },
];
const VARIANTS: Readonly<Record<string, Variant>> = {
  oracle: { oracle: shortestDelay },
  [DEFAULT]: of("least_time", true),
  least_time: of("least_time"),
  "learned + redirects": of("learned", true),
  [MEASURED]: { ...of("least_time", true), isMeasured: true },
  learned: of("learned"),
  p2c_ewma: of("p2c_ewma"),
  least_request: of("least_request"),
  round_robin: of("round_robin"),
  random: of("random"),
};

/** Knows the true state of every server and the calls on their way, and picks the server where the call ends first: no isolate can. */
function shortestDelay(servers: readonly Server[]): number {
  const delay = ({ inFlight, underway, cores, speed }: Server): number => Math.max(1, (inFlight + underway + 1) / cores) / speed;
  return servers.reduce((best, server, index) => (delay(server) < delay(servers[best]!) ? index : best), 0);
}

/** Every variant gets the same calls; goals are compared with the median of three seeds. */
function table(
  setting: Setting,
  seed: number,
  names: readonly string[],
  goals: (by: Readonly<Record<string, SimulatedOutcome>>) => readonly Goal[],
): Row[] {
  const by: Record<string, SimulatedOutcome> = {};
  for (const name of names) {
    const runs = [0, 1, 2].map((more) => run(setting, VARIANTS[name]!, seed + more));
    const middle = (figure: keyof SimulatedOutcome): number => runs.map((one) => one[figure]).sort((a, b) => a - b)[1]!;
    const mean = (figure: keyof SimulatedOutcome): number => runs.reduce((sum, one) => sum + one[figure] / runs.length, 0);
    by[name] = {
      p50: middle("p50"),
      p99: middle("p99"),
      p999: middle("p999"),
      errors: mean("errors"),
      messages: mean("messages"),
      peakToMean: mean("peakToMean"),
    };
  }
  return names.map((variant) => {
    const { p50, p99, p999, errors, messages, peakToMean } = by[variant]!;
    const figures = {
      "p50 ms": p50,
      "p99 ms": p99,
      "p99.9 ms": p999,
      "errors %": errors * 100,
      "messages/call": messages,
      "peak/mean": peakToMean,
      ...(by["oracle"] === undefined ? {} : { "p99/oracle": p99 / by["oracle"].p99 }),
    };
    return { variant, figures, ...(variant === DEFAULT ? { goals: goals(by) } : {}) };
  });
}

function scenario(isolates: number, load: number, p99AtMost: number): Scenario {
  return {
    name: `${isolates}-isolates-${load}`,
    about: `${isolates} isolates, ${load} % load, 20 servers`,
    run: (seed) =>
      table({ isolates, load: load / 100, seconds: SECONDS }, seed, TABLE, (by) => {
        const ours = by[DEFAULT]!;
        const p2c = by["p2c_ewma"]!;
        return [
          { name: "p99 over the oracle's", measured: ours.p99 / by["oracle"]!.p99, atMost: p99AtMost },
          { name: "extra messages for each call", measured: ours.messages - 1, atMost: 0.1 },
          { name: "p99 of the learned over the default's, one method", measured: by["learned + redirects"]!.p99 / ours.p99, atMost: 1 },
          ...(isolates === 64 && load === 70 ? [{ name: "p99 over that of p2c_ewma", measured: ours.p99 / p2c.p99, atMost: 0.3 }] : []),
          ...(isolates === 64 && load === 90
            ? [{ name: "times fewer errors than p2c_ewma", measured: p2c.errors / Math.max(ours.errors, 1e-9), atLeast: 10 }]
            : []),
        ];
      }),
  };
}

export const simulation: Simulation = {
  about: "20 servers of 4 cores (12 at speed 1, 5 at 0.5, 3 at 0.25), work 20 ms in the mean, 2.5 ms each way, time-out 1 s",
  scenarios: [
    scenario(64, 70, 1.25),
    scenario(64, 90, 1.05),
    scenario(1024, 70, 1.4),
    scenario(1024, 90, 1.15),
    ...[0.7, 0.85].map(
      (load): Scenario => ({
        name: `mixed-${load * 100}`,
        about: `16 isolates, ${load * 100} % load, methods of 5, 20 and 150 ms`,
        run: (seed) =>
          table(
            { isolates: 16, load, seconds: SECONDS, methods: MIXED },
            seed,
            [DEFAULT, "learned + redirects", "least_time", "learned", "p2c_ewma"],
            (by) => [
              { name: "p99 of the learned over the default's", measured: by["learned + redirects"]!.p99 / by[DEFAULT]!.p99, atMost: 0.9 },
              { name: "the same, both without redirects", measured: by["learned"]!.p99 / by["least_time"]!.p99, atMost: 0.9 },
            ],
          ),
      }),
    ),
    {
      name: "64-isolates-105",
      about: "64 isolates, 105 % load: more than can be served",
      run: (seed) =>
        table({ isolates: 64, load: 1.05, seconds: SECONDS }, seed, ["oracle", DEFAULT, "least_time", "p2c_ewma", "random"], () => []),
    },
    {
      name: "fast-failing",
      about: "64 isolates, 70 % load, one of 20 servers fails each call at once",
      run: (seed) =>
        table(
          { isolates: 64, load: 0.7, seconds: SECONDS, failing: 5 },
          seed,
          [DEFAULT, "least_time", "p2c_ewma", "least_request"],
          (by) => [{ name: "calls that fail, %", measured: by[DEFAULT]!.errors * 100, atMost: 0.05 }],
        ),
    },
  ],
};
