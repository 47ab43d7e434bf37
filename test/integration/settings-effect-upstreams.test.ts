// Settings of upstreams with a small effect: where calls go, when breakers open, and whether a call is repeated. Each row calls one gateway
// without the setting and one with it.
import { describe, expect, it, vi } from "vitest";
import type { BreakerPolicy } from "../../core/config/breaker.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import {
  broken,
  type Input,
  later,
  pair,
  QUIET,
  reached,
  repeat,
  service,
  shares,
  stopClock,
  USERS,
} from "../support/effects/upstream-calls.ts";
import { gatewayTo, json, USER } from "../support/gateway.ts";

stopClock();
const breaker = (settings: object): Input => service({ throttle: { mode: "off" }, breaker: settings });
const canary = (upstream: object): Input => service({ traffic: { canaries: [{ name: "v2", upstream, percent: 100 }] } });

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

const ROWS: readonly EffectRow[] = [
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
    setting: "services.breaker.outlierFactor",
    base: breaker({}),
    input: breaker({ outlierFactor: 7 }),
    observe: async (input) => (await sentPolicy(input)).outlierFactor,
    before: 1.9,
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
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
