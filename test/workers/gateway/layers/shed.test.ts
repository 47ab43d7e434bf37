// Limits of calls in flight through the whole pipeline: calls that wait, and calls that are refused.
import { expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { CONCURRENCY } from "../../../../core/config/overload.ts";
import { ByteBudget } from "../../../../core/overload/byte-budget.ts";
import { ConcurrencyScope } from "../../../../workers/gateway/call/concurrency-scope.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { CALL_BYTES, shed } from "../../../../workers/gateway/layers/shed.ts";
import { AUTH, bearer, idOf } from "../../../support/callers.ts";
import { enveloped, gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

const ONE = "users.v1.UserService";

/** An upstream whose responses wait until they are released. */
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

it("refuses what is above the isolate's limit, in every protocol, at once, with Retry-After, and logs it once", async () => {
  const warn = quiet();
  const { gateway, arrived, letAllGo } = held({ overload: { maxInFlight: 10, maxQueued: 0, callerShare: 100 } });
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
  const methods = { GetUser: { concurrency: { max: 2, adaptive: false, maxQueued: 0, callerShare: 100 } } };
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
  const records = warn.mock.calls.map(([line]) => JSON.parse(String(line)));
  expect(records).toContainEqual(expect.objectContaining({ event: "would_refuse", policy: "concurrency", name: "isolate" }));
  expect(records.filter(({ event }) => event === "calls_shed")).toEqual([]);
});

it("lets a call wait for a permit, and serves it when one is free", async () => {
  quiet();
  const { gateway, arrived, letGo, letAllGo } = held({ overload: { maxInFlight: 2, queueMs: 60_000, callerShare: 100 } });
  const first = [gateway(unary("GetUser")), gateway(unary("GetUser"))];
  await arrived(2);
  const waits = gateway(unary("GetUser"));
  letGo();
  await arrived(3);
  letAllGo();
  expect((await Promise.all([...first, waits])).map(({ status }) => status)).toEqual([200, 200, 200]);
});

it("sheds the least critical first, and honors the header of trusted callers only", async () => {
  quiet();
  const { gateway, seen, arrived, letAllGo } = held(
    { auth: AUTH, overload: { maxInFlight: 10, maxQueued: 0, callerShare: 100, trusted: [idOf("billing")] } },
    { methods: { ListUsers: { criticality: "sheddable" } } },
  );
  const calls = Array.from({ length: 7 }, () => gateway(unary("GetUser", {}, { "tidegate-criticality": "sheddable" })));
  await arrived(7);
  expect(seen.every((headers) => headers.get("tidegate-criticality") === null)).toBe(true); // nobody's word
  const [billing, eve] = [await bearer("billing"), await bearer("eve")];
  const says = (level: string, who: { authorization: string }) => gateway(unary("GetUser", {}, { "tidegate-criticality": level, ...who }));
  expect(await (await gateway(unary("ListUsers"))).json()).toMatchObject({
    message: "overloaded (isolate): limit of 10 calls in flight leaves no room for sheddable calls",
  });
  expect((await says("sheddable", billing)).status).toBe(503);
  calls.push(says("sheddable", eve), says("sheddable", eve), says("sheddable", eve));
  await arrived(10);
  expect((await says("critical_plus", eve)).status).toBe(503);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  const trusted = says("critical_plus", billing);
  await arrived(11);
  expect(seen.at(-1)?.get("tidegate-criticality")).toBe("critical_plus"); // the host receives the trusted level
  letAllGo();
  expect((await trusted).status).toBe(200);
});

it("sheds a caller that holds its share, while it is alone, too, and not the others", async () => {
  quiet();
  const { gateway, arrived, letAllGo } = held({ overload: { maxInFlight: 10, maxQueued: 0 } });
  const from = (address: string) => gateway(unary("GetUser", {}, { "cf-connecting-ip": address }));
  const calls = Array.from({ length: 5 }, () => from("192.0.2.1"));
  await arrived(5);
  expect(await (await from("192.0.2.1")).json()).toMatchObject({
    message: "overloaded (isolate): caller holds its share of 10 calls in flight",
  });
  calls.push(...[2, 3, 4, 5].map((last) => from(`192.0.2.${last}`)));
  await arrived(9);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(9).fill(200));
});

it("lets a caller that holds its share wait for its own calls to end, and passes what another caller frees on to another one", async () => {
  quiet();
  const { gateway, seen, arrived, letGo, letAllGo } = held({ overload: { maxInFlight: 2, queueMs: 60_000 } });
  const from = (address: string) => gateway(unary("GetUser", {}, { "cf-connecting-ip": address }));
  const first = [from("192.0.2.1"), from("192.0.2.2")];
  await arrived(2);
  const waits = [from("192.0.2.2"), from("192.0.2.3")];
  letGo(); // ends the call of .1: .2 holds its share, so that .3 is next
  await arrived(3);
  expect(seen[2]?.get("x-forwarded-for")).toBe("192.0.2.3");
  let statuses: number[] | undefined;
  void Promise.all([...first, ...waits]).then((responses) => {
    statuses = responses.map(({ status }) => status);
  });
  await vi.waitUntil(() => {
    letAllGo();
    return statuses !== undefined;
  });
  expect([statuses?.slice(0, 2), statuses?.[3]]).toEqual([[200, 200], 200]); // the second one of .2 is refused where it was woken for .1
});

it("sheds a caller that holds more than an equal share, and not the others", async () => {
  quiet();
  const { gateway, arrived, letAllGo } = held({ overload: { maxInFlight: 20, maxQueued: 0, callerShare: 100 } });
  const from = (address: string) => gateway(unary("GetUser", {}, { "cf-connecting-ip": address }));
  const calls = Array.from({ length: 16 }, () => from("192.0.2.1"));
  await arrived(16);
  calls.push(from("192.0.2.2"));
  await arrived(17);
  const greedy = await from("192.0.2.1");
  expect(await greedy.json()).toMatchObject({ message: "overloaded (isolate): caller holds its share of 20 calls in flight" });
  calls.push(from("192.0.2.3"));
  await arrived(18);
  letAllGo();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(18).fill(200));
});

it("counts no call for longer than its deadline, though it never ends: its caller may be gone", async () => {
  quiet();
  vi.useFakeTimers({ toFake: ["Date"] });
  const { gateway, seen, arrived, letAllGo } = held({ overload: { maxInFlight: 2, maxQueued: 0, callerShare: 100 } });
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

it("reserves memory for calls beyond a number, and gives it back with them", async () => {
  const memory = new ByteBudget({ maxBytes: 4 * CALL_BYTES, callerShare: 1 });
  const route = httpRoute("/a/", { maxBodyBytes: 1 }, memory);
  const call = () => new Call(new Request("https://gateway.example/a/"), { kind: "rest" }, route, "/a/", "", Date.now());
  const { promise, resolve } = Promise.withResolvers<Response>();
  const handle = shed(new ConcurrencyScope("isolate", { ...CONCURRENCY, floor: undefined, callerShare: 1 }), 2)!(() => promise);
  const calls = Array.from({ length: 5 }, () => handle(call()));
  expect(memory.heldBytes(Date.now())).toBe(3 * CALL_BYTES); // all that one caller may hold
  await expect(handle(call())).rejects.toMatchObject({ rejection: { kind: "overloaded", point: "memory" } });
  resolve(new Response());
  await Promise.all(calls);
  expect(memory.heldBytes(Date.now())).toBe(0);
});
