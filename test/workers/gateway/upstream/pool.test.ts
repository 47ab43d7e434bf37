// An upstream of several endpoints, through the running gateway: which one is called, and the effect of a slow or failing one.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { ServiceInput } from "../../../../core/config/service.ts";
import type { PoolInput } from "../../../../core/config/upstream.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { AUTH, bearer } from "../../../support/callers.ts";
import { gatewayTo, json, rest, USER, unary, userFor } from "../../../support/gateway.ts";

const ADA = await bearer("ada");

type Answer = (request: Request) => Response | Promise<Response>;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
afterEach(() => void vi.useRealTimers());

const until = (isTrue: () => boolean): Promise<boolean> => vi.waitUntil(isTrue, { timeout: 60_000 });

/** A gateway whose endpoints are functions, and how often each of them was called. */
function over(
  endpoints: Record<string, Answer>,
  pool: Partial<PoolInput> = {},
  input: Partial<GatewayInput> = {},
  service: Partial<ServiceInput> = {},
) {
  const calls: Record<string, number> = {};
  const bindings = Object.fromEntries(
    Object.entries(endpoints).map(([name, answer]) => {
      calls[name] = 0;
      const fetch = async (url: string, init: RequestInit) => {
        calls[name]! += 1;
        return answer(new Request(url, init));
      };
      return [name, { fetch }];
    }),
  );
  const upstream: PoolInput = { endpoints: Object.keys(endpoints).map((binding) => ({ binding })), ...pool };
  const gateway = gatewayTo(() => json(USER), { services: { "users.v1.UserService": { upstream, ...service } }, ...input }, bindings);
  return { gateway, calls };
}

const ok: Answer = (request) => userFor(request);
const broken: Answer = () => json({ code: "internal" }, { status: 500 });

