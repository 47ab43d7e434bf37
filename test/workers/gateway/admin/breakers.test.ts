// An operator's word over breakers, through the running gateway: who may speak, what it does to calls, and what the audit says of it.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { CircuitBreaker } from "../../../../durable-objects/circuit-breaker.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

const TOKEN = "a secret of the operators";
const START = Date.UTC(2026, 0, 1);
const SERVICE = "users.v1.UserService";
let names = 0;

/** A gateway whose breakers nobody else has; `calls` counts those of its endpoints. */
function over(input: Partial<GatewayInput> = {}, bindings: Record<string, unknown> = {}, upstream: object = {}) {
  const prefix = `operated-${names++}/`;
  let pending = 0; // reports behind answers
  const told = new Set<string>(); // objects that got one
  const CIRCUIT_BREAKER = {
    getByName: (service: string) => {
      const object = env.CIRCUIT_BREAKER.getByName(prefix + service) as DurableObjectStub<CircuitBreaker>;
      const report = (...args: Parameters<CircuitBreaker["report"]>) => {
        pending += 1;
        told.add(service);
        return object.report(...args).finally(() => {
          pending -= 1;
        });
      };
      const { state, changes } = { state: () => object.state(), changes: () => object.changes() };
      return { report, state, changes, force: (...args: Parameters<CircuitBreaker["force"]>) => object.force(...args) };
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
    const answer = await gateway(new Request(url, { method: "POST", headers: all, body: JSON.stringify(message) }));
    return { status: answer.status, body: (await answer.json()) as Record<string, never> };
  };
  const settled = () => vi.waitUntil(() => pending === 0, { timeout: 60_000, interval: 1 });
  return { gateway, calls, call, settled, told };
}

const open = (endpoint: string, more: object = {}) => ({
  upstream: SERVICE,
  endpoint,
  force: "FORCE_OPEN",
  reason: "disk is full",
  ...more,
});

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

describe("BreakerService", () => {
  it("keeps calls from an endpoint that an operator has opened, and lets them back when he takes his word back", async () => {
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
    expect(await call("ForceBreaker", open("B"))).toMatchObject({
      status: 200,
      body: { upstream: SERVICE, endpoint: "B", state: "STATE_OPEN", forced: "FORCE_OPEN" },
    });
    expect((await minute()).B).toBeLessThanOrEqual(4); // within eleven seconds of it
    expect((await minute()).B).toBe(0);
    await call("ForceBreaker", open("B", { force: "FORCE_EVIDENCE", reason: "disk is empty" }));
    await minute();
    expect(await minute()).toEqual({ A: 20, B: 20, C: 20 });
  });

  it("lists every endpoint that is configured or known, and every change with who and why, the latest first", async () => {
    const { call } = over();
    await call("ForceBreaker", open("C"));
    vi.setSystemTime(START + 5_000);
    await call("ForceBreaker", open("C", { force: "FORCE_CLOSED", reason: " it is enough " }), { "tidegate-operator": "bob@example" });
    expect((await call("ListBreakers", { upstream: SERVICE })).body).toEqual({
      breakers: [
        { upstream: SERVICE, endpoint: "C", state: "STATE_CLOSED", since: "2026-01-01T00:00:05Z", forced: "FORCE_CLOSED" },
        { upstream: SERVICE, endpoint: "A", state: "STATE_CLOSED", forced: "FORCE_EVIDENCE" },
        { upstream: SERVICE, endpoint: "B", state: "STATE_CLOSED", forced: "FORCE_EVIDENCE" },
      ],
    });
    const first = {
      time: "2026-01-01T00:00:00Z",
      state: "STATE_OPEN",
      forced: "FORCE_OPEN",
      who: "ada (OPERATOR_TOKEN)",
      reason: "disk is full",
    };
    const second = { time: "2026-01-01T00:00:05Z", state: "STATE_CLOSED", forced: "FORCE_CLOSED", who: "bob@example (OPERATOR_TOKEN)" };
    const of = { upstream: SERVICE, endpoint: "C" };
    expect((await call("ListChanges")).body).toEqual({
      changes: [
        { ...of, ...second, reason: "it is enough" },
        { ...of, ...first },
      ],
    });
  });

  it("knows canaries, mirrors and endpoints that have registered", async () => {
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
    expect((await call("ForceBreaker", open("A", { upstream: `${SERVICE}@v2` }))).status).toBe(200);
    expect((await call("ForceBreaker", open("late"))).status).toBe(404);
    const ring = env.HASH_RING.getByName(`operated-${names - 1}/${SERVICE}`);
    const late = { id: "late", url: "https://late.example", weight: 1, priority: 0, zone: "", metadata: {}, leaseMs: 60_000 };
    await ring.register(late, 0);
    expect((await call("ForceBreaker", open("late"))).status).toBe(200);
  });

  it("lists under the names that isolates report to: of services, versions, fallbacks and routes of plain HTTP", async () => {
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
    const { gateway, call, settled, told } = over(input, { DOWN: down });
    for (let n = 0; n < 40; n++) {
      const address = { "cf-connecting-ip": `192.0.2.${n}` };
      await gateway(unary("GetUser", {}, address));
      await gateway(unary("ListUsers", {}, address));
    }
    expect((await gateway(new Request("https://gateway.example/assets/x"))).status).toBe(200);
    await settled();
    const { breakers } = (await call("ListBreakers")).body as unknown as { breakers: { upstream: string }[] };
    expect(new Set(breakers.map(({ upstream }) => upstream))).toEqual(told);
    expect(told.size).toBe(6);
  });

  it.each([
    ["no token", { authorization: "" }],
    ["another token", { authorization: "Bearer a secret of the operatorz" }],
    ["an empty token", { authorization: "Bearer " }],
    ["a token by another scheme", { authorization: `Basic ${TOKEN}` }],
  ])("lets nobody speak or listen who brings %s", async (_, headers) => {
    const { call } = over();
    for (const [method, message] of [
      ["ListBreakers", {}],
      ["ForceBreaker", open("A")],
      ["ListChanges", {}],
    ] as const)
      expect(await call(method, message, headers)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await call("ListChanges")).body).toEqual({});
  });

  it("is not served where no token is configured", async () => {
    const { call } = over({ breakers: undefined } as never);
    expect(await call("ListBreakers")).toMatchObject({ status: 404 });
  });

  it.each([
    [{ upstream: "users.v1.UserServise" }, 404, "users.v1.UserService"],
    [{ upstream: "" }, 400, "upstream: write one"],
    [{ endpoint: "https://nobody.example" }, 404, "no endpoint"],
    [{ force: "FORCE_UNSPECIFIED" }, 400, "FORCE_OPEN"],
    [{ force: 9 }, 400, "FORCE_OPEN"],
    [{ reason: " " }, 400, "reason"],
    [{ reason: undefined }, 400, "reason"],
  ])("tells what is wrong with %j", async (more, status, told) => {
    const { call } = over();
    const answer = await call("ForceBreaker", open("A", more));
    expect([answer.status, answer.body["message"]]).toEqual([status, expect.stringContaining(told)]);
    expect((await call("ListChanges")).body).toEqual({});
  });

  it("takes no reason of a length that nobody reads", async () => {
    const { call } = over();
    expect((await call("ForceBreaker", open("A", { reason: "x".repeat(501) }))).status).toBe(400);
    expect((await call("ForceBreaker", open("A", { reason: "x".repeat(500) }))).status).toBe(200);
  });

  it("refuses a name that would forge the audit, and a word that nobody would heed", async () => {
    const { call } = over();
    expect((await call("ForceBreaker", open("A"), { "tidegate-operator": "ada) (ROOT" })).status).toBe(400);
    const unheeded = over({ services: { [SERVICE]: { upstream: { binding: "A" }, breaker: { mode: "off" } } } as never });
    expect((await unheeded.call("ForceBreaker", open("A"))).body).toMatchObject({ code: "failed_precondition" });
  });

  it("says so where the object can't be asked", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gone = () => Promise.reject(new Error("overloaded"));
    const { call } = over(
      { defaults: { retries: false } },
      { CIRCUIT_BREAKER: { getByName: () => ({ state: gone, force: gone, changes: gone, report: gone }) } },
    );
    for (const [method, message] of [
      ["ListBreakers", {}],
      ["ForceBreaker", open("A")],
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
  ])("tells a mistake before anything starts: %j", (breakers, bindings, told) => {
    try {
      over({ breakers: breakers as never }, bindings);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidConfiguration);
      expect((error as Error).message).toContain(told);
    }
  });
});
