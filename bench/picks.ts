// `npm run bench:picks`: the cost of a pick, the cost and size of a ring, and how many keys it moves, beside other libraries.
import { createRequire } from "node:module";
import type { Candidate, PickInput } from "../core/balance/balancer.ts";
import { DEFAULT_BALANCER_SETTINGS } from "../core/balance/balancer.ts";
import { BALANCERS } from "../core/balance/balancers.ts";
import { mix32 } from "../core/balance/hashing.ts";
import { Load } from "../core/balance/load.ts";
import type { BalancerName } from "../core/config/upstream.ts";
import { hash32 } from "../core/hash.ts";
import { describeEnvironment } from "./figures/environment.ts";
import { sized } from "./sized.ts";

interface HashRing {
  get(key: string): string;
}
const require = createRequire(import.meta.url);
const HashRing = require("hashring") as new (members: Record<string, number>) => HashRing;
const ConsistentHash = require("consistent-hash") as new () => { add(id: string, weight: number): void; get(key: string): string };

const count = sized("bench:picks", 90);
const KEYS = count(500_000, 10_000);
const KEYS_EACH = count(20_000, 100); // keys per endpoint for the shares of our own balancers
const TIMED = count(50_000, 1_000); // timed picks; fewer where every pick looks at a thousand endpoints
const ROUNDS = count(7);
const SIZES = [3, 100, 1_000];
const keys = Array.from({ length: KEYS }, (_, index) => `tenant-${index}`);
const numbers = Uint32Array.from(keys, hash32);

interface Ring {
  readonly build: (ids: readonly string[]) => (index: number) => string;
}

const candidatesOf = (ids: readonly string[]): Candidate[] => ids.map((id) => ({ id, weight: 1, load: new Load() }));
const question = (key: number): PickInput => ({ key, now: 1_000, rng: Math.random, isEligible: () => true });

const ours = (name: BalancerName): Ring => ({
  build(ids) {
    const balancer = BALANCERS[name].create(candidatesOf(ids), DEFAULT_BALANCER_SETTINGS);
    const current = { ...question(0) } as { -readonly [F in keyof PickInput]: PickInput[F] };
    return (index) => {
      current.key = numbers[index]!;
      return ids[balancer.pick(current)]!;
    };
  },
});
const rings: Readonly<Record<string, Ring>> = {
  ...Object.fromEntries(Object.keys(BALANCERS).map((name) => [name, ours(name as BalancerName)])),
  "npm hashring": {
    build(ids) {
      const ring = new HashRing(Object.fromEntries(ids.map((id) => [id, 1])));
      return (index) => ring.get(keys[index]!);
    },
  },
  "npm consistent-hash": {
    build(ids) {
      const ring = new ConsistentHash();
      for (const id of ids) ring.add(id, 100);
      return (index) => ring.get(keys[index]!);
    },
  },
};

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

function timed(run: () => void): number {
  const startedAt = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - startedAt);
}

/** Keys that moved when one endpoint left, over keys that it owned; 1 is the minimum. */
function moved({ build }: Ring, ids: readonly string[]): number {
  const [before, after] = [build(ids), build(ids.slice(1))];
  let [all, forced] = [0, 0];
  for (let index = 0; index < KEYS; index++) {
    if (before(index) === ids[0]) forced += 1;
    if (before(index) !== after(index)) all += 1;
  }
  return all / forced;
}

function peak({ build }: Ring, ids: readonly string[]): number {
  const counts = new Map<string, number>();
  const pick = build(ids);
  for (let index = 0; index < KEYS; index++) counts.set(pick(index), (counts.get(pick(index)) ?? 0) + 1);
  return (Math.max(...counts.values()) * ids.length) / KEYS;
}

/** Like `peak`, with so many keys per endpoint that random variation is small. */
function peakOf(name: BalancerName, ids: readonly string[]): number {
  const balancer = BALANCERS[name].create(candidatesOf(ids), DEFAULT_BALANCER_SETTINGS);
  const current = { ...question(0) } as { -readonly [F in keyof PickInput]: PickInput[F] };
  const counts = new Float64Array(ids.length);
  const keys = Math.max(KEYS, KEYS_EACH * ids.length);
  for (let index = 0; index < keys; index++) {
    current.key = mix32(index);
    counts[balancer.pick(current)]! += 1;
  }
  return (Math.max(...counts) * ids.length) / keys;
}

/** consistent-hash cannot place a thousand endpoints, and fails. */
const ringsFor = (size: number) => Object.entries(rings).filter(([name]) => size < 1_000 || name !== "npm consistent-hash");
const usesKey = (name: string): boolean => !(name in BALANCERS) || BALANCERS[name as BalancerName].usesKey;
const { date, machine, cores, node } = describeEnvironment(0, 0);
process.stdout.write(
  `${date.slice(0, 10)}; ${machine}, ${cores} cores; Node ${node}; ${KEYS} keys, median of ${ROUNDS} rounds, the libraries in turn.\n`,
);
for (const size of SIZES) {
  const ids = Array.from({ length: size }, (_, index) => `http://10.0.${index >> 8}.${index & 255}:8080`);
  const picks: Record<string, number[]> = {};
  const builds: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { build }] of ringsFor(size)) {
      const timedPicks = size === 1_000 && !(name === "consistent_hash" || name === "maglev") ? TIMED / 50 : TIMED;
      let pick = (_: number): string => "";
      const builtIn = timed(() => {
        pick = build(ids);
      });
      let sink = 0;
      const took = timed(() => {
        for (let index = 0; index < timedPicks; index++) sink += pick(index).length;
      });
      if (sink < 0) throw new Error("unreachable");
      builds[name] = [...(builds[name] ?? []), builtIn / 1e6];
      picks[name] = [...(picks[name] ?? []), took / timedPicks];
    }
  }
  process.stdout.write(`\n| ${size} endpoints | ns/pick | build ms | keys moved / forced | busiest / mean |\n|---|--:|--:|--:|--:|\n`);
  for (const [name, ring] of ringsFor(size)) {
    const byKey = usesKey(name) && (size < 1_000 || name === "consistent_hash" || name === "maglev");
    const figures = [median(picks[name]!).toFixed(0), median(builds[name]!).toFixed(2)];
    process.stdout.write(
      `| ${name} | ${[...figures, byKey ? moved(ring, ids).toFixed(3) : "", byKey ? (name in BALANCERS ? peakOf(name as BalancerName, ids) : peak(ring, ids)).toFixed(2) : ""].join(" | ")} |\n`,
    );
  }
}
