// Settings of upstreams with a small effect: where calls go, when breakers open, and which attempts are made. Each row calls one gateway
// without the setting and one with it.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BreakerPolicy } from "../../core/config/breaker.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { HashRing } from "../../durable-objects/hash-ring.ts";
import type { Gateway } from "../../workers/gateway/gateway.ts";
import { gatewayTo, json, USER, unary, userFor } from "../support/gateway.ts";

type Input = Partial<GatewayInput>;

interface Row {
  readonly setting: string;
  readonly base: Input;
  readonly input: Input;
  readonly observe: (input: Input) => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
}

// The clock moves only where a test moves it.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "warn").mockReturnValue(undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

const SERVICE = "users.v1.UserService";
const USERS = { upstream: { binding: "USERS" } } as const;
const QUIET = { breaker: { mode: "off" }, throttle: { mode: "off" } } as const;
const service = (more: object): Input => ({ services: { [SERVICE]: { ...USERS, retries: false, ...more } } });
const breaker = (settings: object): Input => service({ throttle: { mode: "off" }, breaker: settings });
const getUser = (headers: Record<string, string> = {}) => unary("GetUser", { id: USER.id }, headers);
const broken = (): Response => new Response("broken", { status: 500 });

async function repeat(gateway: Gateway, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) await (await gateway(getUser())).arrayBuffer();
}

/** Calls that reach an upstream, of 40 that are made. @param respond to the call of that number, from 0 */
function reached(respond: (call: number) => Response) {
  return async (input: Input): Promise<number> => {
    let count = 0;
    await repeat(
      gatewayTo(() => respond(count++), input),
      40,
    );
    return count;
  };
}

/** Calls of 40 that each of the bindings A and B gets. */
async function shares(input: Input, respondOf: (name: string) => Response = () => json(USER)): Promise<Record<string, number>> {
  const calls: Record<string, number> = { A: 0, B: 0 };
  const named = (name: string) => ({
    fetch: () => {
      calls[name]! += 1;
      return Promise.resolve(respondOf(name));
    },
  });
  await repeat(gatewayTo(userFor, input, { A: named("A"), B: named("B") }), 40);
  return calls;
}
const canary = (upstream: object): Input => service({ traffic: { canaries: [{ name: "v2", upstream, percent: 100 }] } });
const pair = (settings: object): Input => ({
  services: {
    [SERVICE]: { upstream: { endpoints: [{ binding: "A" }, { binding: "B" }], balancer: "round_robin" }, retries: false, ...settings },
  },
});

/** The policy of the shared breaker, as the isolate sends it to its Durable Object with what it has seen. */
async function sentPolicy(input: Input): Promise<BreakerPolicy> {
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter: the first exchange is sent at once
  const policies: BreakerPolicy[] = [];
  const report = (_: object, policy: BreakerPolicy) => {
    policies.push(policy);
    return Promise.resolve({});
  };
  await repeat(gatewayTo(broken, input, { CIRCUIT_BREAKER: { getByName: () => ({ report }) } }), 6);
  await vi.waitUntil(() => policies.length > 0, { timeout: 60_000 });
  return policies[0]!;
}

