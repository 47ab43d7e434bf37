// Rounds of health checks under the platform's rule of six connections: exactly the dead endpoints become unhealthy.

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HealthPolicy } from "../../../core/config/health.ts";
import type { HashRing } from "../../../durable-objects/hash-ring.ts";
import { checkEach, checkElsewhere, partsOf } from "../../../durable-objects/registry/health-rounds.ts";

const POLICY: HealthPolicy = { kind: "http", path: "/healthz", intervalMs: 1_000, timeoutMs: 1_500, healthyAfter: 1, unhealthyAfter: 2 };
const SLOTS = 6; // connections of one invocation that may wait for response headers
let names = 0;

/**
 * The platform's rule before `fetch`: the seventh request that waits for response headers is queued, while its timer runs. An endpoint that is
 * down responds to nothing; each other one after `responseMs`.
 *
 * @param objects objects that check; each has a queue of its own, and every n-th endpoint
 */
function sixSlots(isDown: (host: string) => boolean, responseMs: number, objects = 1) {
  const queues = Array.from({ length: objects }, () => ({ inFlight: 0, waiting: [] as (() => void)[] }));
  const calls: string[] = [];
  const aborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const { signal } = init as { readonly signal: AbortSignal };
    const host = new URL(String(input)).hostname;
    calls.push(host);
    const queue = queues[Number(/\d+/.exec(host)) % objects]!;
    if (queue.inFlight >= SLOTS) await Promise.race([new Promise<void>((resolve) => queue.waiting.push(resolve)), aborted(signal)]);
    queue.inFlight += 1;
    try {
      if (isDown(host)) return await aborted(signal);
      await Promise.race([scheduler.wait(responseMs), aborted(signal)]);
      return new Response();
    } finally {
      queue.inFlight -= 1;
      queue.waiting.shift()?.();
    }
  });
  return calls;
}

async function ringWith(count: number): Promise<DurableObjectStub<HashRing>> {
  const ring = env.HASH_RING.getByName(`rounds-${names++}`);
  await ring.snapshot(-1, POLICY);
  for (let n = 0; n < count; n++) {
    const place = { weight: 1, priority: 0, zone: "", metadata: {}, leaseMs: 3_600_000 };
    await ring.register({ id: `e${n}`, url: `https://e${n}.example`, ...place }, 0);
  }
  return ring;
}

async function unhealthyIn(ring: DurableObjectStub<HashRing>): Promise<string[]> {
  const seen = await ring.snapshot(-1);
  return seen.kind === "changed"
    ? seen.endpoints
        .filter(({ isHealthy }) => !isHealthy)
        .map(({ id }) => id)
        .sort()
    : [];
}

async function round(ring: DurableObjectStub<HashRing>): Promise<void> {
  vi.setSystemTime(Date.now() + 1_200);
  expect(await runDurableObjectAlarm(ring)).toBe(true);
}

describe("behind a queue of six connections", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) }));
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("marks exactly the 6 dead of 20 endpoints, whatever their order", async () => {
    const ring = await ringWith(20);
    const dead = ["e0", "e1", "e11", "e12", "e5", "e6"]; // among the first by id: they take all six connections
    const calls = sixSlots((host) => dead.includes(host.replace(".example", "")), 1);
    for (const want of [[], dead, dead]) {
      calls.length = 0;
      await round(ring);
      expect(await unhealthyIn(ring)).toEqual(want);
      expect(calls).toHaveLength(20);
    }
    expect(
      calls
        .slice(-6)
        .map((host) => host.replace(".example", ""))
        .sort(),
    ).toEqual(dead); // the dead last
  });

  it("keeps 150 healthy endpoints healthy, each checked once in a round, in two objects", async () => {
    const ring = await ringWith(150);
    const calls = sixSlots(() => false, 1, 2);
    for (let n = 0; n < 3; n++) {
      calls.length = 0;
      await round(ring);
      expect(await unhealthyIn(ring)).toEqual([]);
      expect([calls.length, new Set(calls).size]).toEqual([150, 150]);
    }
  });
});

describe("the parts of a round", () => {
  const due = (count: number, failed = 0) =>
    Array.from({ length: count }, (_, n) => ({ target: { id: `e${n}`, url: `https://e${n}.example` }, hasFailed: n < failed }));

  it.each([
    [0, 1],
    [1, 1],
    [100, 1],
    [101, 2],
    [1_000, 10],
  ])("are for %i endpoints %i", (count, parts) => {
    const found = partsOf(due(count));
    expect(found).toHaveLength(parts);
    for (const part of found) expect(part.length).toBeLessThanOrEqual(100);
    expect(new Set(found.flat().map(({ target }) => target.id)).size).toBe(count);
  });

  it("have as many failing endpoints each, at their end", () => {
    for (const part of partsOf(due(250, 30))) {
      expect(part.filter(({ hasFailed }) => hasFailed)).toHaveLength(10);
      expect(part.slice(-10).every(({ hasFailed }) => hasFailed)).toBe(true);
    }
  });
});

it("says nothing about endpoints whose checks were not made", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const gone = { checkHealth: () => Promise.reject(new Error("overloaded")) };
  expect(await checkElsewhere(gone, [{ target: { id: "a", url: "https://a.example" }, hasFailed: false }], POLICY)).toBeUndefined();
});

it("calls the real URL through a binding that has one, and takes a binding that is missing for healthy", async () => {
  const seen: string[] = [];
  const VPC = {
    fetch: (url: string) => Promise.resolve(new Response(null, { status: seen.push(url) > 1 ? 500 : 200 })),
  } as unknown as Fetcher;
  const targets = [
    { id: "VPC", binding: "VPC" },
    { id: "VPC+http://10.0.0.7:9000", binding: "VPC", url: "http://10.0.0.7:9000" },
    { id: "NONE", binding: "NONE" },
  ];
  const results: [string, boolean][] = [];
  await checkEach(
    targets.map((target) => ({ target })),
    POLICY,
    { VPC },
    ({ target }, result) => void results.push([target.id, result]),
  );
  expect(seen).toEqual(["https://health.internal/healthz", "http://10.0.0.7:9000/healthz"]);
  expect(Object.fromEntries(results)).toEqual({ VPC: true, "VPC+http://10.0.0.7:9000": false, NONE: true });
});
