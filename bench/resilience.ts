// `npm run bench:resilience`: the cost of each mechanism against faults and overload for a successful call.

import { Fleet } from "../core/balance/fleet.ts";
import { Budget } from "../core/budget.ts";
import { BREAKER } from "../core/config/breaker.ts";
import { CONCURRENCY } from "../core/config/overload.ts";
import { Admission } from "../core/overload/admission.ts";
import { ConcurrencyLimiter } from "../core/overload/concurrency-limiter.ts";
import { CRITICAL } from "../core/overload/criticality.ts";
import { REDIRECT_BUDGET } from "../core/overload/redirect.ts";
import { Throttle } from "../core/overload/throttle.ts";
import { ConcurrencyScope } from "../workers/gateway/call/concurrency-scope.ts";
import type { Call } from "../workers/gateway/call.ts";
import { shed } from "../workers/gateway/layers/shed.ts";
import { describeEnvironment } from "./figures/environment.ts";
import { sized } from "./sized.ts";

const count = sized("bench:resilience", 10);
const CALLS = count(100_000, 5_000);
const ROUNDS = count(9);
const IN_FLIGHT = 20; // calls in flight at all times
const CALLER = { shareKey: 1 };

/** Work per call; the time is an argument, since it stands still within a call. */
type Work = (now: number) => unknown;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Begins a call and ends the one that began `IN_FLIGHT` calls before. */
function rolling<T>(begin: (now: number) => T, end: (permit: T, now: number) => void): Work {
  const ring: (T | undefined)[] = Array(IN_FLIGHT).fill(undefined);
  let at = 0;
  return (now) => {
    const oldest = ring[at];
    if (oldest !== undefined) end(oldest, now);
    ring[at] = begin(now);
    at = at + 1 === IN_FLIGHT ? 0 : at + 1;
  };
}

function limited(floor: number | undefined): Work {
  const limiter = new ConcurrencyLimiter({ max: 10_000, floor, callerShare: 0.5 });
  return rolling(
    (now) => {
      if (limiter.refusal(CRITICAL, CALLER, now) !== undefined) throw new Error("nothing is to be refused here");
      return limiter.begin(now, now + 15_000, CALLER);
    },
    (permit, now) => limiter.end(permit, now, true),
  );
}

function admitted(): Work {
  const host = new Admission({ max: 10_000, floor: 100 });
  return rolling(
    (now) => {
      if (host.refusal(CRITICAL, 15_000, now) !== undefined) throw new Error("nothing is to be turned away here");
      return host.begin(now, now + 15_000);
    },
    (permit, now) => host.end(permit, now, true),
  );
}

function throttled(): Work {
  const throttle = new Throttle({ factor: 2, minCalls: 50 });
  const redirects = new Budget(REDIRECT_BUDGET);
  return (now) => {
    redirects.earn();
    if (throttle.refuses(CRITICAL, now, 0.5)) throw new Error("nothing is to be held back here");
    throttle.record(CRITICAL, true, now);
  };
}

/** A pick out of three endpoints, none of which sheds anything. */
function picked(): Work {
  const members = ["a", "b", "c"].map((id) => ({ id, weight: 1, priority: 0, isDraining: false }));
  const settings = { balancer: "least_time", maxConcurrent: 500, maxLoadFactor: 1, slowStartMs: 0, breaker: BREAKER } as const;
  const fleet = new Fleet(members, settings);
  const tried = new Set<string>();
  return (now) => fleet.pick({ key: 0, method: 0, now, rng: () => 0.5, tried, rank: CRITICAL });
}

const work: Readonly<Record<string, () => Work>> = {
  "in-flight limit, fixed: checked, started, ended": () => limited(undefined),
  "in-flight limit, adaptive: checked, started, ended": () => limited(100),
  "throttle and redirect budget": throttled,
  "pick of 3 endpoints, none sheds": picked,
  "host: admission, begun, ended": admitted,
};

const answer = new Response("x");
const next = (): Promise<Response> => Promise.resolve(answer);
const call = {
  route: { name: "a route" },
  outgoing: { protocol: { kind: "connect_unary" } },
  rank: CRITICAL,
  receivedAt: 0,
  deadlineAt: Number.POSITIVE_INFINITY,
} as unknown as Call; // what the layer reads
const layers: Readonly<Record<string, (call: Call) => Response | Promise<Response>>> = {
  "an awaited handler": next,
  "... with the layer `shed` around it, fixed": shed(new ConcurrencyScope("isolate", { ...CONCURRENCY, floor: undefined }))!(next),
  "... adaptive": shed(new ConcurrencyScope("route", CONCURRENCY))!(next),
};

/** ns for each call, by name; all of them in turn, so that a busy moment hits all alike. */
async function measure(): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  const kept = Object.entries(work).map(([name, make]) => [name, make()] as const);
  for (let round = 0; round <= ROUNDS; round++) {
    const note = (name: string, startedAt: bigint): void => {
      const ns = Number(process.hrtime.bigint() - startedAt) / CALLS;
      if (round > 0) times[name] = [...(times[name] ?? []), ns]; // the first one warms up
    };
    for (const [name, once] of kept) {
      const startedAt = process.hrtime.bigint();
      for (let n = 0; n < CALLS; n++) once(round * 10_000 + n / 10);
      note(name, startedAt);
    }
    for (const [name, handler] of Object.entries(layers)) {
      const startedAt = process.hrtime.bigint();
      for (let n = 0; n < CALLS; n++) await handler(call);
      note(name, startedAt);
    }
  }
  return times;
}

const { date, machine, cores, node } = describeEnvironment(0, 0);
const times = await measure();
process.stdout.write(
  `${date.slice(0, 10)}; ${machine}, ${cores} cores; Node ${node}; ${CALLS} calls, ${IN_FLIGHT} in flight, ${ROUNDS} rounds, all in turn.\n\n`,
);
process.stdout.write("| a call that goes well | ns, median | least |\n|---|--:|--:|\n");
for (const [name, all] of Object.entries(times)) {
  process.stdout.write(`| ${name} | ${median(all).toFixed(0)} | ${Math.min(...all).toFixed(0)} |\n`);
}
