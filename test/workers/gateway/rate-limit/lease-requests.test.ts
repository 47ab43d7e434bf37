// Lease requests of an isolate: what shares a message, who sends it, and what happens where it fails. With real Durable Objects.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RateLimitRule } from "../../../../core/config/rate-limit.ts";
import { BucketLease } from "../../../../core/rate-limit/lease.ts";
import type { BucketLeaseRequest, TokenBuckets } from "../../../../durable-objects/token-buckets.ts";
import { Waiters } from "../../../../workers/gateway/background/waiters.ts";
import { LimiterCounters } from "../../../../workers/gateway/rate-limit/counters.ts";
import { type KeyLease, LeaseRequests } from "../../../../workers/gateway/rate-limit/lease-requests.ts";
import type { Charge } from "../../../../workers/gateway/rate-limit/rate-limiter.ts";
import { currentRegion } from "../../../../workers/gateway/region/isolate-region.ts";
import { PATIENT_MS } from "../../../support/gateway.ts";

const LIMIT = { capacity: 100, rate: 50, intervalMs: 1_000 };
const DEBT = { tokens: 25, ratePerMs: 0.05 };
let keys = 0;

const charge = (rule: Partial<RateLimitRule> = {}): Charge => ({
  rule: { key: { kind: "ip" }, scope: "region", mode: "auto", fail: "open", waitMs: 1_000, ...rule } as RateLimitRule,
  ...{ key: `lease-requests-${keys++}`, limit: LIMIT, cost: 1, isCeiling: false },
});
const entryOf = (requests: LeaseRequests): KeyLease => ({
  ...{
    name: "k",
    limit: LIMIT,
    lease: new BucketLease(requests.sent),
    waiters: new Waiters(),
    lenders: 0,
    isRedirected: false,
    unreachableUntil: 0,
  },
});

/** Objects of which the first redirects; `lacks`: of a version without `lendOn`. */
function lenders(lacks = false) {
  const messages: string[] = [];
  const buckets = {
    getByName: (name: string) => {
      const stub = env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBuckets>;
      return {
        grantLeases(requests: BucketLeaseRequest[]) {
          messages.push(`${name} grants`);
          return stub.grantLeases(requests);
        },
        lendOn(root: string, requests: BucketLeaseRequest[]) {
          messages.push(`${name} lends ${root}, ${requests.map((request) => request.lenders)}`);
          const lacking = stub as unknown as { lendOnOfLaterVersion(root: string, requests: BucketLeaseRequest[]): Promise<never> };
          return lacks ? lacking.lendOnOfLaterVersion(root, requests) : stub.lendOn(root, requests);
        },
      };
    },
  };
  const requests = new LeaseRequests(buckets as unknown as DurableObjectNamespace<TokenBuckets>, 1, new LimiterCounters());
  return { requests, messages };
}

const world = (fail: "open" | "closed") => ({
  ...charge({ key: { kind: "all" }, scope: "world", fail }),
  limit: { capacity: 1_000, rate: 1_000, intervalMs: 1_000 },
});

/** One shard. @param fault what the message waits for before it arrives, or fails with */
function sender(fault: () => Promise<unknown> = () => Promise.resolve()) {
  const messages: BucketLeaseRequest[][] = [];
  const buckets = {
    getByName: (name: string) => ({
      async grantLeases(requests: BucketLeaseRequest[]) {
        messages.push(requests);
        await fault();
        return (env.TOKEN_BUCKET.getByName(name) as DurableObjectStub<TokenBuckets>).grantLeases(requests);
      },
    }),
  };
  const counters = new LimiterCounters();
  const requests = new LeaseRequests(buckets as unknown as DurableObjectNamespace<TokenBuckets>, 1, counters);
  return { requests, messages, counters, sent: (count: number) => vi.waitUntil(() => messages.length >= count, { timeout: PATIENT_MS }) };
}

const wait = (entry: KeyLease, tokens: number) => entry.waiters.wait(tokens, PATIENT_MS);

// The clock stands still: a lease does not lapse because the machine is busy.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("collects background requests of several keys in one message, with the debt of each", async () => {
  const { requests, messages, counters, sent } = sender();
  const entries = [entryOf(requests), entryOf(requests)];
  for (const [index, entry] of entries.entries()) {
    for (let n = 0; n <= index; n++) entry.lease.take(1, Date.now(), DEBT);
    requests.add(entry, charge(), false);
  }
  await sent(1);
  expect(messages[0]!.map(({ request }) => [request.tokensOwed, request.tokensNeeded])).toEqual([
    [1, 0],
    [2, 0],
  ]);
  await vi.waitUntil(() => entries.every(({ lease }) => lease.debt === 0), { timeout: PATIENT_MS });
  expect(counters).toMatchObject({ messages: 1, awaitedMessages: 0 });
});

it("takes over a message that another call has begun, where a call waits, and requests the tokens of all that wait", async () => {
  const { requests, messages, counters } = sender();
  const [background, urgent] = [entryOf(requests), entryOf(requests)];
  requests.add(background, charge(), false);
  const woken = [wait(urgent, 2), wait(urgent, 3)];
  requests.add(urgent, charge({ fail: "closed", waitMs: 700 }), true);
  await Promise.all(woken);
  expect(messages).toHaveLength(1);
  expect(messages[0]!.map(({ request }) => request.tokensNeeded)).toEqual([0, 5]);
  expect(urgent.lease.remaining(Date.now())).toBeGreaterThanOrEqual(5);
  expect(counters).toMatchObject({ messages: 1, awaitedMessages: 1 });
});

