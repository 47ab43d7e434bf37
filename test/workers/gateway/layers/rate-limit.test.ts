// Rules, costs, and buckets that cannot be reached: through the whole pipeline, with real Durable Objects.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { RateLimitInput } from "../../../../core/config/rate-limit.ts";
import type { RouteInput } from "../../../../core/config/route.ts";
import type { TokenBuckets } from "../../../../durable-objects/token-buckets.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { AUTH, bearer } from "../../../support/callers.ts";
import { gatewayTo, json, PATIENT_MS, USER, unary } from "../../../support/gateway.ts";
import { present } from "../../../support/present.ts";

const START = present();

// The clock moves only where a test moves it: a lease does not lapse because the machine is busy.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let rules = 0;
type Mode = NonNullable<RateLimitInput["mode"]>;
const MODES: readonly Mode[] = ["auto", "exact", "leased", "local"];

function limited(
  rule: Partial<RateLimitInput>,
  route: RouteInput = {},
  upstream = () => json(USER),
  bindings: Record<string, unknown> = {},
  methods: readonly string[] = [],
) {
  const name = `limits-${rules++}`;
  const input: Partial<GatewayInput> = {
    auth: AUTH,
    rateLimits: { [name]: { capacity: 3, rate: 1, intervalMs: 600_000, fail: "closed", waitMs: PATIENT_MS, ...rule } },
    defaults: methods.length === 0 ? { rateLimits: [name], ...route } : {},
    services: {
      "users.v1.UserService": {
        upstream: { binding: "USERS" },
        methods: Object.fromEntries(methods.map((method) => [method, { rateLimits: [name], ...route }])),
      },
    },
  };
  const gateway = gatewayTo(upstream, input, bindings);
  return async (headers: Record<string, string> = {}, message: unknown = {}, method = "GetUser") =>
    (await gateway(unary(method, message, headers))).status;
}

/** The real buckets, and a way to wait until all messages to them have been answered. */
function observedBuckets(isGone: () => boolean = () => false) {
  let underWay = 0;
  const observed = (call: () => Promise<unknown>): Promise<unknown> => {
    if (isGone()) return Promise.reject(new Error("gone"));
    underWay += 1;
    return call().finally(() => {
      underWay -= 1;
    });
  };
  const TOKEN_BUCKET = {
    getByName(shard: string) {
      const stub = env.TOKEN_BUCKET.getByName(shard) as DurableObjectStub<TokenBuckets>;
      return {
        take: (charges: never) => observed(() => stub.take(charges)),
        grantLeases: (requests: never) => observed(() => stub.grantLeases(requests)),
        returnTokens: (charges: never) => observed(() => stub.returnTokens(charges)),
        overdraw: (charges: never) => observed(() => stub.overdraw(charges)),
      };
    },
  };
  return { TOKEN_BUCKET, settled: () => vi.waitUntil(() => underWay === 0, { timeout: 30_000 }) };
}

/** How many of `times` calls pass. */
async function passed(times: number, call: () => Promise<number>): Promise<number> {
  let count = 0;
  for (let n = 0; n < times; n++) if ((await call()) === 200) count += 1;
  return count;
}

it.each(MODES)("admits the capacity, and no more: %s", async (mode) => {
  const call = limited({ mode, capacity: 5 });
  expect(await passed(9, () => call())).toBe(5);
});

it.each([
  ["route", { key: "route" as const }, {}, {}, "ListUsers"],
  ["claim", { key: { claim: "sub" } }, await bearer("ada"), await bearer("bob"), "GetUser"],
])("counts callers apart by %s", async (_, rule, one, other, method) => {
  const call = limited({ capacity: 1, mode: "local", ...rule });
  expect([await call(one), await call(one), await call(other, {}, method)]).toEqual([200, 429, 200]);
});

it("counts all callers together where the rule says so, whatever their address", async () => {
  const call = limited({ capacity: 1, mode: "local", key: "all" });
  expect([await call({ "cf-connecting-ip": "192.0.2.1" }), await call({ "cf-connecting-ip": "192.0.2.2" })]).toEqual([200, 429]);
});

