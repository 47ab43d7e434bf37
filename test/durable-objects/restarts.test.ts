// The Durable Object of rate limits over crashes: whatever it forgets, no window admits more than the limit allows.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { TokenBuckets } from "../../durable-objects/token-buckets.ts";
import { seeded } from "../support/cache-traces.ts";

const START = Date.UTC(2040, 0, 1);
const SEED = 11;
const CASES = [
  { name: "fills in a second", limit: { capacity: 20, rate: 20, intervalMs: 1_000 }, stepMs: 300 },
  { name: "fills in 10 s", limit: { capacity: 50, rate: 5, intervalMs: 1_000 }, stepMs: 2_000 },
  { name: "fills in an hour", limit: { capacity: 400, rate: 400, intervalMs: 3_600_000 }, stepMs: 60_000 },
  { name: "has three tokens an hour", limit: { capacity: 3, rate: 3, intervalMs: 3_600_000 }, stepMs: 900_000 },
];

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it.each(CASES.flatMap((one) => (["take", "lease"] as const).map((way) => ({ ...one, way }))))(
  `admits no more than capacity + rate x length of a bucket that $name ($way), seed ${SEED}`,
  async ({ name, limit, stepMs, way }) => {
    const stub = () => env.TOKEN_BUCKET.getByName(`restarts-${name}-${way}`) as DurableObjectStub<TokenBuckets>;
    const random = seeded(SEED);
    let [now, level, most, admitted, at] = [START, 0, 0, 0, START];
    const lend = async (tokensNeeded: number): Promise<number> => {
      const request = { isolate: crypto.randomUUID(), sequence: 1, appliedSequence: 0, tokensHeld: 0, tokensNeeded };
      const demand = { demandPerMs: 0, peakDemandPerMs: 0, isDemandSteady: false };
      return (await stub().grantLeases([{ key: "a", limit, request: { ...request, ...demand } }]))[0]!.tokens;
    };
    for (let round = 0; round < 25; round++) {
      now += Math.floor(random() * stepMs);
      vi.setSystemTime(now);
      for (let call = 0; call < 10; call++) {
        const cost = 1 + Math.floor(random() * Math.min(3, limit.capacity));
        const tokens =
          way === "lease" ? await lend(cost) : (await stub().take([{ key: "a", limit, cost }]))[0]?.kind === "allowed" ? cost : 0;
        level = Math.max(0, level - ((now - at) * limit.rate) / limit.intervalMs) + tokens;
        at = now;
        most = Math.max(most, level - limit.capacity);
        admitted += tokens;
      }
      if (random() < 0.5) await evictDurableObject(stub());
      else if (random() < 0.2) await runInDurableObject(stub(), (_, state) => state.abort()).catch(() => undefined);
    }
    expect(most).toBeLessThanOrEqual(1e-6);
    expect(admitted).toBeGreaterThan(limit.capacity / 2);
  },
);
