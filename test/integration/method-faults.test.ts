// One method that is unavailable, repeated by the gateway itself: its healthy siblings are served all the while.
import { afterEach, expect, it, vi } from "vitest";
import type { ServiceInput } from "../../core/config/service.ts";
import { gatewayTo, json, unary, userFor } from "../support/gateway.ts";

afterEach(() => vi.restoreAllMocks());

const DOWN = (): Response => json({ code: "unavailable", message: "the table is locked" }, { status: 503 });

/** GetUser fails always, or as `isDown` says; ListUsers is served. */
function world(
  endpoints: readonly string[],
  service: Partial<ServiceInput> = {},
  isDown = (method: string): boolean => method === "GetUser",
) {
  const calls: Record<string, number> = {};
  const respond = (request: Request): Response => {
    const method = request.url.split("/").at(-1)!;
    calls[method] = (calls[method] ?? 0) + 1;
    return isDown(method) ? DOWN() : method === "ListUsers" ? json({}) : userFor(request);
  };
  const binding = { fetch: (url: string, init: RequestInit) => Promise.resolve(respond(new Request(url, init))) };
  const settings: ServiceInput = {
    retries: { baseMs: 1, maxMs: 1 },
    ...service,
    upstream: { endpoints: endpoints.map((name) => ({ binding: name })), retryBudget: { minPerSecond: 1_000 } },
  };
  const bindings = Object.fromEntries(endpoints.map((name) => [name, binding]));
  const gateway = gatewayTo(respond, { services: { "users.v1.UserService": settings } }, bindings);
  const statuses = async (method: string, times: number): Promise<number[]> => {
    const all: number[] = [];
    for (let n = 0; n < times; n++) all.push((await gateway(unary(method))).status);
    return all;
  };
  return { calls, statuses };
}

it.each([
  ["one endpoint", ["A"], {}],
  ["two endpoints", ["A", "B"], {}],
  ["an endpoint whose reads are hedged", ["A"], { hedging: {} }],
] as const)("with %s", async (_, endpoints, service) => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { calls, statuses } = world(endpoints, service);
  const served: number[] = [];
  for (let round = 0; round < 40; round++) {
    await statuses("GetUser", 1);
    served.push(...(await statuses("ListUsers", 3)));
  }
  expect(served.filter((status) => status !== 200)).toEqual([]);
  expect(calls["ListUsers"]).toBe(120);
  expect(calls["GetUser"]).toBeGreaterThan(40); // repeated, and never kept from the endpoint
});

it("also where it alone is called, often and first: only its own calls are refused then", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { calls, statuses } = world(["A"], { throttle: { mode: "off" } });
  await statuses("GetUser", 20);
  const before = calls["GetUser"]!;
  expect(before).toBeLessThan(20 * 6); // open for GetUser
  expect(await statuses("ListUsers", 20)).toEqual(Array.from({ length: 20 }, () => 200));
});

it("but not where the endpoint is down: then calls of every method are refused, and say when to come back", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const { calls, statuses } = world(["A"], { retries: false }, () => true);
  await statuses("GetUser", 5);
  await statuses("ListUsers", 5);
  const sent = { ...calls };
  await statuses("GetUser", 5);
  await statuses("ListUsers", 5);
  const more = (calls["GetUser"] ?? 0) + (calls["ListUsers"] ?? 0) - 6;
  expect(more).toBeLessThanOrEqual(1); // one probe may be sent where the machine stalls for a second
  expect(sent["GetUser"]).toBe(5);
  expect(sent["ListUsers"]).toBe(1); // the one that finds out that it is the endpoint
});
