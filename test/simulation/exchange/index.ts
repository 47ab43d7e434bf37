// The load of relays and root objects with 10,000 isolates, 4,000 of them in one region: in steady state, in an outage that all of them
// see at once, and after a start of all of them.
import { type Row, randomStream, type Scenario, type Simulation, World } from "../simulation.ts";
import { SimulatedIsolate } from "./isolate.ts";
import { Network, ROOT_MS, type SimulatedRegion } from "./network.ts";
import { WorldKey } from "./world-key.ts";

const REGIONS = Object.keys(ROOT_MS) as SimulatedRegion[];
const LARGE: SimulatedRegion = "weur";
const MAX_PER_S = 500; // requests to any object
const MAX_RELAY_PER_S = 300; // exchanges at a relay, in steady state
const WARM_MS = 40_000;
const END_MS = 60_000;
const WORLD_KEY_END_MS = 9_000;

interface Setting {
  readonly isolates: number; // 40 % of them in one region
  readonly startMs: number; // time in which their first calls come
  readonly needsList?: boolean;
  readonly failing?: readonly string[]; // endpoints that fail from 60 s on
  readonly callsPerSecond: number; // calls of one isolate
}

/** 40 % of the isolates are in one region. */
function regionOf(n: number, isolates: number): SimulatedRegion {
  return n < isolates * 0.4 ? LARGE : REGIONS.filter((one) => one !== LARGE)[n % (REGIONS.length - 1)]!;
}

function run(setting: Setting, seed: number) {
  const { isolates, startMs, needsList = false, failing = [], callsPerSecond } = setting;
  const world = new World();
  const rng = randomStream(seed);
  const network = new Network(world, randomStream(seed + 1));
  const isFailing = (endpoint: string): boolean => world.now >= WARM_MS && failing.includes(endpoint);
  let calls = 0;
  for (let n = 0; n < isolates; n++) {
    const region = regionOf(n, isolates);
    const isolate = new SimulatedIsolate({ world, network, rng, region, name: `isolate-${n}`, needsList, isFailing });
    const call = (): void => {
      calls += 1;
      isolate.call();
      world.after((-Math.log(1 - rng()) * 1_000) / callsPerSecond, call);
    };
    world.at(rng() * startMs, call);
  }
  world.run(END_MS);
  return { network, calls };
}

function row(variant: string, setting: Setting, seed: number): Row {
  const { network, calls } = run(setting, seed);
  const [start, steady, late] = [network.most(0, 20_000), network.most(25_000, WARM_MS), network.most(WARM_MS, END_MS)];
  const isOutage = setting.failing !== undefined;
  return {
    variant,
    figures: {
      relays: network.relays,
      "relay start/s": start.relay,
      "relay steady/s": steady.relay,
      ...(isOutage ? { "relay outage/s": late.relay } : {}),
      "root start/s": start.root,
      "root steady/s": steady.root,
      ...(isOutage ? { "root outage/s": late.root } : {}),
      "requests/call": network.requests / calls,
    },
    goals: [
      { name: "requests/s at the busiest object, start", measured: Math.max(start.relay, start.root), atMost: MAX_PER_S },
      { name: "exchanges/s at the busiest relay, steady", measured: steady.relay, atMost: MAX_RELAY_PER_S },
      { name: "requests/s at the busiest root object, steady", measured: steady.root, atMost: MAX_PER_S },
      { name: "requests/s at the busiest object, last 20 s", measured: Math.max(late.relay, late.root), atMost: MAX_PER_S },
    ],
  };
}

/** @param load demand of all isolates over the limit */
function worldKeyRow(load: number, startMs: number, callsPerSecond: number, fail: "open" | "closed", seed: number): Row {
  const isolates = 10_000;
  const world = new World();
  const rate = Math.round((isolates * callsPerSecond) / load);
  const key = new WorldKey(world, { capacity: rate, rate, intervalMs: 1_000 }, seed);
  const rng = randomStream(seed);
  let [calls, passed] = [0, 0];
  for (let n = 0; n < isolates; n++) {
    const leaf = key.isolate(regionOf(n, isolates), `isolate-${n}`, fail);
    const decided = (isAdmitted: boolean): void => {
      if (!isAdmitted) return;
      passed += 1;
      key.curve.admit(world.now);
    };
    const call = (): void => {
      calls += 1;
      leaf.call(decided);
      world.after((-Math.log(1 - rng()) * 1_000) / callsPerSecond, call);
    };
    world.at(rng() * startMs, call);
  }
  world.run(WORLD_KEY_END_MS);
  const [start, steady] = [key.most(0, 5_000), key.most(5_000, WORLD_KEY_END_MS)];
  return {
    variant: `${load}x, ${callsPerSecond}/s each, fail ${fail}`,
    figures: {
      objects: key.objects,
      "regional start/s": start.regional,
      "regional steady/s": steady.regional,
      "root start/s": start.root,
      "root steady/s": steady.root,
      "requests/call": key.requests / calls,
      "passed, %": (100 * passed) / calls,
      "over, tokens": key.curve.excess,
    },
    goals: [
      { name: "requests/s at the busiest object, start", measured: Math.max(start.regional, start.root), atMost: MAX_PER_S },
      { name: "requests/s at the busiest object, steady", measured: Math.max(steady.regional, steady.root), atMost: MAX_PER_S },
      { name: "over, tokens", measured: key.curve.excess, atMost: fail === "open" ? isolates : 0 }, // one token of debt for each isolate
    ],
  };
}

const LOAD = { isolates: 10_000, callsPerSecond: 1 };

const scenarios: readonly Scenario[] = [
  {
    name: "steady",
    about: "10,000 isolates with a call a second each, started within 20 s",
    run: (seed) => [row("breakers, purges", { ...LOAD, startMs: 20_000 }, seed)],
  },
  {
    name: "outage",
    about: "the same; from 40 s on one of three endpoints fails, or all of them, for all isolates at once",
    run: (seed) => [
      row("one endpoint", { ...LOAD, startMs: 20_000, failing: ["a"] }, seed),
      row("all endpoints", { ...LOAD, startMs: 20_000, failing: ["a", "b", "c"] }, seed),
    ],
  },
  {
    name: "cold-start",
    about: "all 10,000 isolates start within a second; their first calls wait for an endpoint list, or for nothing",
    run: (seed) => [
      row("wait for nothing", { ...LOAD, startMs: 1_000 }, seed),
      row("wait for a list", { ...LOAD, startMs: 1_000, needsList: true }, seed),
    ],
  },
  {
    name: "world-key",
    about: "10,000 isolates that start within a second, and a key that all callers of the world share, lent over regions",
    run: (seed) => [worldKeyRow(0.5, 1_000, 1, "closed", seed), worldKeyRow(2, 1_000, 1, "open", seed)],
  },
  {
    name: "small",
    about: "100 isolates with a call a second each: what the exchange costs",
    run: (seed) => [row("breakers, list, purges", { isolates: 100, callsPerSecond: 1, startMs: 20_000, needsList: true }, seed)],
  },
];

export const simulation: Simulation = {
  about: "exchanges of isolates with relays, and of relays with root objects; 40 % of the isolates in one region, the others in six",
  scenarios,
};
