// Memory that an isolate needs for the rate limits of a million callers.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { BucketMap } from "../../core/rate-limit/bucket-map.ts";
import { forgetLeases } from "../../core/rate-limit/forget-leases.ts";
import { BucketLease } from "../../core/rate-limit/lease.ts";
import { takeTokens } from "../../core/rate-limit/token-bucket.ts";
import { MAX_BUCKETS } from "../../workers/gateway/rate-limit/rate-limiter.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const usedBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};
const limit = { capacity: 10, rate: 10, intervalMs: 1_000 };

it("G04 takes at most 4 MB for leases and local buckets of a million callers together", () => {
  const leases = new Map<
    string,
    { readonly lease: BucketLease; request: object | undefined; waitingTokens: number; unreachableUntil: number }
  >();
  const buckets = new BucketMap(MAX_BUCKETS);
  const before = usedBytes();
  for (let caller = 0; caller < 1_000_000; caller++) {
    const now = 1_000_000 + caller / 10;
    const key = `per-caller/header:${String(caller).padStart(36, "0")}`;
    forgetLeases(leases, MAX_BUCKETS, now);
    const lease = new BucketLease();
    lease.take(1, now);
    const { sequence } = lease.request("isolate", 1, now);
    const grant = {
      sequence,
      tokens: 1,
      ratePerMs: 0,
      capacity: 1,
      lifetimeMs: 300,
      renewAfterMs: 100,
      pauseMs: 0,
      retryAfterMs: 0,
      poolTokens: 9,
    };
    lease.applyGrant(grant, now, now + 1);
    leases.set(key, { lease, request: undefined, waitingTokens: 0, unreachableUntil: 0 });
    const entry = buckets.entryOf(key, limit, now);
    entry.bucket = takeTokens(undefined, limit, 1, Math.floor(now))[0];
    buckets.keep(key, entry);
  }
  const grown = usedBytes() - before;
  expect(leases.size).toBeLessThanOrEqual(MAX_BUCKETS);
  expect(buckets.size).toBeLessThanOrEqual(MAX_BUCKETS);
  expect(grown).toBeGreaterThan(100_000); // otherwise nothing was measured
  expect(grown).toBeLessThanOrEqual(4_000_000);
});