/** Attempts of three calls whose first attempts do not respond, after 120 quick calls; and the lengths of the timers, ms. */
async function hedged(input: Input): Promise<{ readonly attempts: number; readonly timers: readonly (number | undefined)[] }> {
  let attempts = 0;
  let isWarm = false;
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const { headers, signal } = new Request(url, init);
    if (!isWarm) return Promise.resolve(json(USER));
    attempts += 1;
    if (headers.get("tidegate-attempt") !== null) return Promise.resolve(json(USER));
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const gateway = gatewayTo(userFor, { ...pair(QUIET), ...input }, { A: { fetch }, B: { fetch } });
  await repeat(gateway, 120);
  isWarm = true;
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

const ROWS: readonly Row[] = [
  {
    setting: "services.upstream.binding",
    base: service({ ...QUIET, upstream: { binding: "A" } }),
    input: service({ ...QUIET, upstream: { binding: "B" } }),
    observe: shares,
    before: { A: 40, B: 0 },
    after: { A: 0, B: 40 },
  },
  {
    setting: "services.traffic.canaries.upstream",
    base: canary({ binding: "A" }),
    input: canary({ binding: "B" }),
    observe: shares,
    before: { A: 40, B: 0 },
    after: { A: 0, B: 40 },
  },
  // Breakers
  {
    setting: "services.breaker.consecutive",
    base: breaker({}),
    input: breaker({ consecutive: 2 }),
    observe: reached(broken),
    before: 5,
    after: 2,
  },
  {
    setting: "services.breaker.failurePercent",
    base: breaker({ minCalls: 8 }),
    input: breaker({ minCalls: 8, failurePercent: 25 }),
    observe: reached((call) => (call % 4 === 3 ? broken() : json(USER))),
    before: 40,
    after: 8,
  },
  {
    setting: "services.breaker.slowMs",
    base: breaker({ minCalls: 8, slowPercent: 50 }),
    input: breaker({ minCalls: 8, slowPercent: 50, slowMs: 50 }),
    observe: reached(() => {
      later(100);
      return json(USER);
    }),
    before: 40,
    after: expect.toSatisfy((calls: number) => calls < 20),
  },
  {
    setting: "services.breaker.minCalls",
    base: breaker({ failurePercent: 25 }),
    input: breaker({ failurePercent: 25, minCalls: 8 }),
    observe: reached((call) => (call % 4 === 3 ? broken() : json(USER))),
    before: 20,
    after: 8,
  },
  {
    setting: "services.breaker.slowPercent",
    base: breaker({ minCalls: 8, slowMs: 50 }),
    input: breaker({ minCalls: 8, slowMs: 50, slowPercent: 50 }),
    observe: reached(() => {
      later(100);
      return json(USER);
    }),
    before: 40,
    after: expect.toSatisfy((calls: number) => calls < 20),
  },
  {
    setting: "services.breaker.maxOpenPercent",
    base: pair({ throttle: { mode: "off" } }),
    input: pair({ throttle: { mode: "off" }, breaker: { maxOpenPercent: 10 } }),
    observe: async (input) => (await shares(input, (name) => (name === "A" ? broken() : json(USER))))["A"],
    before: 5,
    after: 20,
  },
  {
    setting: "services.breaker.probes",
    base: breaker({}),
    input: breaker({ probes: 7 }),
    observe: async (input) => (await sentPolicy(input)).probes,
    before: 3,
    after: 7,
  },
  {
    setting: "services.breaker.openMs",
    base: breaker({}),
    input: breaker({ openMs: 7_000 }),
    observe: async (input) => (await sentPolicy(input)).openMs,
    before: 5_000,
    after: 7_000,
  },
  // Attempts
  {
    setting: "defaults.hedging.percent",
    base: hedging({ percent: 10 }),
    input: hedging({ percent: 1 }),
    observe: async (input) => (await hedged(input)).attempts,
    before: 6,
    after: 4,
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
    setting: "services.upstream.retryBudget.percent",
    base: service({
      ...QUIET,
      retries: { max: 1, baseMs: 1 },
      upstream: { ...USERS.upstream, retryBudget: { percent: 0, minPerSecond: 0 } },
    }),
    input: service({
      ...QUIET,
      retries: { max: 1, baseMs: 1 },
      upstream: { ...USERS.upstream, retryBudget: { percent: 100, minPerSecond: 0 } },
    }),
    observe: reached(() => json({ code: "unavailable" }, { status: 503 })),
    before: 40,
    after: 80,
  },
  // Endpoints
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
    setting: "defaults.concurrency.adaptive",
    base: { defaults: { concurrency: LIMIT } },
    input: { defaults: { concurrency: { ...LIMIT, adaptive: false } } },
    observe: sentAtOnce,
    before: 19, // 95 % of the 20 calls that an adaptive limit starts with
    after: 40,
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async ({ base, input, observe, before, after }) => {
    expect([await observe(base), await observe({ ...base, ...input })]).toEqual([before, after]);
  });
});
