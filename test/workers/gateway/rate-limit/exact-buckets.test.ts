// Calls of an exact limit, through the whole pipeline: the shard of the key decides each of them.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { BucketCharge, TokenBuckets } from "../../../../durable-objects/token-buckets.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

it("admits what the bucket has, whatever isolate calls come to", async () => {
  const called: string[] = [];
  const TOKEN_BUCKET = {
    getByName(name: string) {
      const stub = env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBuckets>;
      return {
        take(charges: BucketCharge[]) {
          called.push(name);
          return stub.take(charges);
        },
      };
    },
  };
  const rule = {
    capacity: 5,
    rate: 1,
    intervalMs: 3_600_000,
    mode: "exact",
    fail: "closed",
    waitMs: 60_000,
    key: { header: "x-key" },
  } as const;
  const isolate = () => gatewayTo(() => json(USER), { rateLimits: { exact: rule }, defaults: { rateLimits: ["exact"] } }, { TOKEN_BUCKET });
  const [one, another] = [isolate(), isolate()];
  const statuses: number[] = [];
  for (let n = 0; n < 8; n++) statuses.push((await (n % 2 === 0 ? one : another)(unary("GetUser", {}, { "x-key": "a" }))).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  expect(new Set(called).size).toBe(1);
});

/** Calls of one exact rule, and the messages that its shard gets. @param fault what a message waits for before it arrives, or fails with */
function limited(
  rule: { readonly capacity: number; readonly fail: "open" | "closed"; readonly waitMs: number },
  fault: (method: string) => Promise<unknown>,
) {
  const messages: string[] = [];
  const TOKEN_BUCKET = {
    getByName(name: string) {
      const stub = env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBuckets>;
      const sent = async <T>(method: string, deliver: () => Promise<T>): Promise<T> => {
        messages.push(method);
        await fault(method);
        return deliver();
      };
      return {
        take: (charges: BucketCharge[]) => sent("take", () => stub.take(charges) as Promise<unknown>),
        takeEach: (calls: BucketCharge[][]) => sent(`takeEach ${calls.length}`, () => stub.takeEach(calls) as Promise<unknown>),
      };
    },
  };
  const rates = { rate: 1, intervalMs: 3_600_000, mode: "exact", key: { header: "x-key" }, perAddress: "off" } as const;
  const config = { rateLimits: { exact: { ...rates, ...rule } }, defaults: { rateLimits: ["exact"] } };
  const gateway = gatewayTo(() => json(USER), config, { TOKEN_BUCKET });
  const key = crypto.randomUUID();
  return { messages, call: async () => (await gateway(unary("GetUser", {}, { "x-key": key }))).status };
}

const counts = async (calls: readonly Promise<number>[]): Promise<Record<number, number>> => {
  const found: Record<number, number> = {};
  for (const status of await Promise.all(calls)) found[status] = (found[status] ?? 0) + 1;
  return found;
};

it("has at most four messages to a shard under way, and lets the calls that come meanwhile share the next one", async () => {
  const gate = Promise.withResolvers<void>();
  const { messages, call } = limited({ capacity: 30, fail: "closed", waitMs: 60_000 }, () => gate.promise);
  const calls = Array.from({ length: 40 }, () => call());
  await vi.waitUntil(() => messages.length >= 4, { timeout: 60_000 });
  await scheduler.wait(20);
  gate.resolve();
  expect(await counts(calls)).toEqual({ 200: 30, 429: 10 });
  expect(messages.slice(0, 4)).toEqual(["take", "take", "take", "take"]);
  expect(messages.length).toBeLessThan(15);
});

it("sends a message that failed once more, each call by itself", async () => {
  const gate = Promise.withResolvers<void>();
  const failing = async (method: string): Promise<void> => {
    await gate.promise;
    if (method.startsWith("takeEach")) throw new TypeError("the Durable Object has no such method");
  };
  const { messages, call } = limited({ capacity: 30, fail: "closed", waitMs: 60_000 }, failing);
  const calls = Array.from({ length: 20 }, () => call());
  await vi.waitUntil(() => messages.length >= 4, { timeout: 60_000 });
  await scheduler.wait(20);
  gate.resolve();
  expect(await counts(calls)).toEqual({ 200: 20 });
});

it.each([
  ["open", 200],
  ["closed", 503],
] as const)("lets a rule that fails %s decide where the shard is overloaded, without another message", async (fail, status) => {
  const overloaded = () => Promise.reject(Object.assign(new Error("busy"), { overloaded: true }));
  const { messages, call } = limited({ capacity: 3, fail, waitMs: 60_000 }, overloaded);
  expect([await call(), messages.length]).toEqual([status, 1]);
});
