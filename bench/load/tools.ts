// The three load tools: how each is found, and how it is started with the sizes of requirement T2.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { heyResult, type LoadResult, scriptResult } from "./results.ts";

/** Sizes of the full load; a run may take a share of them. */
export interface Sizes {
  readonly threads: number; // threads of wrk
  readonly connections: number; // connections of wrk
  readonly wrkSeconds: number;
  readonly requests: number; // requests of hey
  readonly concurrency: number; // requests of hey in flight
  readonly rate: number; // requests of hey in a second
  readonly users: number; // users of k6
  readonly k6Seconds: number;
}

export const FULL: Sizes = {
  threads: 32,
  connections: 1_000,
  wrkSeconds: 60,
  requests: 100_000,
  concurrency: 100,
  rate: 1_000,
  users: 500,
  k6Seconds: 300,
};

/** @param scale share of the full sizes, in (0, 1] @returns whole sizes, at least 1 */
export function scaled(scale: number, full: Sizes = FULL): Sizes {
  return Object.fromEntries(Object.entries(full).map(([name, size]) => [name, Math.max(1, Math.round(size * scale))])) as unknown as Sizes;
}

export interface Target {
  readonly origin: string;
  readonly user: string; // id of a user that is there
}

export interface Tool {
  readonly name: "wrk" | "hey" | "k6";
  /** @returns the command without arguments; or why it cannot be started */
  find(): { readonly command: readonly string[] } | { readonly missing: string };
  arguments(target: Target, sizes: Sizes): readonly string[];
  resultOf(output: string): LoadResult | undefined;
}

const HERE = import.meta.dirname;

export const TOOLS: readonly Tool[] = [
  {
    name: "wrk",
    find: () => (starts("wrk", "-v") ? { command: ["wrk"] } : { missing: "found no wrk; install it: apt-get install wrk" }),
    arguments: ({ origin, user }, { threads, connections, wrkSeconds }) => [
      `-t${Math.min(threads, connections)}`,
      `-c${connections}`,
      `-d${wrkSeconds}s`,
      "--timeout",
      "15s",
      "-s",
      join(HERE, "wrk.lua"),
      origin,
      "--",
      user,
    ],
    resultOf: scriptResult,
  },
  {
    name: "hey",
    find: () => byGo("hey", "github.com/rakyll/hey@v0.1.5"),
    // Its rate is one of each worker. It sends one address: its gateway has no limit for callers.
    arguments: ({ origin }, { requests, concurrency, rate }) => [
      ...["-n", String(requests), "-c", String(concurrency), "-q", String(Math.max(1, Math.round(rate / concurrency)))],
      ...["-t", "15", "-H", "Authorization: Bearer load-test", `${origin}/api/v1/orders`],
    ],
    resultOf: heyResult,
  },
  {
    name: "k6",
    find: () => byGo("k6", "go.k6.io/k6@v1.8.1"),
    arguments: ({ origin, user }, { users, k6Seconds }) => [
      ...["run", "--quiet", "--no-usage-report", "-e", `ORIGIN=${origin}`, "-e", `USER=${user}`, "-e", `USERS=${users}`],
      ...["-e", `SECONDS=${k6Seconds}`, join(HERE, "k6.js")],
    ],
    resultOf: scriptResult,
  },
];

function starts(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).error === undefined;
}

/** A program that is installed, or the same one built by `go run`, which takes minutes the first time. */
function byGo(name: string, module: string): ReturnType<Tool["find"]> {
  if (starts(name, name === "k6" ? "version" : "-h")) return { command: [name] };
  return starts("go", "version") ? { command: ["go", "run", module] } : { missing: `found neither ${name} nor go; install one of them` };
}
