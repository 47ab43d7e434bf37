// BreakerService through the running gateway: who may call it, what an override does to calls, and what the audit log says.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { CircuitBreaker } from "../../../../durable-objects/circuit-breaker.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";
import { present } from "../../../support/present.ts";

const TOKEN = "a secret of the operators";
const START = present();
const at = (ms: number): string => new Date(START + ms).toISOString().replace(".000Z", "Z");
const SERVICE = "users.v1.UserService";
let names = 0;

/** A gateway with breakers of its own. `calls` counts the calls of each endpoint, `reported` has the upstreams that got a report. */
function over(input: Partial<GatewayInput> = {}, bindings: Record<string, unknown> = {}, upstream: object = {}) {
  const prefix = `operated-${names++}/`;
  let pending = 0; // reports in flight
  const reported = new Set<string>();
  const CIRCUIT_BREAKER = {
    getByName: (service: string) => {
      const object = env.CIRCUIT_BREAKER.getByName(prefix + service) as DurableObjectStub<CircuitBreaker>;
      const report = (...args: Parameters<CircuitBreaker["report"]>) => {
        pending += 1;
        reported.add(service);
        return object.report(...args).finally(() => {
          pending -= 1;
        });
      };
      const { state, changes } = { state: () => object.state(), changes: () => object.changes() };
      return { report, state, changes, setOverride: (...args: Parameters<CircuitBreaker["setOverride"]>) => object.setOverride(...args) };
    },
  };
  const HASH_RING = { getByName: (service: string) => env.HASH_RING.getByName(prefix + service) };
  const calls = { A: 0, B: 0, C: 0 };
  const endpoint = (name: keyof typeof calls) => ({
    fetch: () => {
      calls[name] += 1;
      return Promise.resolve(json(USER));
    },
  });
  const pool = { endpoints: [{ binding: "A" }, { binding: "B" }, { binding: "C" }], balancer: "round_robin", ...upstream } as never;
  const gateway = gatewayTo(
    () => json(USER),
    { breakers: { tokenBinding: "OPERATOR_TOKEN" }, services: { [SERVICE]: { upstream: pool } }, ...input },
    { A: endpoint("A"), B: endpoint("B"), C: endpoint("C"), CIRCUIT_BREAKER, HASH_RING, OPERATOR_TOKEN: TOKEN, ...bindings },
  );
  const call = async (method: string, message: object = {}, headers: Record<string, string> = {}) => {
    const all = { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, "tidegate-operator": "ada", ...headers };
    const url = `https://gateway.example/tidegate.breaker.v1.BreakerService/${method}`;
    const response = await gateway(new Request(url, { method: "POST", headers: all, body: JSON.stringify(message) }));
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  const settled = () => vi.waitUntil(() => pending === 0, { timeout: 60_000, interval: 1 });
  return { gateway, calls, call, settled, reported };
}

const open = (endpoint: string, more: object = {}) => ({
  upstream: SERVICE,
  endpoint,
  override: "OVERRIDE_OPEN",
  reason: "disk is full",
  ...more,
});

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

describe("BreakerService", () => {
  it("keeps calls from an endpoint that an operator has opened, until the override is removed", async () => {
    const { gateway, calls, call, settled } = over();
    let now = START;
    const minute = async () => {
      Object.assign(calls, { A: 0, B: 0, C: 0 });
      for (let n = 0; n < 60; n++) {
        now += 1_000;
        vi.setSystemTime(now);
        expect((await gateway(unary("GetUser"))).status).toBe(200);
        await settled();
      }
      return { ...calls };
    };
    expect(await minute()).toEqual({ A: 20, B: 20, C: 20 });
    expect(await call("SetOverride", open("B"))).toMatchObject({
      status: 200,
      body: { upstream: SERVICE, endpoint: "B", state: "STATE_OPEN", override: "OVERRIDE_OPEN" },
    });
    expect((await minute()).B).toBeLessThanOrEqual(4); // within 11 s of the override
    expect((await minute()).B).toBe(0);
    await call("SetOverride", open("B", { override: "OVERRIDE_NONE", reason: "disk is empty" }));
    await minute();
    expect(await minute()).toEqual({ A: 20, B: 20, C: 20 });
  });

  it("lists every configured or reported endpoint, and every change with author and reason, the latest first", async () => {
    const { call } = over();
    await call("SetOverride", open("C"));
    vi.setSystemTime(START + 5_000);
    await call("SetOverride", open("C", { override: "OVERRIDE_CLOSED", reason: " it is enough " }), { "tidegate-operator": "bob@example" });
    expect((await call("ListBreakers", { upstream: SERVICE })).body).toEqual({
      breakers: [
        { upstream: SERVICE, endpoint: "C", state: "STATE_CLOSED", since: at(5_000), override: "OVERRIDE_CLOSED" },
        { upstream: SERVICE, endpoint: "A", state: "STATE_CLOSED", override: "OVERRIDE_NONE" },
        { upstream: SERVICE, endpoint: "B", state: "STATE_CLOSED", override: "OVERRIDE_NONE" },
      ],
    });
    const first = {
      time: at(0),
      state: "STATE_OPEN",
      override: "OVERRIDE_OPEN",
      author: "ada (OPERATOR_TOKEN)",
      reason: "disk is full",
    };
    const second = {
      time: at(5_000),
      state: "STATE_CLOSED",
      override: "OVERRIDE_CLOSED",
      author: "bob@example (OPERATOR_TOKEN)",
    };
    const of = { upstream: SERVICE, endpoint: "C" };
    expect((await call("ListChanges")).body).toEqual({
      changes: [
        { ...of, ...second, reason: "it is enough" },
        { ...of, ...first },
      ],
    });
  });

  it("lists canaries and mirrors, and overrides registered endpoints", async () => {
    const traffic = {
      canaries: [{ name: "v2", upstream: { binding: "A" }, percent: 5 }],
      mirror: { upstream: { binding: "B" }, percent: 1 },
    };
    const registry = { tokenBinding: "REGISTRY_TOKEN" };
    const upstream = { registry: true, endpoints: [{ binding: "C" }] };
    const { call } = over(
      { registry, services: { [SERVICE]: { upstream, traffic } } as never },
      { REGISTRY_TOKEN: "a secret of the registry" },
    );
    const { breakers } = (await call("ListBreakers")).body as unknown as { breakers: { upstream: string; endpoint: string }[] };
    expect(breakers.map(({ upstream, endpoint }) => `${upstream} ${endpoint}`)).toEqual([
      `${SERVICE} C`,
      `${SERVICE}@v2 A`,
      `${SERVICE}@mirror B`,
    ]);
    expect((await call("SetOverride", open("A", { upstream: `${SERVICE}@v2` }))).status).toBe(200);
    expect((await call("SetOverride", open("late"))).status).toBe(404);
    const ring = env.HASH_RING.getByName(`operated-${names - 1}/${SERVICE}`);
    const late = { id: "late", url: "https://late.example", weight: 1, priority: 0, zone: "", metadata: {}, leaseMs: 60_000 };
    await ring.register(late, 0);
    expect((await call("SetOverride", open("late"))).status).toBe(200);
  });

  it("lists the upstreams that isolates report: services, canaries, mirrors, fallbacks and plain HTTP routes", async () => {
    const traffic = {
      canaries: [{ name: "v2", upstream: { binding: "A" }, percent: 50 }],
      mirror: { upstream: { binding: "B" }, percent: 100 },
    };
    const methods = {
      GetUser: { fallback: { upstream: { binding: "A" } } },
      ListUsers: { fallback: { upstream: { binding: "C" } } },
    };
    const down = { fetch: () => Promise.resolve(json({ code: "unavailable" }, { status: 503 })) };
    const services = { [SERVICE]: { upstream: { binding: "DOWN" }, traffic, methods } };
    const httpRoutes = { "/assets/": { upstream: { binding: "B" } } };
    const input = { services, httpRoutes, defaults: { retries: false } } as never;
    const { gateway, call, settled, reported } = over(input, { DOWN: down });
    for (let n = 0; n < 40; n++) {
      const address = { "cf-connecting-ip": `192.0.2.${n}` };
      await gateway(unary("GetUser", {}, address));
      await gateway(unary("ListUsers", {}, address));
    }
    expect((await gateway(new Request("https://gateway.example/assets/x"))).status).toBe(200);
    vi.setSystemTime(Date.now() + 5_000); // the next exchange is due
    expect((await gateway(new Request("https://gateway.example/assets/x"))).status).toBe(200);
    await vi.waitUntil(() => reported.size === 6, { timeout: 60_000, interval: 5 });
    await settled();
    const { breakers } = (await call("ListBreakers")).body as unknown as { breakers: { upstream: string }[] };
    expect(new Set(breakers.map(({ upstream }) => upstream))).toEqual(reported);
    expect(reported.size).toBe(6);
  });

  it.each([
    ["no token", { authorization: "" }],
    ["another token", { authorization: "Bearer a secret of the operatorz" }],
    ["an empty token", { authorization: "Bearer " }],
    ["a token by another scheme", { authorization: `Basic ${TOKEN}` }],
  ])("refuses every method with %s", async (_, headers) => {
    const { call } = over();
    for (const [method, message] of [
      ["ListBreakers", {}],
      ["SetOverride", open("A")],
      ["ListChanges", {}],
    ] as const)
      expect(await call(method, message, headers)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await call("ListChanges")).body).toEqual({});
  });

  it("is not served without a configured token", async () => {
    const { call } = over({ breakers: undefined } as never);
    expect(await call("ListBreakers")).toMatchObject({ status: 404 });
  });

  it.each([
    [{ upstream: "users.v1.UserServise" }, 404, "users.v1.UserService"],
    [{ upstream: "" }, 400, "upstream is empty; write the name of one"],
    [{ endpoint: "https://unknown.example" }, 404, "has no endpoint https://unknown.example"],
    [{ override: "OVERRIDE_UNSPECIFIED" }, 400, "OVERRIDE_OPEN"],
    [{ override: 9 }, 400, "OVERRIDE_OPEN"],
    [{ reason: " " }, 400, "reason"],
    [{ reason: undefined }, 400, "reason"],
  ])("says what is wrong with %j", async (more, status, message) => {
    const { call } = over();
    const response = await call("SetOverride", open("A", more));
    expect([response.status, response.body["message"]]).toEqual([status, expect.stringContaining(message)]);
    expect((await call("ListChanges")).body).toEqual({});
  });

  it("takes a reason of 500 characters at most", async () => {
    const { call } = over();
    expect((await call("SetOverride", open("A", { reason: "x".repeat(501) }))).status).toBe(400);
    expect((await call("SetOverride", open("A", { reason: "x".repeat(500) }))).status).toBe(200);
  });

  it("refuses an operator's name that would forge the audit log, and an override of an upstream without breakers", async () => {
    const { call } = over();
    expect((await call("SetOverride", open("A"), { "tidegate-operator": "ada) (ROOT" })).status).toBe(400);
    const withoutBreakers = over({ services: { [SERVICE]: { upstream: { binding: "A" }, breaker: { mode: "off" } } } as never });
    expect((await withoutBreakers.call("SetOverride", open("A"))).body).toMatchObject({ code: "failed_precondition" });
  });

  it("is unavailable if the Durable Object cannot be reached", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gone = () => Promise.reject(new Error("overloaded"));
    const { call } = over(
      { defaults: { retries: false } },
      { CIRCUIT_BREAKER: { getByName: () => ({ state: gone, setOverride: gone, changes: gone, report: gone }) } },
    );
    for (const [method, message] of [
      ["ListBreakers", {}],
      ["SetOverride", open("A")],
      ["ListChanges", {}],
    ] as const)
      expect(await call(method, message)).toMatchObject({ status: 503, body: { code: "unavailable" } });
    vi.restoreAllMocks();
  });

  it.each([
    [{ tokenBinding: "NO_SUCH" }, {}, "no secret of that name"],
    [{ tokenBinding: "SHORT" }, { SHORT: "short" }, "at least 16 characters"],
    [{ tokenBinding: 7 }, {}, "breakers.tokenBinding"],
    [{ token: "x" }, {}, "breakers.token"],
    [{ tokenBinding: "OPERATOR_TOKEN" }, { CIRCUIT_BREAKER: undefined }, "no binding CIRCUIT_BREAKER"],
  ])("reports a wrong configuration at the start: %j", (breakers, bindings, problem) => {
    try {
      over({ breakers: breakers as never }, bindings);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidConfiguration);
      expect((error as Error).message).toContain(problem);
    }
  });
});
