// A world-wide key: regions lease from a root bucket and lend to their isolates, over the round trips of real cities.
import { debtLimitOf } from "../../../core/rate-limit/isolate/debt.ts";
import { isLentOverRegions } from "../../../core/rate-limit/region/over-regions.ts";
import { type Bucket, type BucketLimit, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { type Goal, type Row, randomStream, type Scenario, World } from "../simulation.ts";
import { CITIES, type City, REGIONAL_RTT_MS, roundTripMs } from "./cities.ts";
import { arrivalCurve, ideal } from "./oracles.ts";
import { Leaf } from "./tree/leaf.ts";
import { Lender } from "./tree/lender.ts";
import { Root } from "./tree/root.ts";
import { REAL_CODE, type Site } from "./tree/site.ts";
import { sumsOf } from "./tree/sums.ts";

const BIG: BucketLimit = { capacity: 10_000, rate: 10_000, intervalMs: 1_000 };
const ISOLATES = 40; // in each region
const WAIT_MS = 1_000; // the default of `waitMs` for rules that fail closed
const OPEN_WAIT_MS = 250; // a call of a cold isolate waits no longer under a rule that fails open
const WARM_MS = 8_000; // figures count from here: the root has renewed each region's share by then
const ROOT_AT: City = "Washington DC";

type Mode = "closed" | "open" | "exact";

interface RegionSetting {
  readonly limit: BucketLimit;
  readonly load: number; // demand over the limit's rate
  readonly demand: "uniform" | "zipf" | "on-off";
  readonly seconds: number;
  readonly mode: Mode;
  readonly isFlat?: boolean; // no regions: isolates lease from the root
  readonly cities?: readonly City[];
  readonly isolates?: number; // in each city
  readonly warmMs?: number; // figures count from here
  readonly cutOff?: { readonly city: City; readonly from: number; readonly to: number }; // ms; its objects cannot reach the root
}

interface Outcome {
  readonly figures: Record<string, number>;
  readonly broken: readonly string[];
}

/** Where messages of an isolate go: its lease, or under `exact` the bucket itself. */
type Take = (decided: (isAdmitted: boolean) => void) => void;

export function simulateRegions(setting: RegionSetting, seed: number): Outcome {
  const { limit, load, demand, seconds, mode, isFlat = false, cutOff, cities = CITIES, isolates = ISOLATES, warmMs = WARM_MS } = setting;
  const world = new World();
  const random = randomStream(seed);
  const exponential = (mean: number): number => -Math.log(1 - random()) * mean;
  const curve = arrivalCurve(limit);
  const perfect = ideal(limit);
  const broken: string[] = [];
  let checks = 0;
  const isCut = (city: string): boolean =>
    cutOff !== undefined && city === cutOff.city && world.now >= cutOff.from && world.now < cutOff.to;
  const delay = (from: string, to: string): number => {
    const oneWay =
      (from.startsWith("isolate:") ? roundTripMs(from.slice(8) as City, to as City) : roundTripMs(from as City, to as City)) / 2;
    return 0.8 * oneWay + exponential(0.2 * oneWay);
  };
  const site: Site = {
    ...{ world, limit, random, code: REAL_CODE, objectMs: 1 },
    copies(from, to) {
      const ends = [from, to].map((place) => place.replace("isolate:", "") as City);
      if (ends[0] !== ends[1] && ends.some(isCut)) return [];
      return [delay(...((from.startsWith("isolate:") ? [from, to] : to.startsWith("isolate:") ? [to, from] : ends) as [string, string]))];
    },
    decided: () => {
      if (++checks % 20 === 0) broken.push(...sumsOf(root, lenders, leaves)); // all sums at every message would take minutes
    },
  };
  const root = new Root(site, ROOT_AT);
  const lenders = isFlat ? [] : cities.map((city) => new Lender(root, city, city));
  const leaves: Leaf[] = [];
  let bucket: Bucket | undefined;
  let exactCalls = 0;
  const takes: { readonly take: Take; readonly city: City }[] = [];
  for (let index = 0; index < isolates * cities.length; index++) {
    const city = cities[index % cities.length]!;
    const place = `isolate:${city}`;
    if (mode === "exact") {
      const take: Take = (decided) => {
        for (const there of site.copies(place, ROOT_AT)) {
          world.after(there, () => {
            if (world.now >= warmMs) exactCalls += 1;
            const [after, decision] = takeTokens(bucket, limit, 1, Math.floor(world.now));
            bucket = after;
            for (const back of site.copies(ROOT_AT, place)) world.after(back, () => decided(decision.kind === "allowed"));
          });
        }
      };
      takes.push({ take, city });
      continue;
    }
    const above = isFlat ? root : lenders[index % cities.length]!;
    const isOpen = mode === "open";
    const leaf = new Leaf(above, place, `${city}/${index}`, isOpen ? OPEN_WAIT_MS : WAIT_MS, isOpen ? debtLimitOf(limit, true) : undefined);
    leaves.push(leaf);
    takes.push({ take: (decided) => leaf.call(decided), city });
  }

  const counted = { arrivals: 0, admitted: 0, could: 0, refusedCutOff: 0 };
  const waits: number[] = [];
  const weights = takes.map((_, index) => (demand === "zipf" ? 1 / (index + 1) : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, { take, city }] of takes.entries()) {
    const perMs = ((limit.rate / limit.intervalMs) * load * weights[index]!) / total;
    const arrive = (): void => {
      const since = world.now;
      const isWarm = since >= warmMs;
      const isOn = demand !== "on-off" || (since + index * 97) % 2_500 < 500;
      if (isOn) {
        const could = perfect(since);
        if (isWarm) counted.arrivals += 1;
        if (isWarm && could) counted.could += 1;
        take((isAdmitted) => {
          if (isAdmitted) curve.admit(world.now);
          if (!isWarm) return;
          waits.push(world.now - since);
          if (isAdmitted) counted.admitted += 1;
          else if (cutOff?.city === city) counted.refusedCutOff += 1;
        });
      }
      world.after(exponential(1 / (demand === "on-off" ? perMs * 5 : perMs)), arrive);
    };
    world.at(exponential(1 / perMs), arrive);
  }
  let requestsBefore = 0;
  const requests = (): number => root.thread.requests + lenders.reduce((sum, { thread }) => sum + thread.requests, 0) + exactCalls;
  world.at(warmMs, () => {
    requestsBefore = requests() - exactCalls;
  });
  world.run(seconds * 1_000);

  waits.sort((a, b) => a - b);
  const calls = requests() - requestsBefore;
  const { arrivals, admitted, could, refusedCutOff } = counted;
  return {
    broken,
    figures: {
      "over, tokens": curve.excess,
      "under, %": could === 0 ? 0 : Math.max(0, (100 * (could - admitted - refusedCutOff)) / could),
      "calls/request": calls / Math.max(1, arrivals),
      "calls/s": (calls * 1_000) / (seconds * 1_000 - warmMs),
      "root calls/s": root.thread.requests / seconds,
      "p99 added, ms": waits[Math.floor(waits.length * 0.99)] ?? 0,
      ...(cutOff === undefined ? {} : { "refused in the region cut off": refusedCutOff }),
    },
  };
}

const goal = (figures: Record<string, number>, name: string, atMost: number): Goal => ({ name, measured: figures[name]!, atMost });
/** From an isolate to a Durable Object of its region and back, the slowest of 20 round trips, and 1 ms of the object's time. */
const REGIONAL_P95_MS = 0.8 * REGIONAL_RTT_MS + 0.2 * REGIONAL_RTT_MS * 2.4 + 1;

const CASES = [
  { demand: "uniform", load: 0.5, under: 0.1 },
  { demand: "uniform", load: 0.9, under: 0.1 },
  { demand: "on-off", load: 0.9, under: 4 },
  { demand: "uniform", load: 1.1, under: 8 },
  { demand: "zipf", load: 1.1, under: 8 },
  { demand: "uniform", load: 2, under: 8 },
  { demand: "zipf", load: 2, under: 8 },
  { demand: "uniform", load: 10, under: 8 },
  { demand: "zipf", load: 10, under: 18 },
] as const;

const overLoads: Scenario[] = CASES.map(({ demand, load, under }) => ({
  name: `regions-${demand}-${load}x`,
  about: `a world-wide key of 10,000/s, ${CITIES.length} regions of ${ISOLATES} isolates, ${demand} demand of ${load} x the limit`,
  run(seed): Row[] {
    const setting: RegionSetting = { limit: BIG, load, demand, seconds: WARM_MS / 1_000 + (load === 10 ? 4 : 8), mode: "closed" };
    const tree = simulateRegions(setting, seed);
    const flat = simulateRegions({ ...setting, isFlat: true }, seed);
    const ratio = tree.figures["calls/request"]! / flat.figures["calls/request"]!;
    return [
      {
        variant: "regions",
        figures: { ...tree.figures, "calls over one object's": ratio },
        goals: [
          goal(tree.figures, "over, tokens", 0),
          goal(tree.figures, "under, %", under),
          goal(tree.figures, "p99 added, ms", REGIONAL_P95_MS),
          { name: "calls over one object's", measured: ratio, atMost: 3 },
          { name: "sums that did not hold", measured: tree.broken.length, atMost: 0 },
        ],
      },
      { variant: "one object", figures: flat.figures, goals: [goal(flat.figures, "over, tokens", 0)] },
    ];
  },
}));

const modes: Scenario = {
  name: "regions-modes",
  about: "the same key at 0.9 and 2 x the limit, under rules that fail closed, fail open, and are exact",
  run: (seed) =>
    ([0.9, 2] as const).flatMap((load) =>
      (["closed", "open", "exact"] as const).map((mode): Row => {
        const { figures, broken } = simulateRegions({ limit: BIG, load, demand: "uniform", seconds: 14, mode }, seed);
        const debt = mode === "open" ? ISOLATES * CITIES.length : 0; // each isolate may owe one token when it starts
        return {
          variant: `${mode}, ${load}x`,
          figures,
          goals: [
            goal(figures, "over, tokens", debt),
            { name: "sums that did not hold", measured: broken.length, atMost: 0 },
            ...(mode === "open" ? [goal(figures, "p99 added, ms", 0)] : []),
          ],
        };
      }),
    ),
};

const cutOff: Scenario = {
  name: "regions-cut-off",
  about: "the same key at 1.1 x the limit; Tokyo cannot reach the root for 30 s, and comes back",
  run(seed) {
    const setting: RegionSetting = { limit: BIG, load: 1.1, demand: "uniform", seconds: 55, mode: "closed" };
    const { figures, broken } = simulateRegions({ ...setting, cutOff: { city: "Tokyo", from: 12_000, to: 42_000 } }, seed);
    return [
      {
        variant: "regions",
        figures,
        goals: [
          goal(figures, "over, tokens", 0),
          goal(figures, "under, %", 8),
          { name: "sums that did not hold", measured: broken.length, atMost: 0 },
        ],
      },
    ];
  },
};

const small: Scenario = {
  name: "regions-small",
  about: "world-wide keys of 40 to 300 a second at 0.5 x the limit: from which rate on regions between isolates and the root pay",
  run: (seed) =>
    [40, 160, 300].flatMap((rate) =>
      [true, false].map((isFlat): Row => {
        const limit = { capacity: rate, rate, intervalMs: 1_000 };
        const { figures } = simulateRegions({ limit, load: 0.5, demand: "uniform", seconds: 20, mode: "closed", isFlat }, seed);
        return { variant: `${rate}/s, ${isFlat ? "one object" : "regions"}`, figures, goals: [goal(figures, "over, tokens", 0)] };
      }),
    ),
};

const FLEETS = [
  { cities: ["London", "Sydney"], isolates: 2 },
  { cities: CITIES, isolates: 40 },
] as const;

const start: Scenario = {
  name: "regions-start",
  about:
    "the first five seconds of world-wide keys around the boundary of `isLentOverRegions`; the goals are those of the way that it chooses",
  run: (seed) =>
    FLEETS.flatMap(({ cities, isolates }) =>
      [40, 160, 500, 2_000].flatMap((rate) =>
        [0.5, 3].flatMap((load) =>
          [true, false].map((isFlat): Row => {
            const limit = { capacity: rate, rate, intervalMs: 1_000 };
            const setting = { cities, isolates, limit, load, demand: "uniform" as const, seconds: 5, mode: "closed" as const, warmMs: 0 };
            const { figures, broken } = simulateRegions({ ...setting, isFlat }, seed);
            const isChosen = isLentOverRegions(limit) !== isFlat;
            return {
              variant: `${cities.length} x ${isolates}, ${rate}/s, ${load}x, ${isFlat ? "one object" : "regions"}`,
              figures,
              goals: [
                goal(figures, "over, tokens", 0),
                { name: "sums that did not hold", measured: broken.length, atMost: 0 },
                ...(isChosen ? [goal(figures, "under, %", load < 1 && rate >= 500 ? 5 : 20)] : []),
              ],
            };
          }),
        ),
      ),
    ),
};

export const regions: Scenario[] = [...overLoads, modes, cutOff, small, start];
