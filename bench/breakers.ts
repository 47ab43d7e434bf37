// `npm run bench:breakers`: the cost of a breaker and a retry per call in this isolate, beside other libraries, on the same work in Node.
import { createRequire } from "node:module";
import { ConsecutiveBreaker, circuitBreaker, handleAll, isBrokenCircuitError, retry, SamplingBreaker } from "cockatiel";
import { LocalBreaker } from "../core/breaker/local-breaker.ts";
import { LocalBreakers } from "../core/breaker/local-breakers.ts";
import { BREAKER } from "../core/config/breaker.ts";
import { RETRIES } from "../core/config/retry.ts";
import { decideRetry, retryBudget } from "../core/retry/retry.ts";
import { describeEnvironment } from "./figures/environment.ts";
import { sized } from "./sized.ts";

interface Opossum {
  fire(): Promise<unknown>;
  open(): void;
  shutdown(): void;
}
const Opossum = createRequire(import.meta.url)("opossum") as new (work: () => Promise<unknown>, options: object) => Opossum;

const count = sized("bench:breakers", 60);
const ROUNDS = count(15);
const SYNC = count(2_000_000, 50_000); // operations a round
const ASYNC = count(100_000, 5_000);
const CALLS_PER_MS = 10; // clock of the timed calls: that of a busy isolate

/** @returns a result of the work, so that it is not optimized away */
type Run = (times: number) => number | Promise<number>;

const START = Date.now();
const at = (call: number): number => START + Math.floor(call / CALLS_PER_MS);
const work = async (): Promise<number> => 1;

const OPEN_MS = 60_000; // the longest time that a view holds; longer than a round

/** Opened by the shared breaker. */
function opened(now: number): LocalBreaker {
  const breaker = new LocalBreaker(BREAKER);
  breaker.applyView({ version: 2, kind: "open", admit: 0, retryAfterMs: 5_000, probeId: undefined, leaseMs: OPEN_MS }, now);
  return breaker;
}

/** Three endpoints, in turn. */
function checked(): Run {
  const breakers = [new LocalBreaker(BREAKER), new LocalBreaker(BREAKER), new LocalBreaker(BREAKER)];
  return (times) => {
    let admitted = 0;
    for (let n = 0; n < times; n++) {
      const now = at(n);
      const breaker = breakers[n % 3]!;
      const admission = breaker.admit(now, 0.5);
      if (admission.kind === "refused") continue;
      admitted += 1;
      breaker.record(admission, "succeeded", 20, now, 0.5);
    }
    return admitted;
  };
}

function refused(): Run {
  const breaker = opened(START);
  return (times) => {
    let retryAfterMs = 0;
    for (let n = 0; n < times; n++) {
      const admission = breaker.admit(at(n % (CALLS_PER_MS * OPEN_MS)), 0.5);
      if (admission.kind === "refused") retryAfterMs += admission.retryAfterMs;
    }
    return retryAfterMs;
  };
}

function quiet(): Run {
  const panel = new LocalBreakers(BREAKER);
  for (const id of ["a", "b", "c"]) panel.get(id);
  return (times) => {
    let quiet = 0;
    for (let n = 0; n < times; n++) if (panel.areAllClosed(at(n))) quiet += 1;
    return quiet;
  };
}

function budgeted(): Run {
  const budget = retryBudget({ percent: 10, minPerSecond: 3 });
  return (times) => {
    for (let n = 0; n < times; n++) budget.earn();
    return budget.take(START) ? 1 : 0;
  };
}

function decided(): Run {
  const budget = retryBudget({ percent: 100, minPerSecond: 1_000 });
  const failure = { code: "unavailable", wasSent: true, pushbackMs: undefined };
  return (times) => {
    let pausesMs = 0;
    for (let n = 0; n < times; n++) {
      budget.earn();
      const tried = { number: 1 + (n & 3), isIdempotent: true, remainingMs: 15_000 };
      const next = decideRetry(RETRIES, failure, tried, budget, at(n), 0.5);
      if (next.kind === "retry") pausesMs += next.afterMs;
    }
    return pausesMs;
  };
}

function awaited(call: () => Promise<number>): Run {
  return async (times) => {
    let sum = 0;
    for (let n = 0; n < times; n++) sum += await call();
    return sum;
  };
}