it("counts by a field of the message, and by address where it is empty", async () => {
  const call = limited({ capacity: 1, mode: "auto", key: { field: "id" } }, {}, undefined, {}, ["GetUser"]);
  expect([await call({}, { id: "a" }), await call({}, { id: "a" }), await call({}, { id: "b" })]).toEqual([200, 429, 200]);
  expect([await call({}, {}), await call({}, {})]).toEqual([200, 429]);
});

/** Messages that the gateway does not read, though some upstream may. */
const UNREADABLE = ['{"id":"a"}x', '{"x":1,"id":"a"}', '{"id":"b","id":"a"}', ""];

it.each(UNREADABLE)("counts by address where the message can't be read: %j", async (message) => {
  const call = limited({ capacity: 1, mode: "local", key: { field: "id" } }, {}, undefined, {}, ["GetUser"]);
  const at = (address: string, sent: unknown = message) => call({ "cf-connecting-ip": address }, sent);
  expect([await at("192.0.2.1"), await at("192.0.2.1"), await at("192.0.2.2")]).toEqual([200, 429, 200]);
  expect([await at("192.0.2.1", { id: "a" }), await at("192.0.2.1", {})]).toEqual([200, 429]);
});

it.each(UNREADABLE)("takes the highest cost where the message can't be read: %j", async (message) => {
  const call = limited({ capacity: 6, mode: "local" }, { cost: { of: () => 1, max: 3 } }, undefined, {}, ["GetUser"]);
  expect(await passed(9, () => call({}, message))).toBe(2);
});

it("counts a caller by address where its token has no such claim, and where it has no token", async () => {
  const call = limited({ capacity: 1, mode: "local", key: { claim: "tenant" } });
  expect([await call(await bearer("ada")), await call(await bearer("bob", { tenant: {} })), await call({})]).toEqual([200, 429, 429]);
});

it("counts by no claim of a token that is not verified", async () => {
  const call = limited({ capacity: 1, mode: "local", key: { claim: "sub" } });
  const { authorization } = await bearer("ada");
  for (const end of ["", "AAAA"]) expect(await call({ authorization: authorization.slice(0, -4) + end })).toBe(401);
});

it("gives plans their own limits, and the rule's limit to all other callers", async () => {
  const plans = { gold: { capacity: 4, rate: 1, intervalMs: 600_000 } };
  const call = limited({ capacity: 2, mode: "local", tiers: { by: { header: "x-plan" }, plans } });
  expect(await passed(9, () => call({ "x-plan": "gold" }))).toBe(4);
  expect(await passed(9, () => call({ "x-plan": "toString" }))).toBe(2);
});

it("exempts callers: address ranges, and values of the key", async () => {
  const call = limited({ capacity: 1, mode: "local", key: { header: "x-app" }, exempt: ["10.0.0.0/8", "2001:db8::/32", "batch"] });
  expect(await passed(5, () => call({ "x-app": "batch" }))).toBe(5);
  expect(await passed(5, () => call({ "cf-connecting-ip": "10.200.1.1" }))).toBe(5);
  expect(await passed(5, () => call({ "cf-connecting-ip": "2001:db8:ffff::1" }))).toBe(5);
  expect(await passed(5, () => call({ "cf-connecting-ip": "11.0.0.1" }))).toBe(1);
});

it("reports instead of refusing, for all callers or a share of them that stays the same", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(await passed(4, limited({ capacity: 1, mode: "local", enforce: "report" }))).toBe(4);
  const reports = warn.mock.calls.map(([line]) => JSON.parse(String(line))).filter(({ event }) => event === "would_refuse");
  expect(reports).toEqual([expect.objectContaining({ policy: "rate_limit", reason: "limit is reached", calls: 1 })]); // one a second
  expect(await passed(4, limited({ capacity: 1, mode: "local", enforce: "off" }))).toBe(4);
  const half = limited({ capacity: 1, mode: "local", enforce: 50, key: { header: "x-app" } });
  let held = 0;
  for (let app = 0; app < 200; app++) {
    const headers = { "x-app": `app-${app}` };
    await half(headers);
    if ((await half(headers)) === 429) held += 1;
  }
  expect(held).toBeGreaterThan(60);
  expect(held).toBeLessThan(140);
});

