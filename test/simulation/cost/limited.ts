// Limited calls: the limiter of the gateway's isolates and its real objects, under a number of callers, each with a bucket of its own.
import { checks } from "../../../core/config/problems.ts";
import { parseRule, type RateLimitInput } from "../../../core/config/rate-limit.ts";
import { LimiterCounters } from "../../../workers/gateway/rate-limit/counters.ts";
import type { Charge, RateLimiter } from "../../../workers/gateway/rate-limit/rate-limiter.ts";
import type { Operations } from "./prices.ts";
import { loadWorkerModule, type ObjectClass, provideWorkers, Runtime } from "./runtime.ts";

const MAX_LEASES = 4_000;
const DEADLINE_MS = 15_000;

/** The rule of the shipped configuration for every caller, and a quota. */
export const RULES = {
  shipped: { key: "ip", capacity: 100, rate: 50, intervalMs: 1_000, fail: "open" },
  hourly: { key: "ip", capacity: 1_000, rate: 1_000, intervalMs: 3_600_000, fail: "open" },
} as const satisfies Readonly<Record<string, RateLimitInput>>;

interface LimiterModule {
  readonly LeasedBuckets: new (buckets: unknown, shards: number, max: number, counters: LimiterCounters) => RateLimiter;
}

export interface LimitedTraffic {
  readonly rule: RateLimitInput;
  readonly shards: number; // objects: a part of the 16 that a region has
  readonly callers: number; // in all; 0: every call comes from a new one
  readonly callsPerSecond: number; // all callers together, at random times
  readonly isolates: number; // a caller's calls come to one of them
  readonly warmSeconds: number; // not counted
  readonly seconds: number;
}

export interface LimitedResult {
  readonly operations: Operations;
  readonly awaited: number; // calls that waited for an object
  readonly refused: number; // calls
}

export async function runLimited(traffic: LimitedTraffic, seed: number): Promise<LimitedResult> {
  provideWorkers();
  const { LeasedBuckets } = await loadWorkerModule<LimiterModule>("workers/gateway/rate-limit/leased-buckets.ts");
  const { TokenBuckets } = await loadWorkerModule<{ readonly TokenBuckets: ObjectClass }>("durable-objects/token-buckets.ts");
  const runtime = new Runtime(seed);
  const rule = parseRule(checks(), "r", traffic.rule, { principals: false, claims: false });
  const counters = new LimiterCounters();
  const env: Record<string, unknown> = {};
  env["TOKEN_BUCKET"] = runtime.namespace(TokenBuckets, env);
  const limiters = Array.from(
    { length: traffic.isolates },
    () => new LeasedBuckets(env["TOKEN_BUCKET"], traffic.shards, MAX_LEASES, counters),
  );
  let [calls, refused, names] = [0, 0, 0];

  const call = async (limiter: RateLimiter, key: string): Promise<void> => {
    calls += 1;
    const charge: Charge = { rule, key: `r/${key}`, limit: rule.limit, cost: 1, isCeiling: false };
    const [decision] = await limiter.take([charge], Date.now() + DEADLINE_MS);
    if (decision?.kind === "refused") refused += 1;
  };
  const arrive = (): void => {
    const caller = traffic.callers === 0 ? names++ : Math.floor(runtime.random() * traffic.callers);
    void call(limiters[caller % traffic.isolates]!, `caller-${caller}`);
    runtime.world.after((-Math.log(1 - runtime.random()) * 1_000) / traffic.callsPerSecond, arrive);
  };
  runtime.install();
  try {
    runtime.world.after(0, arrive);
    await runtime.run(traffic.warmSeconds * 1_000);
    const before = { ...runtime.operations, calls, awaited: counters.awaitedCalls, refused };
    await runtime.run(traffic.seconds * 1_000);
    const { operations } = runtime;
    const counted = {
      ...operations,
      calls: calls - before.calls,
      objectRequests: operations.objectRequests - before.objectRequests,
      rowsRead: operations.rowsRead - before.rowsRead,
      rowsWritten: operations.rowsWritten - before.rowsWritten,
    };
    return { operations: counted, awaited: counters.awaitedCalls - before.awaited, refused: refused - before.refused };
  } finally {
    runtime.dispose();
  }
}
