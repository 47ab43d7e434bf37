// What limited calls cost in operations of the Durable Object that are billed, and in dollars.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { LeaseRequest } from "../../core/rate-limit/lease-messages.ts";
import type { BucketLimit } from "../../core/rate-limit/token-bucket.ts";
import { TokenBuckets } from "../../durable-objects/token-buckets.ts";
import { type BilledOperations, countOperations } from "../support/counted-storage.ts";

const START = Date.UTC(2040, 0, 1);
const PRICES = { request: 0.15e-6, rowWritten: 1e-6, rowRead: 0.001e-6 }; // dollars, paid plan, 2026-11
const SHORT: BucketLimit = { capacity: 100, rate: 50, intervalMs: 1_000 }; // the shipped limit
const HOURLY: BucketLimit = { capacity: 1_000, rate: 1_000, intervalMs: 3_600_000 };
const BOUNDS = { maxBuckets: 100_000, maxLeasedBuckets: 50_000, maxRows: 100_000 };

interface Traffic extends BilledOperations {
  readonly requests: number; // calls of the Durable Object, and alarms
  readonly calls: number;
}

interface Message {
  readonly atMs: number;
  readonly key: string;
  readonly calls?: number; // calls for which one message pays; default 1
}

afterEach(() => void vi.useRealTimers());

/** Runs messages through one Durable Object, and its alarms when they are due. */
async function traffic(limit: BucketLimit, messages: Iterable<Message>, restartEveryMs = Number.POSITIVE_INFINITY): Promise<Traffic> {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  let result: Traffic | undefined;
  await runInDurableObject(env.TOKEN_BUCKET.getByName(`billed-${crypto.randomUUID()}`), async (_, state) => {
    const { storage } = state;
    await storage.deleteAll();
    const billed = countOperations(state);
    let object = new TokenBuckets(state, env, BOUNDS);
    let [requests, calls, startedAt] = [0, 0, 0];
    const sequences = new Map<string, number>();
    for (const { atMs, key, calls: paid = 1 } of messages) {
      const alarmAt = await storage.getAlarm();
      if (alarmAt !== null && alarmAt <= START + atMs) {
        vi.setSystemTime(alarmAt);
        await storage.deleteAlarm();
        object.alarm();
        requests += 1;
      }
      vi.setSystemTime(START + atMs);
      if (atMs - startedAt >= restartEveryMs) {
        object = new TokenBuckets(state, env, BOUNDS);
        startedAt = atMs;
      }
      const sequence = (sequences.get(key) ?? 0) + 1;
      sequences.set(key, sequence);
      const request: LeaseRequest = {
        ...{ isolate: "x", sequence, appliedSequence: 0, tokensHeld: 0, tokensNeeded: paid },
        ...{ demandPerMs: 0, peakDemandPerMs: 0, isDemandSteady: false },
      };
      expect(object.grantLeases([{ key, limit, request }])[0]!.tokens).toBeGreaterThanOrEqual(paid);
      requests += 1;
      calls += paid;
    }
    result = { ...billed(), requests, calls };
  });
  return result!;
}

function dollars({ requests, rowsRead, rowsWritten }: Traffic): number {
  return requests * PRICES.request + rowsWritten * PRICES.rowWritten + rowsRead * PRICES.rowRead;
}
const perMillion = (counted: Traffic): number => (dollars(counted) / counted.calls) * 1e6;

function* callers(count: number, everyMs: number, untilMs: number): Generator<Message> {
  for (let atMs = 0; atMs < untilMs; atMs += everyMs / count)
    yield { atMs: Math.floor(atMs), key: `caller-${Math.round(atMs / (everyMs / count)) % count}` };
}

it.each([
  { name: "60 callers of one shard, one call a minute each", count: 60 },
  { name: "600 callers of one shard, one call a minute each", count: 600 },
])("costs at most 0.60 dollars per million calls: $name", async ({ count }) => {
  const counted = await traffic(SHORT, callers(count, 60_000, 300_000));
  expect(counted.rowsRead).toBeLessThanOrEqual(5); // at its first start
  expect(perMillion(counted)).toBeLessThanOrEqual(0.6);
});

it("reads at most one row a call, and costs at most 0.60 dollars per million calls, of 100,000 hourly quotas on 16 shards", async () => {
  const counted = await traffic(HOURLY, callers(6_250, 60_000, 120_000), 60_000); // each caller twice, with a restart between
  expect(counted.rowsRead / counted.calls).toBeLessThanOrEqual(1);
  expect(perMillion(counted)).toBeLessThanOrEqual(0.6);
});

it("writes a row for each block of a quota that is used up", async () => {
  const spend = Array.from({ length: 250 }, (_, call) => ({ atMs: call * 1_000, key: "a", calls: 4 }));
  const counted = await traffic(HOURLY, spend);
  expect(counted.rowsWritten / counted.calls).toBeLessThanOrEqual(0.12);
});

it.each([
  { name: "buckets that fill within 10 s", limit: SHORT, atMost: 1 },
  { name: "hourly quotas", limit: HOURLY, atMost: 2 },
])("costs an operator at most $atMost dollars an hour if an attacker makes 1,000 new keys a second: $name", async ({ limit, atMost }) => {
  // One of 16 shards for five minutes.
  function* attack(): Generator<Message> {
    for (let call = 0; call < 18_750; call++) yield { atMs: call * 16, key: `attack-${call}` };
  }
  const counted = await traffic(limit, attack());
  expect(dollars(counted) * 16 * 12).toBeLessThanOrEqual(atMost);
});