/** Like a layer: check, await the work, record; a refusal is a rejected promise, as with the other libraries. */
async function called(breaker: LocalBreaker): Promise<number> {
  const startedAt = Date.now();
  const admission = breaker.admit(startedAt, 0.5);
  if (admission.kind === "refused") throw REFUSED;
  const result = await work();
  const now = Date.now();
  breaker.record(admission, "succeeded", now - startedAt, now, 0.5);
  return result;
}
const REFUSED = new Error("open");

const rejected = (call: () => Promise<unknown>): (() => Promise<number>) => {
  return () =>
    call().then(
      () => Promise.reject(new Error("the breaker is not open")),
      () => 1,
    );
};

const sampling = () => new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 });
const cockatiel = (breaker: ConsecutiveBreaker | SamplingBreaker) => circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker });
const OPTIONS = { timeout: false, errorThresholdPercentage: 50, volumeThreshold: 20, rollingCountTimeout: 10_000, resetTimeout: 3_600_000 };
const opossum = (): Opossum => new Opossum(work, OPTIONS);
const openOpossum = (): Opossum => {
  const breaker = opossum();
  breaker.open();
  return breaker;
};
const openCockatiel = async (): Promise<ReturnType<typeof cockatiel>> => {
  const policy = cockatiel(new ConsecutiveBreaker(1));
  await policy.execute(() => Promise.reject(new Error("down"))).catch(() => undefined);
  const error: unknown = await policy.execute(work).catch((thrown: unknown) => thrown);
  if (!isBrokenCircuitError(error)) throw new Error("cockatiel's breaker is not open");
  return policy;
};

const own = new LocalBreaker(BREAKER);
const [consecutive, sampled, retrying] = [
  cockatiel(new ConsecutiveBreaker(5)),
  cockatiel(sampling()),
  retry(handleAll, { maxAttempts: 5 }),
];
const [shut, broken] = [opossum(), openOpossum()];
const brokenPolicy = await openCockatiel();
const budget = retryBudget({ percent: 10, minPerSecond: 3 });

const sync: Readonly<Record<string, Run>> = {
  "admit + record, closed": checked(),
  "admit, open": refused(),
  "LocalBreakers.areAllClosed": quiet(),
  "Budget.earn": budgeted(),
  "Budget.earn + decideRetry": decided(),
};
const async: Readonly<Record<string, Run>> = {
  "nothing around it": awaited(work),
  "tidegate, closed": awaited(() => called(own)),
  "cockatiel, closed, consecutive": awaited(() => consecutive.execute(work)),
  "cockatiel, closed, sampling": awaited(() => sampled.execute(work)),
  "opossum, closed": awaited(() => shut.fire() as Promise<number>),
  "tidegate, retry, not needed": awaited(() => {
    budget.earn();
    return work();
  }),
  "cockatiel, retry, not needed": awaited(() => retrying.execute(work)),
  "tidegate, open": (times) => {
    const breaker = opened(Date.now());
    return awaited(rejected(() => called(breaker)))(times);
  },
  "cockatiel, open": awaited(rejected(() => brokenPolicy.execute(work))),
  "opossum, open": awaited(rejected(() => broken.fire())),
};

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

/** @returns ns of processor time for each, collections of garbage in it; mostly independent of the load of the machine */
async function timed(run: Run, times: number): Promise<number> {
  const before = process.cpuUsage();
  if ((await run(times)) < 0) throw new Error("unreachable");
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / times;
}

async function table(title: string, runs: Readonly<Record<string, Run>>, times: number): Promise<string> {
  const took = new Map(Object.keys(runs).map((name) => [name, [] as number[]]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const ns = await timed(run, times);
      if (round >= 0) took.get(name)!.push(ns); // the first ones warm it up
    }
  }
  const rows = [...took].map(([name, all]) => `| ${name} | ${median(all).toFixed(1)} | ${Math.min(...all).toFixed(1)} |`);
  return [`| ${title} | CPU ns, median | CPU ns, least |`, "|---|--:|--:|", ...rows].join("\n");
}

const { date, machine, cores, node } = describeEnvironment(0, 0);
process.stdout.write(`${date.slice(0, 10)}; ${machine}, ${cores} cores; Node ${node}; ${ROUNDS} rounds, all in turn.\n\n`);
process.stdout.write(`${await table("without awaiting", sync, SYNC)}\n\n`);
process.stdout.write(`${await table("around an awaited call that does nothing", async, ASYNC)}\n`);
for (const breaker of [shut, broken]) breaker.shutdown();
