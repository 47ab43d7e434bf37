// Settings of attempts and endpoints with a small effect: second attempts, new and unhealthy endpoints, and calls at once. Each row calls one
// gateway without the setting and one with it.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { HashRing } from "../../durable-objects/hash-ring.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { getUser, type Input, later, pair, QUIET, repeat, service, stopClock } from "../support/effects/upstream-calls.ts";
import { gatewayTo, json, USER, userFor } from "../support/gateway.ts";

stopClock();

/** Time of a warm call: in 100 there are 80 of 0 ms, 12 of 20 ms, 5 of 60 ms and 3 of 200 ms. */
const WARM_MS = (call: number): number =>
  [...Array(80).fill(0), ...Array(12).fill(20), ...Array(5).fill(60), ...Array(3).fill(200)][call % 100];

/**
 * Attempts of three calls whose first attempts do not respond, after 120 calls; and the lengths of the timers, ms.
 *
 * @param warmMs time of each of the 120 calls
 */
async function hedged(
  input: Input,
  warmMs: (call: number) => number = () => 0,
): Promise<{ readonly attempts: number; readonly timers: readonly (number | undefined)[] }> {
  let attempts = 0;
  let warmCalls = 0;
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const { headers, signal } = new Request(url, init);
    if (warmCalls < 120) {
      later(warmMs(warmCalls++));
      return Promise.resolve(json(USER));
    }
    attempts += 1;
    if (headers.get("tidegate-attempt") !== null) return Promise.resolve(json(USER));
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const gateway = gatewayTo(userFor, { ...pair(QUIET), ...input }, { A: { fetch }, B: { fetch } });
  await repeat(gateway, 120);
  const timers = vi.spyOn(globalThis, "setTimeout");
  for (let call = 0; call < 3; call++) await (await gateway(getUser({ "connect-timeout-ms": "1000" }))).arrayBuffer();
  return { attempts, timers: timers.mock.calls.map(([, ms]) => ms) };
}
const hedging = (settings: object): Input => ({ defaults: { hedging: settings, retries: false } });
const hasTimer =
  (ms: number) =>
  async (input: Input): Promise<boolean> =>
    (await hedged(input)).timers.includes(ms);

/** Whether an endpoint gets any of 40 calls right after it was added. */
async function isCalledAtOnce(input: Input): Promise<boolean> {
  let endpoints = [{ id: "a", url: "https://a.example", weight: 1, priority: 0, isDraining: false }];
  const called = new Set<string>();
  vi.spyOn(globalThis, "fetch").mockImplementation((url) => {
    called.add(new URL(String(url)).host);
    return Promise.resolve(json(USER));
  });
  vi.spyOn(Math, "random").mockReturnValue(0.5); // an endpoint that has just been added is chosen below a tenth
  const lists = { snapshot: () => Promise.resolve({ kind: "changed" as const, version: endpoints.length, endpoints }) };
  const registry = { tokenBinding: "REGISTRY_TOKEN", pollMs: 1_000 };
  const bindings = { HASH_RING: { getByName: () => lists }, REGISTRY_TOKEN: "a secret of the registry" };
  const gateway = gatewayTo(userFor, { registry, ...input }, bindings);
  const isListed = async (host: string): Promise<boolean> => {
    await repeat(gateway, 40);
    return called.has(host);
  };
  await vi.waitUntil(() => isListed("a.example"), { timeout: 60_000 });
  endpoints = [...endpoints, { ...endpoints[0]!, id: "b", url: "https://b.example" }];
  later(5_000);
  const view = vi.spyOn(lists, "snapshot");
  await repeat(gateway, 1); // starts the next exchange
  await vi.waitUntil(() => view.mock.calls.length > 0, { timeout: 60_000 });
  for (let turn = 0; turn < 20; turn++) await scheduler.wait(1); // the isolate takes the list over
  return isListed("b.example");
}
const registered = (more: object): Input => service({ ...QUIET, upstream: { registry: true, balancer: "round_robin", ...more } });