it("sends no second request for a key while one is under way, and then one for the debt that was made meanwhile", async () => {
  const gate = Promise.withResolvers<void>();
  const { requests, messages, sent } = sender(() => gate.promise);
  const entry = entryOf(requests);
  const one = charge();
  entry.lease.take(1, Date.now(), DEBT);
  requests.add(entry, one, false);
  await sent(1);
  entry.lease.take(4, Date.now(), DEBT);
  requests.add(entry, one, false);
  requests.add(entry, one, true);
  expect(messages).toHaveLength(1);
  gate.resolve();
  await sent(2);
  expect(messages.map(([request]) => request!.request.tokensOwed)).toEqual([1, 4]);
});

it("numbers requests so that a lease that was forgotten and made anew is not taken for an old message", async () => {
  const { requests, messages } = sender();
  const one = charge({ fail: "closed" });
  for (let n = 0; n < 2; n++) {
    const entry = entryOf(requests);
    const woken = wait(entry, 1);
    requests.add(entry, one, true);
    await woken;
    expect(entry.lease.remaining(Date.now())).toBeGreaterThanOrEqual(1);
  }
  expect(messages.map(([request]) => request!.request.sequence)).toEqual([1, 2]);
});

it("repeats a message that fails once, and wakes the calls that wait after the second failure", async () => {
  const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { requests, messages } = sender(() => Promise.reject(new Error("broken")));
  const entry = entryOf(requests);
  const woken = wait(entry, 1);
  requests.add(entry, charge({ fail: "closed" }), true);
  await woken;
  expect(messages.map(([request]) => request!.request.sequence)).toEqual([1, 2]);
  expect(entry.unreachableUntil).toBeGreaterThan(Date.now());
  expect(log).toHaveBeenCalledTimes(1);
});

it("sends a world-wide key's first request to one of 16 objects of the region, which redirects it to a lender", async () => {
  const { requests, messages } = lenders();
  const entry = entryOf(requests);
  const woken = wait(entry, 2);
  requests.add(entry, world("closed"), true);
  await woken;
  await vi.waitUntil(() => entry.lease.remaining(Date.now()) >= 2, { timeout: PATIENT_MS });
  const [first, ...others] = messages as string[];
  expect(first!.replace(/\d+ lends/, "N lends")).toBe(`${currentRegion()}/first-N lends root/shard-0, 0`);
  expect(others).toEqual([`${currentRegion()}/shard-0 lends root/shard-0, 1`]);
  expect(entry.lenders).toBe(1);
});

it("reports to a lender what a first request owed, although no call waits", async () => {
  const { requests, messages } = lenders();
  const entry = entryOf(requests);
  entry.lease.take(1, Date.now(), DEBT);
  requests.add(entry, world("open"), false);
  await vi.waitUntil(() => entry.lease.debt === 0, { timeout: PATIENT_MS });
  expect(messages).toHaveLength(2);
});

it("leases from the root where objects are of a version that does not lend on", async () => {
  const { requests, messages } = lenders(true);
  const entry = entryOf(requests);
  for (let n = 0; n < 2; n++) {
    requests.add(entry, world("closed"), true);
    await wait(entry, 1);
    await vi.waitUntil(() => entry.lease.remaining(Date.now()) >= 1, { timeout: PATIENT_MS });
  }
  expect(messages).toEqual([expect.stringContaining(" lends "), "root/shard-0 grants", "root/shard-0 grants"]);
});

it("renews what was lent ahead before it ends, while calls come, and allows as much as half of their wait", async () => {
  const { requests, messages, counters } = sender();
  const entry = entryOf(requests);
  for (let call = 0; call < 40; call++) {
    vi.setSystemTime(Date.now() + 50);
    entry.lease.take(1, Date.now());
  }
  const woken = wait(entry, 1);
  requests.add(entry, charge({ fail: "closed", waitMs: 401 }), true);
  await woken;
  for (let message = 2; message <= 4; message++) {
    vi.setSystemTime(Date.now() + 160); // the lease lasts 200 ms
    while (messages.length < message || entry.lease.isRequesting(Date.now())) await scheduler.wait(5); // vi.waitUntil would move the clock
  }
  expect(messages.map(([message]) => message!.request)).toMatchObject([
    { aheadMs: 200, tokensNeeded: 1, appliedSequence: 0, spent: { tokens: 0 } },
    ...[1, 2, 3].map((appliedSequence) => ({ aheadMs: 200, tokensNeeded: 0, appliedSequence })),
  ]);
  expect(counters).toMatchObject({ messages: 4, awaitedMessages: 1 });
});

it("lends nothing ahead to rules that fail open", async () => {
  const { requests, messages, sent } = sender();
  requests.add(entryOf(requests), charge(), false);
  await sent(1);
  expect(messages[0]![0]!.request).not.toHaveProperty("aheadMs");
});
