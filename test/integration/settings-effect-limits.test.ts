// Settings of rate limits, pools and polls with a small effect: each row runs one gateway without the setting and one with it.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { PoolInput } from "../../core/config/upstream.ts";
import { AUTH, bearer } from "../support/callers.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { gatewayTo, PATIENT_MS, USER, unary, userFor } from "../support/gateway.ts";

type Input = Partial<GatewayInput>;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const SERVICE = "users.v1.UserService";
const getUser = (headers: Record<string, string> = {}) => unary("GetUser", { id: USER.id }, headers);

/** The names of the Durable Objects that 40 callers of a rule are counted in. */
async function bucketObjects(input: Input): Promise<Set<string>> {
  const names = new Set<string>();
  const TOKEN_BUCKET = {
    getByName: (name: string) => {
      names.add(name);
      return env.TOKEN_BUCKET.getByName(name);
    },
  };
  const gateway = gatewayTo(userFor, input, { TOKEN_BUCKET });
  for (let caller = 0; caller < 40; caller++) expect((await gateway(getUser({ "x-app": `app-${caller}` }))).status).toBe(200);
  return names;
}
const objects = async (input: Input): Promise<number> => (await bucketObjects(input)).size;
const isShared = async (input: Input): Promise<boolean> => (await bucketObjects(input)).size > 0;
const kindsOfObjects = async (input: Input): Promise<string[]> => [
  ...new Set([...(await bucketObjects(input))].map((name) => (name.startsWith("root/") ? "of the world" : "of a region"))),
];

let rules = 0;
const limit = (rule: object = {}): Input => {
  const name = `effect-${rules++}`;
  const shared = { capacity: 4, rate: 1, intervalMs: 10_000, mode: "exact", fail: "closed", waitMs: PATIENT_MS } as const;
  return { rateLimits: { [name]: { ...shared, key: { header: "x-app" }, perAddress: "off", ...rule } }, defaults: { rateLimits: [name] } };
};

/** Calls of five that pass two intervals after the bucket was emptied, of which half has come back. */
async function passedLater(input: Input, headers: Record<string, string> = { "x-app": "a" }): Promise<number> {
  vi.useFakeTimers({ toFake: ["Date"] });
  const gateway = gatewayTo(userFor, input);
  const passed = async (): Promise<number> => {
    let count = 0;
    for (let call = 0; call < 5; call++) count += (await gateway(getUser(headers))).status === 200 ? 1 : 0;
    return count;
  };
  expect(await passed()).toBe(4);
  vi.setSystemTime(Date.now() + 20_000);
  return passed();
}

/** A limit whose rule is never reached: that of the plan is. */
const plan = (more: object = {}, by: object = { header: "x-plan" }): Input => {
  const gold = { capacity: 4, rate: 1, intervalMs: 10_000, ...more };
  return limit({ mode: "local", capacity: 1_000, rate: 1_000, tiers: { by, plans: { gold } } });
};
const passedOfPlan = (input: Input): Promise<number> => passedLater(input, { "x-app": "a", "x-plan": "gold" });
/** Calls of five that pass of a caller with these headers. */
async function passedWith(input: Input, headers: Record<string, string>): Promise<number> {
  const gateway = gatewayTo(userFor, input);
  let count = 0;
  for (let call = 0; call < 5; call++) count += (await gateway(getUser({ "x-app": "a", ...headers }))).status === 200 ? 1 : 0;
  return count;
}

/** The same plan by this claim of the token. */
const planOfClaim = (claim: string): Input => {
  const limited = plan({}, { claim });
  return { auth: AUTH, ...limited, defaults: { ...limited.defaults, auth: "required" } };
};

/** Endpoints of A and B that get some of twelve calls of one caller. */
async function endpointsCalled(input: Input): Promise<string[]> {
  const called = new Set<string>();
  const named = (name: string) => ({
    fetch: (url: string, init: RequestInit) => {
      called.add(name);
      return Promise.resolve(userFor(new Request(url, init)));
    },
  });
  const gateway = gatewayTo(userFor, input, { A: named("A"), B: named("B") });
  for (let call = 0; call < 12; call++) await (await gateway(getUser({ "cf-connecting-ip": "192.0.2.7" }))).arrayBuffer();
  return [...called].sort();
}
const endpoints = (pool: Partial<PoolInput>): Input => ({
  services: { [SERVICE]: { upstream: { endpoints: [{ binding: "A" }, { binding: "B" }], ...pool } } },
});

