// Retries through the whole pipeline: what is repeated, where, and what the caller sees of it.
import { expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { RetryBudgetInput } from "../../../../core/config/retry.ts";
import type { RouteInput } from "../../../../core/config/route.ts";
import { AUTH, bearer, idOf } from "../../../support/callers.ts";
import { gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

type Answer = (attempt: number, request: Request) => Response | Promise<Response>;

const DOWN = (): Response => json({ code: "unavailable", message: "down" }, { status: 503 });

/** An empty message in binary, the form that REST requests from its upstreams. */
const BINARY = (): Response => new Response(new Uint8Array(), { headers: { "content-type": "application/proto" } });

function over(
  answer: Answer,
  retries: RouteInput["retries"] = { baseMs: 1 },
  retryBudget: RetryBudgetInput = {},
  gatewayWide: Partial<GatewayInput> = {},
) {
  const seen: { path: string; attempt: string | null; body: string }[] = [];
  const gateway = gatewayTo(
    async (request) => {
      seen.push({
        path: new URL(request.url).pathname,
        attempt: request.headers.get("tidegate-attempt"),
        body: await request.clone().text(),
      });
      return answer(seen.length, request);
    },
    {
      defaults: { retries },
      ...gatewayWide,
      services: {
        "users.v1.UserService": { upstream: { binding: "USERS", retryBudget }, breaker: { mode: "off" }, throttle: { mode: "off" } },
      },
    },
  );
  return { seen, gateway };
}

it("repeats a call that is safe to repeat, whole, and says which attempt it is", async () => {
  const { seen, gateway } = over((attempt) => (attempt < 3 ? DOWN() : json(USER)));
  const answer = await gateway(unary("GetUser", { id: "x" }));
  expect(answer.status).toBe(200);
  expect(seen.map(({ attempt, body }) => [attempt, body])).toEqual([
    [null, '{"id":"x"}'],
    ["2", '{"id":"x"}'],
    ["3", '{"id":"x"}'],
  ]);
});

it("repeats REST calls the same way", async () => {
  const { seen, gateway } = over((attempt) => (attempt < 2 ? DOWN() : BINARY()));
  expect((await gateway(rest("GET", "/api/v1/users/x"))).status).toBe(200);
  expect(seen).toHaveLength(2);
});

it("repeats nothing that may have had its effect, unless the caller has given it a key", async () => {
  const { seen, gateway } = over(() => DOWN());
  expect((await gateway(unary("UpdateUser"))).status).toBe(503);
  expect(seen).toHaveLength(1);
  const keyed = over((attempt) => (attempt < 2 ? DOWN() : BINARY()));
  expect((await keyed.gateway(rest("PATCH", "/api/v1/users/x", { displayName: "Ada" }, { "idempotency-key": "k" }))).status).toBe(200);
  expect(keyed.seen).toHaveLength(2);
});

it("gives the caller the last answer, after five retries", async () => {
  const { seen, gateway } = over(() => DOWN(), { baseMs: 1 }, { minPerSecond: 100 });
  const answer = await gateway(unary("GetUser"));
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ message: "down" });
  expect(seen).toHaveLength(6);
});

it("stops at its budget: a fault multiplies nothing", async () => {
  const { seen, gateway } = over(() => DOWN(), { baseMs: 1 }, { percent: 10, minPerSecond: 0 });
  for (let call = 0; call < 200; call++) await gateway(unary("GetUser"));
  expect((await gateway(unary("GetUser"))).headers.get("grpc-retry-pushback-ms")).toBe("-1"); // callers must not retry either
  expect(seen.length).toBeLessThanOrEqual(221);
  expect(seen.length).toBeGreaterThan(210);
});

it.each([
  ["repeats no call that a caller it trusts repeats already", "billing", 1],
  ["lets no caller from outside switch retries off", "eve", 4],
])("%s", async (_, who, calls) => {
  const trusting = { auth: AUTH, overload: { trusted: [idOf("billing")] } };
  const { seen, gateway } = over(() => DOWN(), { max: 3, baseMs: 1 }, { minPerSecond: 100 }, trusting);
  await gateway(unary("GetUser", {}, { ...(await bearer(who)), "tidegate-attempt": "2" }));
  expect(seen).toHaveLength(calls);
  expect(seen[0]!.attempt).toBe(calls === 1 ? "2" : null);
});

