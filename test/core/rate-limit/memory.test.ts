// What an isolate keeps of a million callers.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Lease } from "../../../core/rate-limit/lease.ts";
import { type Bucket, takeTokens } from "../../../core/rate-limit/token-bucket.ts";
import { MOST_BUCKETS, makeRoom } from "../../../workers/gateway/rate-limit/limiter.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const usedBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};
const limit = { capacity: 10, rate: 10, intervalMs: 1_000 };

it("is at most 4 MB, for leases and buckets of its own together", () => {
  const leases = new Map<string, { readonly lease: Lease; asking: object | undefined; waiting: number; cutOffUntil: number }>();
  const buckets = new Map<string, Bucket>();
  const before = usedBytes();
  for (let caller = 0; caller < 1_000_000; caller++) {
    const now = 1_000_000 + caller / 10;
    const key = `per-caller/header:${String(caller).padStart(36, "0")}`;
    makeRoom(leases, MOST_BUCKETS);
    const lease = new Lease();
    lease.spend(1, now);
    const { turn } = lease.ask("isolate", 1, now);
    const grant = { turn, tokens: 1, perMs: 0, capacity: 1, lifeMs: 300, periodMs: 100, pauseMs: 0, retryAfterMs: 0, left: 9 };
    lease.granted(grant, now, now + 1);
    leases.set(key, { lease, asking: undefined, waiting: 0, cutOffUntil: 0 });
    makeRoom(buckets, MOST_BUCKETS);
    buckets.set(key, takeTokens(undefined, limit, 1, Math.floor(now))[0]);
  }
  const grown = usedBytes() - before;
  expect(leases.size).toBeLessThanOrEqual(MOST_BUCKETS);
  expect(buckets.size).toBeLessThanOrEqual(MOST_BUCKETS);
  expect(grown).toBeGreaterThan(100_000); // or else nothing has been measured
  expect(grown).toBeLessThanOrEqual(4_000_000);
});
