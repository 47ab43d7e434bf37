// Breakers that gateways share, through running ones: what some see fail others refuse, no call waits for the object, and client faults open nothing.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BreakerInput } from "../../../../core/config/breaker.ts";
import type { CircuitBreaker } from "../../../../durable-objects/circuit-breaker.ts";
import type { Gateway } from "../../../../workers/gateway/gateway.ts";
import { enveloped, gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";
import { present } from "../../../support/present.ts";

type Report = CircuitBreaker["report"];
type Respond = (url: string, init: RequestInit) => Response | Promise<Response>;

const START = present();
const SERVICE = "users.v1.UserService";
const DOWN: Respond = () => json({ code: "unavailable" }, { status: 503 });
const HEALTHY: Respond = () => json(USER);
let names = 0;

/** An object of the test behind the binding of a gateway. It counts reports, and may be made to fail or to hang. */
function shared() {
  const object = env.CIRCUIT_BREAKER.getByName(`gateway-${names++}`) as DurableObjectStub<CircuitBreaker>;
  const state = {
    sent: 0,
    received: 0,
    services: new Set<string>(),
    pass: (report: () => ReturnType<Report>): Promise<unknown> => report() as never,
  };
  const CIRCUIT_BREAKER = {
    getByName: (service: string) => {
      state.services.add(service);
      return {
        async report(...args: Parameters<Report>) {
          state.sent += 1;
          const views = await state.pass(() => object.report(...args) as never);
          state.received += 1;
          return views;
        },
      };
    },
  };
  return { object, state, CIRCUIT_BREAKER };
}

/** A gateway as one more isolate: its own memory, and the object of all. */
function isolate(
  { CIRCUIT_BREAKER }: Pick<ReturnType<typeof shared>, "CIRCUIT_BREAKER">,
  responds: Record<string, Respond>,
  breaker: BreakerInput = {},
) {
  const calls: Record<string, number> = {};
  const bindings = Object.fromEntries(
    Object.entries(responds).map(([name, respond]) => {
      calls[name] = 0;
      const fetch = async (url: string, init: RequestInit) => {
        calls[name]! += 1;
        return respond(url, init);
      };
      return [name, { fetch }];
    }),
  );
  const endpoints = Object.keys(responds).map((binding) => ({ binding }));
  const input = {
    defaults: { retries: false as const },
    services: { [SERVICE]: { upstream: { endpoints, balancer: "round_robin" as const }, breaker } },
  };
  return { calls, gateway: gatewayTo(() => json(USER), input, { ...bindings, CIRCUIT_BREAKER }) };
}

const from = (colo: string, request: Request = unary("GetUser")): Request => new Request(request, { cf: { colo } } as RequestInit);

async function repeat(gateway: Gateway, times: number, colo: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let call = 0; call < times; call++) {
    const response = await gateway(from(colo));
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return statuses;
}

/** Until every report that was sent has its response. */
const settled = (state: { sent: number; received: number }): Promise<void> =>
  vi.waitUntil(() => state.received === state.sent, { timeout: 60_000 }).then(() => undefined);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter: exchanges are sent at once, and every 4 s
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A Durable Object whose responses wait until the returned function runs. */
function held(all: ReturnType<typeof shared>): () => void {
  const gate = Promise.withResolvers<void>();
  all.state.pass = async (report) => {
    await gate.promise;
    return report();
  };
  return gate.resolve;
}

describe("gateways that share their breakers", () => {
  it("refuse what two others in two places have seen fail, though they have seen nothing, and let it back by probes", async () => {
    const all = shared();
    const policy = { quorum: 2, openMs: 20_000 };
    let isDown = true;
    const a: Respond = () => (isDown ? DOWN("", {}) : json(USER));
    const [first, second, third] = [isolate(all, { A: a }, policy), isolate(all, { A: a }, policy), isolate(all, { A: HEALTHY }, policy)];
    expect(await repeat(third.gateway, 1, "SIN")).toEqual([200]);
    await repeat(first.gateway, 6, "AMS");
    await settled(all.state);
    expect((await all.object.state())[0]).toMatchObject({ endpoint: "A", kind: "closed" }); // one isolate alone opens nothing
    await repeat(second.gateway, 6, "FRA");
    await settled(all.state);
    expect((await all.object.state())[0]).toMatchObject({ endpoint: "A", kind: "open", isolates: 2 });

    vi.setSystemTime(START + 3_999);
    expect(await repeat(third.gateway, 2, "SIN")).toEqual([200, 200]); // it has not exchanged again
    vi.setSystemTime(START + 5_000);
    expect(await repeat(third.gateway, 1, "SIN")).toEqual([200]); // this call starts its next exchange
    await settled(all.state);
    const refused = await third.gateway(from("SIN"));
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ message: expect.stringContaining("is failing and gets no calls") });
    expect(third.calls["A"]).toBe(4);
    expect(all.state.services).toEqual(new Set([SERVICE]));

    isDown = false;
    for (let now = START + 20_000; now < START + 50_000; now += 500) {
      vi.setSystemTime(now);
      for (const [one, colo] of [
        [first, "AMS"],
        [second, "FRA"],
        [third, "SIN"],
      ] as const)
        await repeat(one.gateway, 1, colo);
      await settled(all.state);
    }
    expect((await all.object.state())[0]).toMatchObject({ kind: "closed" });
    expect((await all.object.changes()).map(({ kind }) => kind)).toEqual(["closed", "ramp", "half_open", "open"]);
    for (const one of [first, second, third]) expect(await repeat(one.gateway, 5, "SIN")).toEqual([200, 200, 200, 200, 200]);
  });

  it("take many isolates of one place for one place", async () => {
    const all = shared();
    const policy = { quorum: 2 };
    const isolates = Array.from({ length: 4 }, () => isolate(all, { A: DOWN }, policy));
    for (const { gateway } of isolates) await repeat(gateway, 6, "AMS");
    await settled(all.state);
    expect((await all.object.state())[0]).toMatchObject({ kind: "closed", isolates: 4 });
  });

  it("call a broken endpoint no more by their own evidence where the object fails, or hangs, and wait for nothing", async () => {
    const failing = shared();
    failing.state.pass = () => Promise.reject(new Error("overloaded"));
    const hanging = shared();
    const release = held(hanging);
    for (const all of [failing, hanging]) {
      const { gateway, calls } = isolate(all, { A: DOWN, B: HEALTHY });
      for (let turn = 0; turn < 30; turn++) {
        vi.setSystemTime(START + turn * 400);
        const statuses = await repeat(gateway, 4, "AMS");
        if (turn > 5) expect(statuses.filter((status) => status !== 200).length).toBeLessThanOrEqual(1); // one call that finds out
      }
      expect(calls["A"]).toBeLessThan(5 + 12 + 1); // one call a second finds out, at most
      expect(all.state.sent).toBeGreaterThan(1);
      expect(all.state.sent).toBeLessThan(2 * 12);
      expect(all.state.received).toBe(0);
    }
    release();
    await settled(hanging.state);
  });

  it("exchange once in four seconds, however many calls there are", async () => {
    const all = shared();
    const { gateway } = isolate(all, { A: HEALTHY, B: HEALTHY, C: HEALTHY });
    await repeat(gateway, 1_000, "AMS");
    await settled(all.state);
    expect(all.state.sent).toBeLessThanOrEqual(1);
    const warm = 2_000;
    for (let request = 1; request <= warm; request++) {
      vi.setSystemTime(START + request * 100);
      await repeat(gateway, 1, "AMS");
    }
    await settled(all.state);
    expect(all.state.sent).toBeLessThanOrEqual(1 + warm / 40);
    expect(all.state.sent).toBeGreaterThan(20); // else no isolate would learn what others see
  });

  it("respond before the Durable Object does: no call waits for it", async () => {
    const all = shared();
    const release = held(all);
    const { gateway } = isolate(all, { A: HEALTHY });
    for (let request = 0; request < 100; request++) {
      vi.setSystemTime(START + request * 1_000);
      expect(await repeat(gateway, 1, "AMS")).toEqual([200]);
    }
    expect(all.state.sent).toBeGreaterThan(5);
    expect(all.state.received).toBe(0);
    release();
    await settled(all.state);
  });

  it("open nothing for a thousand requests that are malformed", async () => {
    const all = shared();
    const service: Respond = (url, init) => env.USERS.fetch(url, init); // the users service itself
    const { gateway, calls } = isolate(all, { A: service }, { consecutive: 2, failurePercent: 1, minCalls: 1 });
    const malformed = [
      () => unary("GetUser", "{"),
      () => unary("GetUser", '{"id":7}'),
      () => unary("GetUser", { id: "nobody" }),
      () => unary("ListUsers", { pageSize: -1 }),
      () => unary("CreateUser", { user: { email: 1 } }),
      () => unary("CreateUser", ""),
      () => unary("GetUser", {}, { "content-type": "application/proto" }),
      () => enveloped("GetUser", "application/grpc-web+proto", "no such message"),
      () => enveloped("GetUser", "application/connect+json", "{"),
      () => rest("POST", "/api/v1/users", "{"),
      () => rest("GET", "/api/v1/users?page_size=many"),
      () => rest("GET", "/api/v1/users/nobody"),
    ];
    const statuses = new Map<number, number>();
    for (let request = 0; request < 1_000; request++) {
      vi.setSystemTime(START + request * 20);
      const response = await gateway(from("AMS", malformed[request % malformed.length]!()));
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
    await settled(all.state);
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
    expect(calls["A"]).toBeGreaterThan(500); // they reached the upstream
    expect((await all.object.state())[0]).toMatchObject({ kind: "closed", since: undefined });
    expect(await all.object.changes()).toEqual([]);
    expect((await gateway(from("AMS", unary("ListUsers", { pageSize: 1 })))).status).toBe(200);
  });
});
