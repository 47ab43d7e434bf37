// `npm run bench:cache`: the cost of a hit in an isolate, the hit ratio of each store, and the number of writes to the shared level.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LRUCache } from "lru-cache";
import QuickLRU from "quick-lru";
import { DEFAULT_L2_ADMISSION } from "../core/cache/store/l2-admission.ts";
import { STORES } from "../core/cache/store/stores.ts";
import type { StoreName } from "../core/config/cache.ts";
import { ISOLATES, LIFE_MS, oncePercent, PER_SECOND, sharedWrites } from "../test/support/cache-shared.ts";
import { driftTrace, hitPercent, scanTrace, seeded, type Trace, zipf, zipfTrace } from "../test/support/cache-traces.ts";
import { describeEnvironment } from "./figures/environment.ts";
import { sized } from "./sized.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const scaled = sized("bench:cache", 60);
const NOW = 1_763_000_000_000;
const SIZE = 10_000;
const HITS = scaled(1_000_000, 50_000);
const COUNTED = scaled(100_000, 50_000); // hits that fit between two collections even at 100 bytes each
const ROUNDS = scaled(7);

interface Cache {
  get(key: string): unknown;
  set(key: string, value: object): void;
}

const ours =
  (name: StoreName) =>
  (size: number): Cache => {
    const store = STORES[name]<object>({ maxEntries: size, maxBytes: Number.MAX_SAFE_INTEGER });
    return { get: (key) => store.get(key, NOW), set: (key, value) => store.set(key, value, 1_000, NOW + LIFE_MS, NOW) };
  };
/** Seven lines that many projects contain: the first key of a Map is its oldest. */
function mapLru(size: number): Cache {
  const map = new Map<string, object>();
  return {
    get(key) {
      const value = map.get(key);
      if (value === undefined) return undefined;
      map.delete(key);
      map.set(key, value);
      return value;
    },
    set(key, value) {
      if (map.size >= size) map.delete(map.keys().next().value!);
      map.set(key, value);
    },
  };
}
const caches: Readonly<Record<string, (size: number) => Cache>> = {
  lru: ours("lru"),
  "s3-fifo": ours("s3-fifo"),
  "npm lru-cache": (max) => new LRUCache<string, object>({ max }),
  "npm lru-cache, ttl that works on Workers": (max) =>
    new LRUCache<string, object>({ max, ttl: LIFE_MS, ttlResolution: 0, perf: { now: () => Date.now() } }),
  "npm quick-lru, maxAge": (maxSize) => new QuickLRU<string, object>({ maxSize, maxAge: LIFE_MS }),
  "Map, delete and set": mapLru,
  "Map alone: bounds nothing": () => new Map<string, object>(),
};

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
const keyOf = (number: number): string => `v1|users.v1.UserService/GetUser|shared|usr_${number}`;
const keys = Array.from({ length: SIZE }, (_, number) => keyOf(number));
const order = Uint32Array.from({ length: HITS }, zipf(SIZE, 0.9, seeded(1)));

function hit(cache: Cache, count: number, key: (number: number) => string): number {
  let found = 0;
  for (let index = 0; index < count; index++) if (cache.get(key(order[index]!)) !== undefined) found += 1;
  return found;
}

/** @returns ns for a hit: with its key at hand, with its key built; and bytes that a hit leaves on the heap */
function measured(create: (size: number) => Cache): [number, number, number] {
  const cache = create(SIZE);
  for (const key of keys) cache.set(key, { key });
  const figures: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, key] of [(number: number) => keys[number]!, keyOf].entries()) {
      const startedAt = process.hrtime.bigint();
      if (hit(cache, HITS, key) !== HITS) throw new Error("a hit was none");
      if (round > 0) figures[index]!.push(Number(process.hrtime.bigint() - startedAt) / HITS);
    }
    collect();
    const before = process.memoryUsage().heapUsed;
    hit(cache, COUNTED, (number) => keys[number]!);
    if (round > 0) figures[2].push((process.memoryUsage().heapUsed - before) / COUNTED);
  }
  return [median(figures[0]), median(figures[1]), median(figures[2])];
}

const say = (...cells: (string | number)[]): void => void process.stdout.write(`| ${cells.join(" | ")} |\n`);
const { date, machine, cores, node } = describeEnvironment(0, 0);
process.stdout.write(
  `${date.slice(0, 10)}; ${machine}, ${cores} cores; Node ${node}; ${SIZE} entries, keys of ${keys[SIZE - 1]!.length} characters, `,
);
process.stdout.write(`${HITS} hits by zipf 0.9, median of ${ROUNDS} rounds.\n\n`);
say("a hit in an isolate", "ns", "ns with its key built", "bytes allocated");
say("---", "--:", "--:", "--:");
for (const [name, create] of Object.entries(caches)) {
  const [alone, built, bytes] = measured(create);
  say(name, alone.toFixed(0), built.toFixed(0), Math.max(0, bytes).toFixed(1));
}

const SHAPE = { count: 100_000, length: scaled(1_000_000, 20_000), seed: 7 };
const traces: Readonly<Record<string, Trace>> = {
  "zipf 0.9": zipfTrace(SHAPE, 0.9),
  "zipf 1.0": zipfTrace(SHAPE, 1),
  "zipf 0.9, a fifth in scans": scanTrace(SHAPE),
  "zipf 0.9, drifting": driftTrace(SHAPE, 30),
  "zipf 0.9, drifting fast": driftTrace(SHAPE, 10),
};
const compared = ["lru", "npm lru-cache", "s3-fifo", "npm quick-lru, maxAge"];
process.stdout.write(`\n${SHAPE.length} requests for ${SHAPE.count} keys; hit ratios in %, without expiry.\n\n`);
say("trace", "entries", ...compared);
say("---", "--:", ...compared.map(() => "--:"));
for (const [name, trace] of Object.entries(traces)) {
  for (const size of [1_000, SIZE]) {
    const percents = compared.map((one) => {
      const cache = caches[one]!(size);
      return hitPercent(
        trace,
        (key) => cache.get(key) !== undefined,
        (key) => cache.set(key, trace),
      ).toFixed(2);
    });
    say(name, size, ...percents);
  }
}

process.stdout.write(
  `\n${ISOLATES} isolates of ${SIZE} entries before one shared level, ${PER_SECOND} requests/s in all, lives of ${LIFE_MS / 1_000} s; for 1,000 requests.\n\n`,
);
say("trace", "keys requested once", "writes on every miss", "writes by the rules", "ratio", "upstream calls", "by the rules");
say("---", "--:", "--:", "--:", "--:", "--:", "--:");
for (const [name, trace] of Object.entries({
  "zipf 0.9": zipfTrace({ ...SHAPE, length: scaled(300_000, 20_000) }, 0.9),
  "zipf 0.7": zipfTrace({ ...SHAPE, length: scaled(300_000, 20_000) }, 0.7),
  "zipf 0.9, a fifth in scans": scanTrace({ ...SHAPE, length: scaled(300_000, 20_000) }),
})) {
  const every = sharedWrites(trace, { ...DEFAULT_L2_ADMISSION, secondMissWithinMs: 0 });
  const some = sharedWrites(trace, DEFAULT_L2_ADMISSION);
  const figures = [every.writes, some.writes].map((figure) => figure.toFixed(1));
  const cells = [...figures, (some.writes / every.writes).toFixed(2), every.fetches.toFixed(1), some.fetches.toFixed(1)];
  say(name, `${oncePercent(trace).toFixed(0)} %`, ...cells);
}