/** The endpoints that are unhealthy after a check to which A responds within a second. */
async function unhealthy(input: Input): Promise<readonly string[]> {
  const ring = env.HASH_RING.getByName(`effect-${crypto.randomUUID()}`) as unknown as DurableObjectStub<HashRing>;
  vi.spyOn(globalThis, "fetch").mockImplementation((url, init) => {
    if (!String(url).endsWith("/healthz")) return Promise.resolve(json(USER));
    return new Promise((resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal!.reason as Error));
      setTimeout(() => resolve(new Response()), 1_000);
    });
  });
  let reports = 0; // the object knows the endpoints, and how to check them
  const snapshot = async (...query: Parameters<HashRing["snapshot"]>) => {
    const list = await ring.snapshot(...query);
    reports += 1;
    return list;
  };
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter: the first exchange is sent at once
  await repeat(gatewayTo(userFor, input, { HASH_RING: { getByName: () => ({ snapshot }) } }), 1);
  await vi.waitUntil(() => reports > 0, { timeout: 60_000 });
  later(6_000); // the check is due
  await runDurableObjectAlarm(ring);
  const list = await ring.snapshot(-1);
  return list.kind === "changed" ? (list.unhealthy ?? []) : [];
}
const checked = (timeoutMs: number): Input =>
  service({
    upstream: { endpoints: [{ url: "https://a.example" }], health: { check: "/healthz", intervalMs: 1_000, unhealthyAfter: 1, timeoutMs } },
  });

/** Calls of 40 at once that are sent to the upstream, which responds when all are decided about. */
async function sentAtOnce(input: Input): Promise<number> {
  const held: (() => void)[] = [];
  const gateway = gatewayTo((call) => new Promise((resolve) => held.push(() => resolve(userFor(call)))), input);
  let decided = 0;
  const calls = Array.from({ length: 40 }, async () => {
    await (await gateway(getUser())).arrayBuffer();
    decided += 1;
  });
  await vi.waitUntil(() => held.length + decided === 40, { timeout: 60_000 });
  const sent = held.length;
  for (const respond of held) respond();
  await Promise.all(calls);
  return sent;
}
const LIMIT = { max: 100, floor: 1, maxQueued: 0, callerShare: 100 } as const;

const ROWS: readonly EffectRow[] = [
  {
    setting: "defaults.hedging.percent",
    base: hedging({ percent: 10 }),
    input: hedging({ percent: 1 }),
    observe: async (input) => (await hedged(input)).attempts,
    before: 6,
    after: 4,
  },
  {
    setting: "defaults.hedging.quantile",
    base: hedging({ percent: 10, quantile: 0.5 }), // the budget pays for the tenth that is slowest
    input: hedging({ percent: 10, quantile: 0.99 }),
    observe: async (input) => (await hedged(input, WARM_MS)).timers.some((ms) => ms !== undefined && ms > 150 && ms < 250),
    before: false,
    after: true,
  },
  {
    setting: "defaults.hedging.minMs",
    base: hedging({ percent: 10 }),
    input: hedging({ percent: 10, minMs: 37 }),
    observe: hasTimer(37),
    before: false,
    after: true,
  },
  {
    setting: "services.upstream.slowStartMs",
    base: registered({}),
    input: registered({ slowStartMs: 0 }),
    observe: isCalledAtOnce,
    before: false,
    after: true,
  },
  {
    setting: "services.upstream.health.timeoutMs",
    base: checked(60_000),
    input: checked(100),
    observe: unhealthy,
    before: [],
    after: ["https://a.example"],
  },
  {
    setting: "defaults.concurrency.floor",
    base: { defaults: { concurrency: { max: 100, maxQueued: 0, callerShare: 100 } } },
    input: { defaults: { concurrency: LIMIT } },
    observe: sentAtOnce,
    before: 40,
    after: 19,
  },
  {
    setting: "defaults.concurrency.adaptive",
    base: { defaults: { concurrency: LIMIT } },
    input: { defaults: { concurrency: { ...LIMIT, adaptive: false } } },
    observe: sentAtOnce,
    before: 19, // 95 % of the 20 calls that an adaptive limit starts with
    after: 40,
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
