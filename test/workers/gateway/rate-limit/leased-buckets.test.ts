// Leased rate limits through the whole pipeline, with real Durable Objects: warm calls send no message, and no caller gets more than the limit.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RateLimitInput } from "../../../../core/config/rate-limit.ts";
import type { BucketLeaseRequest, TokenBuckets } from "../../../../durable-objects/token-buckets.ts";
import { gatewayTo, json, PATIENT_MS, USER, unary } from "../../../support/gateway.ts";

let rules = 0;

// The clock moves only where a test moves it: a lease does not lapse because the machine is busy.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** Lets 10 ms pass; renewals are collected for 5 ms before they are sent. */
async function pace(): Promise<void> {
  vi.setSystemTime(Date.now() + 10);
  await scheduler.wait(10);
}

/** Counts what reaches the objects. @param fault true: no response; a promise: what the request waits for, or fails with */
function limited(
  rule: Partial<RateLimitInput>,
  others: Record<string, RateLimitInput> = {},
  fault: () => boolean | Promise<unknown> = () => false,
) {
  const name = `rule-${rules++}`; // buckets of its own
  const seen = { calls: 0 };
  const TOKEN_BUCKET = {
    getByName(shard: string) {
      const stub = env.TOKEN_BUCKET.getByName(shard) as DurableObjectStub<TokenBuckets>;
      return {
        async grantLeases(requests: BucketLeaseRequest[]) {
          seen.calls += 1;
          const fate = fault();
          if (fate === true) return new Promise<never>(() => undefined);
          if (fate !== false) await fate;
          return stub.grantLeases(requests);
        },
        take: (charges: never) => {
          seen.calls += 1;
          return stub.take(charges);
        },
        returnTokens: (charges: never) => stub.returnTokens(charges),
      };
    },
  };
  const rateLimits = { [name]: { capacity: 10_000, rate: 10_000, mode: "leased" as const, waitMs: PATIENT_MS, ...rule }, ...others };
  const gateway = gatewayTo(() => json(USER), { rateLimits, defaults: { rateLimits: Object.keys(rateLimits) } }, { TOKEN_BUCKET });
  return { seen, name, call: (headers: Record<string, string> = {}) => gateway(unary("GetUser", {}, headers)) };
}

const statuses = async (calls: readonly (Response | Promise<Response>)[]): Promise<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(calls)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

it("sends one request for calls that arrive together", async () => {
  const { seen, call } = limited({});
  const counts = await statuses(Array.from({ length: 20 }, () => call()));
  expect(counts).toEqual({ 200: 20 });
  expect(seen.calls).toBeLessThanOrEqual(4);
});

it("awaits nothing for a warm request: it is answered while the object hangs", async () => {
  let isHanging = false;
  const { seen, call } = limited({ fail: "closed" }, {}, () => isHanging);
  for (let n = 0; n < 120; n++) {
    expect((await call()).status).toBe(200); // until there is a rate of its own
    await pace();
  }
  const warmUp = seen.calls;
  expect(warmUp).toBeLessThan(30);
  isHanging = true;
  for (let n = 0; n < 10; n++) {
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("RateLimit")).toMatch(/^"rule-\d+";r=\d+$/);
    await pace();
  }
  expect(seen.calls - warmUp).toBeLessThanOrEqual(1); // a renewal, behind an answer
});

it("makes no binding call at all for a warm request between two renewals", async () => {
  const { seen, call } = limited({});
  for (let n = 0; n < 120; n++) {
    for (let m = 0; m < 5; m++) await call(); // until the lease fits the rate
    await pace();
  }
  const messages: number[] = [];
  for (let round = 0; round < 20; round++) {
    const before = seen.calls;
    for (let n = 0; n < 5; n++) expect((await call()).status).toBe(200);
    messages.push(seen.calls - before);
    await pace();
  }
  expect(messages.filter((count) => count === 0).length).toBeGreaterThanOrEqual(10);
  expect(Math.max(...messages)).toBeLessThanOrEqual(1);
});

it("never admits more of a small limit than its capacity, and an attack on it costs next to nothing", async () => {
  const { seen, call, name } = limited({ capacity: 5, rate: 1, intervalMs: 60_000, fail: "closed" });
  const first: Response[] = [];
  for (let n = 0; n < 8; n++) first.push(await call());
  expect(first.filter(({ status }) => status === 200)).toHaveLength(5);
  const refused = first.at(-1)!;
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
  expect(refused.headers.get("RateLimit-Policy")).toBe(`"${name}";q=5;w=300`);
  const before = seen.calls;
  expect(await statuses(Array.from({ length: 200 }, () => call()))).toEqual({ 429: 200 });
  expect(seen.calls - before).toBe(0);
});