it("does not repeat faults of the client", async () => {
  const client = over(() => json({ code: "not_found" }, { status: 404 }));
  expect((await client.gateway(unary("GetUser"))).status).toBe(404);
  expect(client.seen).toHaveLength(1);
});

it("ends an attempt that takes too long, and makes another", async () => {
  const { seen, gateway } = over(
    (attempt, { signal }) =>
      attempt > 1
        ? json(USER)
        : new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
    { baseMs: 1, perAttemptMs: 30 },
  );
  expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(seen).toHaveLength(2);
});

it("honors the wait that the upstream requests, within the deadline", async () => {
  const { seen, gateway } = over(() => json({ code: "unavailable" }, { status: 503, headers: { "retry-after": "60" } }));
  expect((await gateway(unary("GetUser"))).status).toBe(503);
  expect(seen).toHaveLength(1);
  const never = over(() => json({}, { status: 503, headers: { "grpc-retry-pushback-ms": "-1" } }));
  await never.gateway(unary("GetUser"));
  expect(never.seen).toHaveLength(1);
});

it("calls another endpoint each time", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const calls = { A: 0, B: 0, C: 0 };
  const endpoint = (name: keyof typeof calls, fetch: () => Promise<Response>) => ({
    fetch: () => {
      calls[name] += 1;
      return fetch();
    },
  });
  const endpoints = [{ binding: "A" }, { binding: "B" }, { binding: "C" }];
  const gateway = gatewayTo(
    () => json(USER),
    { defaults: { retries: { baseMs: 1 } }, services: { "users.v1.UserService": { upstream: { endpoints, balancer: "round_robin" } } } },
    {
      A: endpoint("A", () => Promise.reject(new Error("connection reset"))),
      B: endpoint("B", () => Promise.resolve(DOWN())),
      C: endpoint("C", () => Promise.resolve(json(USER))),
    },
  );
  for (let call = 0; call < 3; call++) {
    expect((await gateway(unary("GetUser"))).status).toBe(200);
  }
  expect(calls.C).toBe(3);
  expect(Math.max(calls.A, calls.B)).toBeLessThanOrEqual(3); // never twice for one call
});

it("counts an attempt that has had all the time an operator gives one against its endpoint, and not one that its caller has cut short", async () => {
  const hung = (_: string, { signal }: RequestInit) =>
    new Promise<Response>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  const calls = { A: 0, B: 0 };
  const over = (perAttemptMs: number | undefined) => {
    Object.assign(calls, { A: 0, B: 0 });
    const counted = (name: keyof typeof calls, fetch: typeof hung) => ({
      fetch: (url: string, init: RequestInit) => {
        calls[name] += 1;
        return fetch(url, init);
      },
    });
    const retries = { baseMs: 1, ...(perAttemptMs === undefined ? {} : { perAttemptMs }) };
    const upstream = {
      endpoints: [{ binding: "A" }, { binding: "B" }],
      balancer: "round_robin" as const,
      retryBudget: { minPerSecond: 100 },
    };
    return gatewayTo(
      () => json(USER),
      { defaults: { retries }, services: { "users.v1.UserService": { upstream, breaker: { consecutive: 2 } } } },
      { A: counted("A", hung), B: counted("B", () => Promise.resolve(json(USER))) },
    );
  };
  const patient = over(40);
  for (let call = 0; call < 12; call++) expect((await patient(unary("GetUser"))).status).toBe(200);
  expect(calls.A).toBeLessThanOrEqual(5); // two, and those that find out where the machine is slow
  const hurried = over(undefined);
  for (let call = 0; call < 12; call++) await hurried(unary("GetUser", {}, { "connect-timeout-ms": "300" }));
  expect(calls.A).toBe(6);
});
