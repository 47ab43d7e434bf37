// How others limit, in the same world of isolates: a counter for each location, quotas by report, and a call for each request.
import { type Bucket, type BucketLimit, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { type Row, randomStream, type Scenario, World } from "../simulation.ts";
import { arrivalCurve, ideal } from "./oracles.ts";

const LIMIT: BucketLimit = { capacity: 10_000, rate: 10_000, intervalMs: 1_000 };
const ISOLATES = 100;
const LOCATIONS = 10;
const SECONDS = 12;
const REPORTS_MS = 1_000; // interval between two reports of one isolate; Envoy's quota service defaults to seconds

interface Site {
  readonly world: World;
  readonly roll: () => number;
  /** One message to the one bucket and back. */
  request(answer: () => void): void;
}

type Strategy = (site: Site) => (isolate: number, decided: (isAdmitted: boolean) => void) => void;

/** No messages: each location counts for itself. */
const perLocation: Strategy = ({ world }) => {
  const buckets = new Map<number, Bucket>();
  return (isolate, decided) => {
    const at = isolate % LOCATIONS;
    const [bucket, verdict] = takeTokens(buckets.get(at), LIMIT, 1, Math.floor(world.now));
    buckets.set(at, bucket);
    decided(verdict.kind === "allowed");
  };
};

/** Isolates report what they have seen once a second, and are assigned a rate until the next report; without one they admit everything. */
const quotaReports: Strategy = (site) => {
  const seen = new Float64Array(ISOLATES);
  const reported = new Float64Array(ISOLATES);
  const assigned = new Float64Array(ISOLATES).fill(Number.POSITIVE_INFINITY);
  const spent = new Float64Array(ISOLATES);
  const report = (isolate: number): void => {
    const usage = seen[isolate]!;
    seen[isolate] = 0;
    site.request(() => {
      reported[isolate] = usage;
      const total = reported.reduce((sum, one) => sum + one, 0);
      assigned[isolate] = total <= LIMIT.rate ? Number.POSITIVE_INFINITY : (LIMIT.rate * usage) / total;
      spent[isolate] = 0;
    });
    site.world.after(REPORTS_MS, () => report(isolate));
  };
  for (let isolate = 0; isolate < ISOLATES; isolate++) site.world.at(site.roll() * REPORTS_MS, () => report(isolate));
  return (isolate, decided) => {
    seen[isolate]! += 1;
    const isAdmitted = spent[isolate]! + 1 <= assigned[isolate]!;
    if (isAdmitted) spent[isolate]! += 1;
    decided(isAdmitted);
  };
};

const callPerRequest: Strategy = ({ world, request }) => {
  let bucket: Bucket | undefined;
  return (_, decided) =>
    request(() => {
      const [next, verdict] = takeTokens(bucket, LIMIT, 1, Math.floor(world.now));
      bucket = next;
      decided(verdict.kind === "allowed");
    });
};

function simulate(strategy: Strategy, load: number, seed: number): Row["figures"] {
  const world = new World();
  const roll = randomStream(seed);
  const oracle = arrivalCurve(LIMIT);
  const perfect = ideal(LIMIT);
  const waits: number[] = [];
  let [arrivals, admitted, could, calls] = [0, 0, 0, 0];
  let busyUntil = 0;
  const exponential = (mean: number): number => -Math.log(1 - roll()) * mean;
  const request = (answer: () => void): void => {
    calls += 1;
    world.after(12 + exponential(3), () => {
      busyUntil = Math.max(busyUntil, world.now) + 0.05; // ms of the one thread; a real Durable Object needs several times that
      world.at(busyUntil, () => world.after(12 + exponential(3), answer));
    });
  };
  const arrive = strategy({ world, roll, request });
  const weights = Array.from({ length: ISOLATES }, (_, index) => 1 / (index + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [isolate, weight] of weights.entries()) {
    const mean = total / (weight * LIMIT.rate * load * 0.001);
    const next = (): void => {
      const since = world.now;
      arrivals += 1;
      if (perfect(since)) could += 1;
      arrive(isolate, (isAdmitted) => {
        if (isAdmitted) oracle.admit(world.now);
        if (isAdmitted) admitted += 1;
        waits.push(world.now - since);
      });
      world.after(exponential(mean), next);
    };
    world.at(exponential(mean), next);
  }
  world.run(SECONDS * 1_000);
  waits.sort((a, b) => a - b);
  return {
    "over, tokens": oracle.excess,
    "under, %": Math.max(0, (100 * (could - admitted)) / could),
    "calls/request": calls / arrivals,
    "calls/s": calls / SECONDS,
    "p99 added, ms": waits[Math.floor(waits.length * 0.99)] ?? 0,
  };
}

const OTHERS: Readonly<Record<string, Strategy>> = {
  "per location": perLocation,
  "quota reports": quotaReports,
  "call per request": callPerRequest,
};

/** For the table of docs/rate-limiting.md; nothing is promised of how others do. */
export const strategies: Scenario[] = [0.9, 2].map((load) => ({
  name: `others-${load}x`,
  about: `what others do: 10,000/s, 100 isolates in 10 locations, zipf demand of ${load} x the limit`,
  run: (seed) => Object.entries(OTHERS).map(([variant, strategy]) => ({ variant, figures: simulate(strategy, load, seed) })),
}));