it("keeps callers apart", async () => {
  const { call } = limited({ capacity: 1, rate: 1, intervalMs: 60_000, fail: "closed" });
  const from = (address: string) => call({ "cf-connecting-ip": address });
  expect((await from("192.0.2.1")).status).toBe(200);
  expect((await from("192.0.2.1")).status).toBe(429);
  expect((await from("192.0.2.2")).status).toBe(200);
});

it("takes nothing of a lease where another rule refuses the call", async () => {
  const { seen, call } = limited(
    { capacity: 3, rate: 1, intervalMs: 60_000, fail: "closed", key: { header: "x-a" } },
    {
      [`exact-${rules}`]: { capacity: 1, rate: 1, intervalMs: 60_000, fail: "closed", key: { header: "x-b" } },
    },
  );
  const pair = async (a: string, b: string): Promise<number> => (await call({ "x-a": a, "x-b": b })).status;
  expect(await pair("a", "1")).toBe(200);
  expect(await pair("a", "1")).toBe(429); // refused by the exact rule
  const before = seen.calls;
  for (let n = 0; n < 5; n++) expect(await pair("a", "1")).toBe(429);
  expect(seen.calls).toBe(before);
  expect([await pair("a", "2"), await pair("a", "3"), await pair("a", "4")]).toEqual([200, 200, 429]);
});

it.each([
  ["open", 200],
  ["closed", 503],
] as const)(
  "lets a rule that fails %s decide while the Durable Object is unreachable, and calls it twice a second",
  async (fail, status) => {
    const { seen, call } = limited({ fail }, {}, () => Promise.reject(new Error("broken")));
    expect((await call()).status).toBe(status); // under a rule that fails open, as debt
    await vi.waitUntil(() => seen.calls === 2, { timeout: PATIENT_MS }); // once more by a new stub
    for (let n = 0; n < 50; n++) expect((await call()).status).toBe(status);
    expect(seen.calls).toBe(2);
  },
);

it("does not repeat a message to a Durable Object that is overloaded", async () => {
  const { seen, call } = limited({ fail: "closed" }, {}, () => Promise.reject(Object.assign(new Error("busy"), { overloaded: true })));
  for (let n = 0; n < 10; n++) expect((await call()).status).toBe(503);
  expect(seen.calls).toBe(1);
});

it("repeats a message that failed once, and the calls that wait for it pass", async () => {
  let failures = 1;
  const { seen, call } = limited({ fail: "closed" }, {}, () => failures-- > 0 && Promise.reject(new Error("the stub is broken")));
  expect(await statuses(Array.from({ length: 5 }, () => call()))).toEqual({ 200: 5 });
  expect(seen.calls).toBeGreaterThanOrEqual(2);
});

it("logs messages that fail, at most one a second", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { seen, call } = limited({ fail: "closed" }, {}, () => Promise.reject(new Error("broken")));
  const failures = () => warn.mock.calls.map(([line]) => JSON.parse(String(line))).filter(({ event }) => event === "lease_request_failed");
  await call();
  expect(failures()).toEqual([{ level: "warn", event: "lease_request_failed", keys: 1, error: "Error: broken" }]);
  for (let n = 0; n < 3; n++) {
    vi.setSystemTime(Date.now() + 1_000); // each time the next message fails, too
    await call();
  }
  expect([seen.calls, failures().length]).toEqual([8, 4]);
  const other = limited({ fail: "closed" }, {}, () => Promise.reject(new Error("broken")));
  await other.call();
  await other.call();
  expect([other.seen.calls, failures().length]).toEqual([2, 5]);
  warn.mockRestore();
});

it("responds while an object hangs, under a rule that fails open", async () => {
  vi.useRealTimers();
  const { call } = limited({ fail: "open", capacity: 20, waitMs: 50 }, {}, () => true);
  expect(await statuses(Array.from({ length: 30 }, () => call()))).toEqual({ 200: 30 }); // 20 as debt, the others after 50 ms
});

it("lets a rule that fails open pass at once, and charges its calls afterwards", async () => {
  const gate = Promise.withResolvers<void>();
  const { seen, call } = limited({ fail: "open", capacity: 25, rate: 1, intervalMs: 600_000, mode: "auto" }, {}, () => gate.promise);
  const first = await statuses(Array.from({ length: 20 }, () => call())); // no response has been sent yet
  expect(first).toEqual({ 200: 20 });
  gate.resolve();
  await vi.waitUntil(() => seen.calls >= 1, { timeout: PATIENT_MS });
  await scheduler.wait(20);
  const later: number[] = [];
  for (let n = 0; n < 10; n++) {
    later.push((await call()).status);
    await pace();
  }
  expect(later.filter((status) => status === 200).length).toBeLessThanOrEqual(6);
  expect(later.at(-1)).toBe(429);
});
