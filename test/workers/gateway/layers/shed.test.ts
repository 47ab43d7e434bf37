// Overload through the whole pipeline: calls that are refused or wait, and what hosts and callers get to know.
import { expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { enveloped, gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

const ONE = "users.v1.UserService";

/** An upstream whose answers wait until they are let go. */
function held(input: Partial<GatewayInput> = {}, service: Partial<GatewayInput["services"][string]> = {}) {
  const waiting: (() => void)[] = [];
  const seen: Headers[] = [];
  const gateway = gatewayTo(
    (request) => {
      seen.push(request.headers);
      return new Promise((resolve) => waiting.push(() => resolve(json(USER))));
    },
    { services: { [ONE]: { upstream: { binding: "USERS" }, retries: false, ...service } }, ...input },
  );
  const arrived = (calls: number) => vi.waitUntil(() => seen.length >= calls, { timeout: 60_000 });
  return { gateway, seen, arrived, letGo: () => waiting.shift()?.(), letAllGo: () => waiting.splice(0).forEach((go) => void go()) };
}

const quiet = () => vi.spyOn(console, "warn").mockImplementation(() => undefined);

it("refuses what is above the isolate's limit, in every protocol, at once, with Retry-After, and says so once", async () => {
  const warn = quiet();
  const { gateway, arrived, letAllGo } = held({ overload: { maxInFlight: 10, maxQueued: 0 } });
  const calls = Array.from({ length: 10 }, () => gateway(unary("GetUser")));
  await arrived(10);
  const refused = await gateway(unary("GetUser"));
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({
    code: "unavailable",
    message: "overloaded (isolate): limit of 10 calls in flight is reached",
  });
  expect((await gateway(rest("GET", "/api/v1/users/x"))).status).toBe(503);
  const grpc = await gateway(enveloped("GetUser", "application/grpc-web+proto"));
  expect(grpc.headers.get("grpc-status")).toBe("14");
  const lines = warn.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  expect(lines.filter(({ point }) => point === "isolate")).toEqual([
    expect.objectContaining({ event: "calls_shed", enforced: true, calls: 1 }),
  ]);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  const after = gateway(unary("GetUser"));
  await arrived(11);
  letAllGo();
  expect((await after).status).toBe(200);
});

it("holds each route to its own limit, and lets others pass", async () => {
  quiet();
  const methods = { GetUser: { concurrency: { max: 2, adaptive: false, maxQueued: 0 } } };
  const { gateway, arrived, letAllGo } = held({}, { methods });
  const calls = [gateway(unary("GetUser")), gateway(rest("GET", "/api/v1/users/x"))]; // one limit for both ways in
  await arrived(2);
  expect(await (await gateway(unary("GetUser"))).json()).toMatchObject({
    message: `overloaded (route ${ONE}/GetUser): limit of 2 calls in flight is reached`,
  });
  calls.push(gateway(unary("ListUsers")));
  await arrived(3);
  letAllGo();
  expect((await calls[0]!).status).toBe(200);
  expect((await calls[2]!).status).toBe(200);
  await calls[1];
});

it("only reports, where it is configured so", async () => {
  const warn = quiet();
  const { gateway, arrived, letAllGo } = held({ overload: { maxInFlight: 1, mode: "report" } });
  const calls = Array.from({ length: 3 }, () => gateway(unary("GetUser")));
  await arrived(3);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(warn.mock.calls.some(([line]) => String(line).includes('"point":"isolate"') && String(line).includes('"enforced":false'))).toBe(
    true,
  );
});

it("lets a call wait for a place, and serves it when there is one", async () => {
  quiet();
  const { gateway, arrived, letGo, letAllGo } = held({ overload: { maxInFlight: 2, queueMs: 60_000 } });
  const first = [gateway(unary("GetUser")), gateway(unary("GetUser"))];
  await arrived(2);
  const waits = gateway(unary("GetUser"));
  letGo();
  await arrived(3);
  letAllGo();
  expect((await Promise.all([...first, waits])).map(({ status }) => status)).toEqual([200, 200, 200]);
});

it("sheds the least critical first, and takes a caller's word only where it is trusted", async () => {
  quiet();
  const { gateway, seen, arrived, letAllGo } = held(
    { principalHeader: "x-who", overload: { maxInFlight: 10, maxQueued: 0, trusted: ["billing"] } },
    { methods: { ListUsers: { criticality: "sheddable" } } },
  );
  const calls = Array.from({ length: 7 }, () => gateway(unary("GetUser", {}, { "tidegate-criticality": "sheddable" })));
  await arrived(7);
  expect(seen.every((headers) => headers.get("tidegate-criticality") === null)).toBe(true); // nobody's word
  const says = (level: string, who: string) => gateway(unary("GetUser", {}, { "tidegate-criticality": level, "x-who": who }));
  expect(await (await gateway(unary("ListUsers"))).json()).toMatchObject({
    message: "overloaded (isolate): limit of 10 calls in flight leaves no room for sheddable calls",
  });
  expect((await says("sheddable", "billing")).status).toBe(503);
  calls.push(says("sheddable", "eve"), says("sheddable", "eve"), says("sheddable", "eve"));
  await arrived(10);
  expect((await says("critical_plus", "eve")).status).toBe(503);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  const trusted = says("critical_plus", "billing");
  await arrived(11);
  expect(seen.at(-1)?.get("tidegate-criticality")).toBe("critical_plus"); // the host receives the trusted level
  letAllGo();
  expect((await trusted).status).toBe(200);
});

it("sheds a caller that holds more than its share, and not the others", async () => {
  quiet();
  const { gateway, arrived, letAllGo } = held({ overload: { maxInFlight: 20, maxQueued: 0 } });
  const from = (address: string) => gateway(unary("GetUser", {}, { "cf-connecting-ip": address }));
  const calls = Array.from({ length: 16 }, () => from("192.0.2.1"));
  await arrived(16);
  calls.push(from("192.0.2.2"));
  await arrived(17);
  const greedy = await from("192.0.2.1");
  expect(await greedy.json()).toMatchObject({ message: "overloaded (isolate): caller holds more than its share of 20 calls in flight" });
  calls.push(from("192.0.2.3"));
  await arrived(18);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(18).fill(200));
});

it("counts no call for longer than its deadline, though it never ends: its caller may be gone", async () => {
  quiet();
  vi.useFakeTimers({ toFake: ["Date"] });
  const { gateway, seen, arrived, letAllGo } = held({ overload: { maxInFlight: 2, maxQueued: 0 } });
  const timeout = { "connect-timeout-ms": "60000" };
  const hung = Array.from({ length: 2 }, () => gateway(unary("GetUser", {}, timeout)));
  await arrived(2);
  expect((await gateway(unary("GetUser", {}, timeout))).status).toBe(503);
  vi.setSystemTime(Date.now() + 60_001); // nothing has come of the two, and nothing will
  const next = gateway(unary("GetUser"));
  await arrived(3);
  expect(seen).toHaveLength(3);
  letAllGo();
  expect((await next).status).toBe(200);
  await Promise.allSettled(hung);
  vi.useRealTimers();
});

/** Two endpoints, each an answer of its own. */
function pair(a: (request: Request) => Response, b: (request: Request) => Response, service: object = {}) {
  const seen: { who: string; headers: Headers }[] = [];
  const endpoint = (who: string, answer: (request: Request) => Response) => ({
    fetch: async (url: string, init: RequestInit) => {
      const request = new Request(url, init);
      seen.push({ who, headers: request.headers });
      return answer(request);
    },
  });
  const upstream = { endpoints: [{ binding: "A" }, { binding: "B" }], balancer: "round_robin" as const };
  const gateway = gatewayTo(
    () => json(USER),
    { services: { [ONE]: { upstream, retries: false, methods: { ListUsers: { criticality: "sheddable" } }, ...service } } },
    { A: endpoint("A", a), B: endpoint("B", b) },
  );
  return { gateway, seen };
}

const TURNED = { "tidegate-shed": "level", "retry-after": "1" };
const sheds = (level: number) => ({
  "endpoint-load-metrics": `TEXT named_metrics.predicted_ms=9.0,named_metrics.rif=99,named_metrics.shed_level=${level}`,
});
const away = (): Response => json({ code: "unavailable", message: "overloaded" }, { status: 503, headers: { ...TURNED, ...sheds(0) } });

it("sends a critical call elsewhere that a host turns away, once, as the most critical one, and tells no caller of it", async () => {
  const { gateway, seen } = pair(away, () => json(USER));
  for (let n = 0; n < 6; n++) {
    const answer = await gateway(unary("GetUser"));
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => /^(tidegate|endpoint-load)/.test(name))).toEqual([]);
  }
  const second = seen.filter(({ who, headers }) => who === "B" && headers.has("tidegate-criticality"));
  expect(second.map(({ headers }) => headers.get("tidegate-criticality"))).toEqual(
    Array(seen.filter(({ who }) => who === "A").length).fill("critical_plus"),
  );
  expect(second.length).toBeGreaterThan(0);
});