/** Exchanges with the relay in 3 s, with a call every 150 ms. */
async function exchanges(input: Input): Promise<number> {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(Math, "random").mockReturnValue(0.9);
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  let count = 0;
  const exchange = (): Promise<never> => {
    count += 1;
    return Promise.reject(new Error("gone"));
  };
  const { PURGE_LOG, HASH_RING, AUDIT_LOG, CONTROL_PLANE } = env;
  const objects = { PURGE_LOG, HASH_RING, AUDIT_LOG, CONTROL_PLANE };
  const gateway = gatewayTo(userFor, input, {
    RELAY: { getByName: () => ({ exchange }) },
    ...objects,
    ADMIN_TOKEN: "a".repeat(32),
  });
  for (let call = 0; call < 20; call++) {
    await gateway(getUser());
    vi.setSystemTime(Date.now() + 150);
  }
  return count;
}

const ROWS: readonly EffectRow[] = [
  {
    setting: "services.upstream.balancer",
    base: endpoints({ balancer: "round_robin" }),
    input: endpoints({ balancer: "rendezvous" }),
    observe: async (input) => (await endpointsCalled(input)).length,
    before: 2,
    after: 1,
  },
  {
    setting: "services.upstream.endpoints.binding",
    base: endpoints({ endpoints: [{ binding: "A" }] }),
    input: endpoints({ endpoints: [{ binding: "B" }] }),
    observe: endpointsCalled,
    before: ["A"],
    after: ["B"],
  },
  // Rate limits
  {
    setting: "rateLimitShards",
    base: limit(),
    input: { rateLimitShards: 1 },
    observe: objects,
    before: expect.toSatisfy((count: number) => count > 1 && count <= 16),
    after: 1,
  },
  {
    setting: "rateLimits.scope",
    base: limit(),
    input: limit({ scope: "region" }),
    observe: kindsOfObjects,
    before: ["of the world"],
    after: ["of a region"],
  },
  { setting: "rateLimits.compat", base: limit(), input: limit({ compat: true }), observe: passedLater, before: 2, after: 4 },
  { setting: "rateLimits.rate", base: limit(), input: limit({ rate: 2 }), observe: passedLater, before: 2, after: 4 },
  { setting: "rateLimits.intervalMs", base: limit(), input: limit({ intervalMs: 5_000 }), observe: passedLater, before: 2, after: 4 },
  {
    setting: "rateLimits.mode",
    base: limit({ capacity: 3 }),
    input: limit({ capacity: 3, mode: "local" }),
    observe: isShared,
    before: true,
    after: false,
  },
  { setting: "rateLimits.tiers.plans.rate", base: plan(), input: plan({ rate: 3 }), observe: passedOfPlan, before: 2, after: 4 },
  {
    setting: "rateLimits.tiers.plans.intervalMs",
    base: plan(),
    input: plan({ intervalMs: 5_000 }),
    observe: passedOfPlan,
    before: 2,
    after: 4,
  },
  {
    setting: "rateLimits.tiers.by.header",
    base: plan({}, { header: "x-other" }),
    input: plan(),
    observe: (input) => passedWith(input, { "x-plan": "gold" }),
    before: 5,
    after: 4,
  },
  {
    setting: "rateLimits.tiers.by.claim",
    base: planOfClaim("tenant"),
    input: planOfClaim("plan"),
    observe: async (input) => passedWith(input, await bearer("ada", { plan: "gold" })),
    before: 5,
    after: 4,
  },
  // Polls: the first one comes at a moment of the first interval, here at nine tenths of it
  {
    setting: "control.pollMs",
    base: { admin: { secretBinding: "ADMIN_TOKEN" }, control: {} },
    input: { admin: { secretBinding: "ADMIN_TOKEN" }, control: { pollMs: 500 } },
    observe: exchanges,
    before: 0,
    after: expect.toSatisfy((count: number) => count > 1),
  },
  {
    setting: "registry.pollMs",
    base: { registry: { tokenBinding: "ADMIN_TOKEN" } },
    input: { registry: { tokenBinding: "ADMIN_TOKEN", pollMs: 500 } },
    observe: exchanges,
    before: 0,
    after: expect.toSatisfy((count: number) => count > 1),
  },
  {
    setting: "purge.pollMs",
    base: { purge: { tokenBinding: "ADMIN_TOKEN" } },
    input: { purge: { tokenBinding: "ADMIN_TOKEN", pollMs: 500 } },
    observe: exchanges,
    before: 0,
    after: expect.toSatisfy((count: number) => count > 1),
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });
});