it("takes the bounded cost that a function of the message returns; an invalid one costs the most", async () => {
  const of = ({ id }: Readonly<Record<string, unknown>>): number => {
    if (id === "throws") throw new Error("no cost");
    return id === "nonsense" ? Number.NaN : id === "negative" ? -5 : 2;
  };
  const costing = (id: string) => {
    const call = limited({ capacity: 6, mode: "local" }, { cost: { of, max: 3 } });
    return passed(9, () => call({}, { id }));
  };
  expect([await costing("two"), await costing("nonsense"), await costing("throws"), await costing("negative")]).toEqual([3, 2, 2, 6]);
});

it.each(MODES)("takes the cost that the response reports, and later calls pay for it: %s", async (mode) => {
  let says = "4";
  const upstream = () => json(USER, { headers: { "x-cost": says } });
  const { TOKEN_BUCKET, settled } = observedBuckets();
  const call = limited({ mode, capacity: 6 }, { cost: { header: "x-cost", max: 6 } }, upstream, { TOKEN_BUCKET });
  expect(await call()).toBe(200); // 1 before it, 3 after it
  says = "1";
  await settled();
  expect(await passed(9, () => call())).toBe(2);
});

it("takes the estimate of a cost before the call, which the response may leave as it is", async () => {
  const estimated = async (estimate?: number) => {
    const cost = { header: "x-cost", max: 6, ...(estimate === undefined ? {} : { estimate }) };
    const call = limited({ mode: "local", capacity: 6 }, { cost });
    return passed(9, () => call());
  };
  expect([await estimated(), await estimated(3)]).toEqual([6, 2]);
});

it("reports impossible settings at once: reuse without a lease, compat with one, a field that is none, a stream of messages", () => {
  const problemsOf = (rule: object, service = {}): string => {
    const rateLimits = { r: { capacity: 1, rate: 1, ...rule } } as never;
    try {
      gatewayTo(() => json(USER), { rateLimits, defaults: { rateLimits: ["r"] }, ...service });
      return "nothing";
    } catch (error) {
      return error instanceof InvalidConfiguration ? error.message : "another error";
    }
  };
  expect(problemsOf({ mode: "exact", fail: "reuse" })).toContain("has no lease to reuse");
  expect(problemsOf({ mode: "leased", compat: true })).toContain('write mode: "exact"');
  expect(problemsOf({ optimistic: true })).toContain("rateLimits.r.optimistic: found true; remove it");
  expect(problemsOf({ key: { field: "idd" } })).toContain('rateLimits.r.key.field: found idd; write "id"');
  expect(problemsOf({ exempt: ["10.0.0.0/40"] })).toContain("rateLimits.r.exempt[0]");
  expect(problemsOf({ enforce: 101 })).toContain("rateLimits.r.enforce");
});

it("continues with a quarter of its rate while the Durable Object cannot be reached, under reuse, and refuses callers without a lease", async () => {
  let isGone = false;
  const { TOKEN_BUCKET, settled } = observedBuckets(() => isGone);
  const rule = { capacity: 1_000, rate: 1_000, intervalMs: 1_000, mode: "leased", fail: "reuse", key: { header: "x-app" } } as const;
  const call = limited(rule, {}, () => json(USER), { TOKEN_BUCKET });
  const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
  for (let n = 0; n < 120; n++) {
    await call({ "x-app": "known" });
    pass(10);
    await scheduler.wait(10); // renewals are collected for 5 ms before they are sent
    await settled();
  }
  isGone = true;
  pass(1_000); // what was held has lapsed
  const during = await passed(1_000, () => {
    pass(2);
    return call({ "x-app": "known" });
  });
  const seconds = 2;
  expect(during).toBeGreaterThan(2);
  expect(during).toBeLessThanOrEqual(250 * seconds + 251);
  expect(await call({ "x-app": "new" })).toBe(503);
});