it("hands on a host's refusal where everybody turns the call away, counts it against no breaker, and not twice more", async () => {
  quiet();
  const { gateway, seen } = pair(away, away, { throttle: { mode: "off" }, breaker: { consecutive: 2, minCalls: 2 } });
  for (let n = 0; n < 10; n++) {
    const answer = await gateway(unary("GetUser"));
    expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("tidegate-shed")]).toEqual([503, "1", null]);
    expect(await answer.json()).toMatchObject({ message: "overloaded" });
  }
  expect(seen).toHaveLength(20);
});

it("honors the shed level of hosts: refuses calls at the edge, and never critical ones", async () => {
  const warn = quiet();
  const answers = (): Response => json(USER, { headers: sheds(1) });
  const { gateway, seen } = pair(answers, answers);
  for (let n = 0; n < 4; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
  const before = seen.length;
  const refused = await gateway(unary("ListUsers"));
  expect([refused.status, await refused.json()]).toEqual([
    503,
    expect.objectContaining({ message: `overloaded (upstream ${ONE}): the upstream sheds sheddable calls` }),
  ]);
  expect(seen).toHaveLength(before);
  expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(warn.mock.calls.some(([line]) => String(line).includes(`"point":"upstream ${ONE}"`))).toBe(true);
  await vi.waitUntil(async () => (await gateway(unary("ListUsers"))).status === 200, { timeout: 60_000, interval: 100 }); // its word lapses
});

it("only reports calls that hosts would have shed, or ignores the levels, as configured", async () => {
  const warn = quiet();
  const answers = (): Response => json(USER, { headers: sheds(1) });
  for (const honor of ["report", "off"] as const) {
    warn.mockClear();
    const { gateway } = pair(answers, answers, { throttle: { honor } });
    for (let n = 0; n < 4; n++) expect((await gateway(unary("ListUsers"))).status).toBe(200);
    expect(warn.mock.calls.some(([line]) => String(line).includes('"enforced":false'))).toBe(honor === "report");
  }
});

it("throttles calls to an upstream that turns most of them away, and sends some to see whether it recovers", async () => {
  quiet();
  let calls = 0;
  let isWell = false;
  const gateway = gatewayTo(
    () => {
      calls += 1;
      return isWell ? json(USER) : json({ code: "unavailable", message: "no" }, { status: 503, headers: TURNED });
    },
    { services: { [ONE]: { upstream: { binding: "USERS" }, retries: false, throttle: { minCalls: 20 } } } },
  );
  const throttled = async (): Promise<boolean> =>
    ((await (await gateway(unary("GetUser"))).json()) as { message?: string }).message ===
    "overloaded (throttle users.v1.UserService): the upstream refuses most calls";
  let held = 0;
  for (let n = 0; n < 300; n++) held += (await throttled()) ? 1 : 0;
  expect(held).toBeGreaterThan(150);
  expect(calls).toBeGreaterThan(20);
  expect(calls + held).toBe(300);
  isWell = true;
  await vi.waitUntil(
    async () => {
      let again = 0;
      for (let n = 0; n < 20; n++) again += (await throttled()) ? 1 : 0;
      return again === 0;
    },
    { timeout: 30_000, interval: 10 },
  );
});