describe("an upstream of several endpoints", () => {
  it("gives each its share under round robin", async () => {
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "round_robin" });
    for (let call = 0; call < 30; call++) expect((await gateway(unary("GetUser"))).status).toBe(200);
    expect(calls).toEqual({ A: 10, B: 10, C: 10 });
  });

  it("gives calls by weight", async () => {
    const endpoints = [{ binding: "A", weight: 3 }, { binding: "B" }];
    const { gateway, calls } = over({ A: ok, B: ok }, { balancer: "weighted", endpoints });
    for (let call = 0; call < 40; call++) await gateway(unary("GetUser"));
    expect(calls["A"]).toBeGreaterThanOrEqual(29);
    expect(calls["A"]).toBeLessThanOrEqual(31);
  });

  it("calls a slow endpoint less than the others by default", async () => {
    const slow: Answer = async () => {
      await sleep(250);
      return json(USER);
    };
    const { gateway, calls } = over({ A: slow, B: ok, C: ok });
    for (let call = 0; call < 60; call++) await gateway(unary("GetUser"));
    expect(calls["A"]! + calls["B"]! + calls["C"]!).toBe(60);
    expect(calls["A"]).toBeLessThan(10);
  });

  it("lets calls wait for a place, the first one first, for so long, and no more of them than it says", async () => {
    const gates: PromiseWithResolvers<Response>[] = [];
    const held: Answer = () => {
      const gate = Promise.withResolvers<Response>();
      gates.push(gate);
      return gate.promise;
    };
    vi.setSystemTime(Date.now()); // the clock stands still: calls that have waited for long would be dropped
    const { gateway } = over({ A: held }, { maxConcurrent: 1, maxQueued: 2, queueMs: 3_000 });
    const order: string[] = [];
    const call = async (name: string) => {
      const { status } = await gateway(unary("GetUser"));
      order.push(`${name} ${status}`);
    };
    const calls = ["first", "second", "third", "fourth"].map(call);
    await until(() => order.length === 1);
    expect(order).toEqual(["fourth 503"]); // two wait, no more
    gates[0]!.resolve(json(USER) as Response);
    await until(() => order.length === 2 && gates.length === 2); // the second has its place
    expect(order).toEqual(["fourth 503", "first 200"]);
    vi.useRealTimers();
    await until(() => order.includes("third 503")); // it has waited for as long as it may
    gates[1]!.resolve(json(USER) as Response);
    await Promise.all(calls);
    expect(order.at(-1)).toBe("second 200");
  });

  it("does not take failing at once for being fast", async () => {
    const { gateway, calls } = over({ A: broken, B: ok, C: ok });
    for (let call = 0; call < 60; call++) await gateway(unary("GetUser"));
    expect(calls["A"]).toBeLessThan(5);
  });

  it("ejects an endpoint after five failures in a row, whatever the balancer", async () => {
    const { gateway, calls } = over({ A: broken, B: ok, C: ok }, { balancer: "round_robin" });
    for (let call = 0; call < 60; call++) await gateway(unary("GetUser"));
    expect(calls["A"]).toBe(5);
  });

  it("goes on calling all when most of them fail: a wrong guess must not close an upstream", async () => {
    const { gateway, calls } = over({ A: broken, B: broken, C: broken, D: ok }, { balancer: "round_robin" });
    for (let call = 0; call < 80; call++) await gateway(unary("GetUser"));
    expect(calls).toEqual({ A: 20, B: 20, C: 20, D: 20 });
  });

  it("refuses at once, and says when to come back, where the breakers of all are open", async () => {
    const { gateway, calls } = over({ A: broken, B: broken });
    for (let call = 0; call < 30; call++) await gateway(unary("GetUser"));
    const refused = await gateway(unary("GetUser"));
    expect(calls["A"]! + calls["B"]!).toBe(10);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ code: "unavailable", message: expect.stringContaining("is failing and gets no calls") });
  });

  it("calls what it would keep calls from, and says so, where breakers only report", async () => {
    const { gateway, calls } = over({ A: broken }, {}, {}, { breaker: { mode: "report" } });
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (let call = 0; call < 10; call++) expect((await gateway(unary("GetUser"))).status).toBe(500);
    expect(calls).toEqual({ A: 10 });
    expect(warn.mock.calls.flat().filter((line) => String(line).includes('"policy":"breaker"')).length).toBeGreaterThanOrEqual(1);
    warn.mockRestore();
  });

  it("opens nothing for calls that are at fault themselves", async () => {
    const { gateway, calls } = over({ A: () => json({ code: "invalid_argument" }, { status: 400 }) });
    for (let call = 0; call < 40; call++) expect((await gateway(unary("GetUser"))).status).toBe(400);
    expect(calls).toEqual({ A: 40 });
  });

  it("uses the next priority where no endpoint of the first is healthy", async () => {
    const endpoints = [{ binding: "A" }, { binding: "B", priority: 1 }];
    const { gateway, calls } = over({ A: broken, B: ok }, { endpoints });
    for (let call = 0; call < 20; call++) await gateway(unary("GetUser"));
    expect(calls).toEqual({ A: 5, B: 15 });
  });

  it("brings the same tenant to the same endpoint by hash, and tenants to all of them", async () => {
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "consistent_hash", hashOn: { header: "x-tenant" } });
    for (let call = 0; call < 10; call++) await gateway(unary("GetUser", {}, { "x-tenant": "acme" }));
    expect(Object.values(calls).sort()).toEqual([0, 0, 10]);
    for (let call = 0; call < 60; call++) await gateway(unary("GetUser", {}, { "x-tenant": `tenant-${call}` }));
    for (const count of Object.values(calls)) expect(count).toBeGreaterThan(5);
  });

  it.each([
    [{ cookie: "session" }, { cookie: "a=b; session=7" }],
    ["principal" as const, ADA],
    ["ip" as const, { "cf-connecting-ip": "192.0.2.7" }],
  ])("hashes on %j", async (hashOn, headers) => {
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "rendezvous", hashOn }, { auth: AUTH });
    for (let call = 0; call < 10; call++) await gateway(unary("GetUser", {}, headers as Record<string, string>));
    expect(Object.values(calls).sort()).toEqual([0, 0, 10]);
  });

  it("goes by the first thing that a call has, of several", async () => {
    const hashOn = [{ header: "x-tenant" }, { query: "t" }, { cookie: "session" }];
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "rendezvous", hashOn });
    for (let call = 0; call < 10; call++)
      await gateway(unary("GetUser", {}, { cookie: `session=7`, "cf-connecting-ip": `192.0.2.${call}` }));
    expect(Object.values(calls).sort()).toEqual([0, 0, 10]);
  });

  it("makes a cookie where there is none, and brings its bearer to the same endpoint from then on", async () => {
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "rendezvous", hashOn: { cookie: "tg", ttlSeconds: 3_600 } });
    const first = await gateway(unary("GetUser"));
    const [pair = "", ...attributes] = first.headers.get("set-cookie")!.split("; ");
    expect(pair).toMatch(/^tg=[0-9a-f-]{36}$/);
    expect(attributes).toEqual(["Max-Age=3600", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"]);
    for (let call = 0; call < 9; call++)
      expect((await gateway(unary("GetUser", {}, { cookie: pair }))).headers.has("set-cookie")).toBe(false);
    expect(Object.values(calls).sort()).toEqual([0, 0, 10]);
  });

  it("goes by a field of the message, in every form of it, and by address where it is empty", async () => {
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "rendezvous", hashOn: { field: "id" } });
    for (let call = 0; call < 5; call++) await gateway(unary("GetUser", { id: "usr_7" }, { "cf-connecting-ip": `192.0.2.${call}` }));
    for (let call = 0; call < 5; call++) await gateway(rest("GET", "/api/v1/users/usr_7"));
    expect(Object.values(calls).sort()).toEqual([0, 0, 10]);
    for (let call = 0; call < 30; call++) await gateway(unary("GetUser", { id: `usr_${call}` }));
    expect(Math.min(...Object.values(calls))).toBeGreaterThan(2);
  });

  it("prefers endpoints of its own zone", async () => {
    const endpoints = [
      { binding: "A", zone: "eu" },
      { binding: "B", zone: "us" },
      { binding: "C", zone: "eu" },
    ];
    const { gateway, calls } = over({ A: ok, B: ok, C: ok }, { balancer: "round_robin", endpoints, zones: { AMS: "eu" } });
    const call = () => Object.assign(unary("GetUser"), {});
    for (let n = 0; n < 10; n++) {
      const request = call();
      Object.defineProperty(request, "cf", { value: { colo: "AMS" } });
      await gateway(request);
    }
    expect(calls).toEqual({ A: 5, B: 0, C: 5 });
  });

  it("uses a subset of its endpoints if so configured", async () => {
    const { gateway, calls } = over({ A: ok, B: ok, C: ok, D: ok }, { balancer: "round_robin", subset: 2 });
    for (let call = 0; call < 20; call++) await gateway(unary("GetUser"));
    expect(Object.values(calls).sort()).toEqual([0, 0, 10, 10]);
  });

  it("refuses what is more than its endpoints may have in flight, and recovers", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting: Answer = async () => {
      await gate;
      return json(USER);
    };
    const { gateway, calls } = over({ A: waiting, B: waiting }, { maxConcurrent: 2, maxQueued: 0 });
    const first = Array.from({ length: 4 }, () => gateway(unary("GetUser")));
    await until(() => calls["A"]! + calls["B"]! === 4);
    const refused = await gateway(unary("GetUser"));
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("no endpoint that takes more calls"),
    });
    release();
    for (const answer of await Promise.all(first)) expect(answer.status).toBe(200);
    expect((await gateway(unary("GetUser"))).status).toBe(200);
  });

  it.each([
    [{ endpoints: [] }, "write a list of 1 to 1000 endpoints"],
    [{ endpoints: [{ binding: "A" }, { binding: "A" }] }, "list each endpoint once"],
    [{ endpoints: [{ binding: "A", weight: 0 }] }, "whole number from 1 to 1000"],
    [{ endpoints: [{ binding: "A", weight: 1e9 }] }, "whole number from 1 to 1000"],
    [{ endpoints: [{ weight: 1 }] as never }, "or both for a binding that gets the URL"],
    [{ endpoints: [{ binding: "MISSING" }] }, "name a service binding"],
    [{ balancer: "fastest" as never }, '"least_time"'],
    [{ hashOn: { body: "x" } as never }, 'write "ip"'],
    [{ maxLoadPercent: 100 }, "whole number from 101"],
    [{ hashOn: [] }, 'write "ip"'],
    [{ hashOn: ["ip" as const, { header: "a" }] }, "put it last"],
    [{ hashOn: [{ field: "a" }, { field: "b" }] }, "one field of the message at most"],
    [{ hashOn: { cookie: "a", ttlSeconds: -1 } }, "whole number from 0"],
    [{ hashOn: { field: "tenant" } }, "a field of a request of users.v1.UserService"],
    [{ endpoints: [{ binding: "A", zone: "e u" }] }, "letters, digits"],
    [{ subset: 1 }, "whole number from 2"],
    [{ subset: 2, balancer: "maglev" as const }, "don't agree on keys"],
  ])("refuses %j with its fix", (pool, fix) => {
    try {
      over({ A: ok }, pool);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidConfiguration);
      expect((error as Error).message).toContain(fix);
    }
  });
});
