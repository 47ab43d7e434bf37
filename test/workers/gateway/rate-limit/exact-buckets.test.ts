// A hot key of an exact limit, through the whole pipeline: its bucket moves to a Durable Object of its own, and calls with it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { BucketCharge, TokenBucket } from "../../../../durable-objects/token-bucket.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

it("admits no more than the limit while a key moves, and then calls only its own Durable Object", async () => {
  const called: string[] = [];
  const TOKEN_BUCKET = {
    getByName(name: string) {
      const stub = env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBucket>;
      return {
        take(charges: BucketCharge[]) {
          called.push(name);
          return stub.take(charges);
        },
      };
    },
  };
  const rule = { capacity: 350, rate: 1, intervalMs: 60_000, mode: "exact", fail: "closed", key: { header: "x-key" } } as const;
  const isolate = () =>
    gatewayTo(() => json(USER), { rateLimits: { moving: rule }, defaults: { rateLimits: ["moving"] } }, { TOKEN_BUCKET });
  const [one, another] = [isolate(), isolate()];
  const call = async (gateway: typeof one): Promise<number> => (await gateway(unary("GetUser", {}, { "x-key": "hot" }))).status;
  await call(one);
  const shard = env.TOKEN_BUCKET.getByName(called[0]!) as DurableObjectStub<TokenBucket>;
  const charge: BucketCharge = { key: "moving/header:hot", limit: { capacity: 350, rate: 1, intervalMs: 60_000 }, cost: 1 };
  await runInDurableObject(shard, (object: TokenBucket) => {
    for (let n = 0; n < 299; n++) expect(object.take([charge])[0]?.kind).toBe("allowed");
  });
  const statuses: number[] = [];
  for (let n = 0; n < 60; n++) statuses.push(await call(n % 2 === 0 ? one : another));
  const admitted = statuses.filter((status) => status === 200).length;
  expect(admitted).toBeGreaterThan(0);
  expect(admitted).toBeLessThanOrEqual(50);
  expect(statuses.at(-1)).toBe(429);
  const own = `${called[0]}/moving/header:hot`;
  expect(new Set(called.slice(-20))).toEqual(new Set([own]));
  vi.setSystemTime(Date.UTC(2026, 0, 1) + 61_000); // the known move has expired: the shard is called, and returns the same move
  await call(one);
  expect(called.slice(-2)).toEqual([called[0], own]);
});
