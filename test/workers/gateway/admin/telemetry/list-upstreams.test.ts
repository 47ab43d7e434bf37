// ListUpstreams through the running gateway: what it shows of endpoints, their breakers and the ring, in pages.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { adminApp } from "../../../../support/admin-app.ts";
import { json, USER } from "../../../../support/gateway.ts";

const LIST = "tidegate.telemetry.v1.TelemetryService/ListUpstreams";
const ADMIN_HOST = "admin.example";
const GET_USER = "users.v1.UserService/GetUser";
const SERVICE = "users.v1.UserService";

interface Shown {
  readonly name: string;
  readonly balancer: string;
  readonly inFlight?: number;
  readonly waiting?: number;
  readonly endpoints?: readonly Record<string, unknown>[];
}

const shown = (body: object): readonly Shown[] => (body as { readonly upstreams?: readonly Shown[] }).upstreams ?? [];
const ok = { fetch: () => Promise.resolve(json(USER)) };

describe("ListUpstreams", () => {
  it("shows each endpoint with its load, its share of the ring and its local breaker", async () => {
    const broken = { fetch: () => Promise.resolve(json({ code: "internal" }, { status: 500 })) };
    const gate = Promise.withResolvers<Response>();
    const slow = { fetch: () => gate.promise };
    const endpoints = [{ binding: "A", weight: 3 }, { binding: "B" }];
    const upstream = { endpoints, balancer: "consistent_hash", hashOn: { header: "x-key" } };
    const other = { binding: "C" };
    const services = { [SERVICE]: { upstream, breaker: { consecutive: 2 } }, "orders.v1.OrderService": { upstream: other } };
    const call = adminApp({ services }, { A: ok, B: broken, C: slow });
    for (let key = 0; key < 60; key++) await call(GET_USER, {}, { "x-key": `key ${key}` });
    const pending = call("orders.v1.OrderService/GetOrder", {});
    await expect.poll(async () => shown((await call(LIST, {})).body).find(({ name }) => name !== SERVICE)?.inFlight).toBe(1);

    const { status, body } = await call(LIST, {});
    expect(status).toBe(200);
    const [orders, users] = shown(body);
    expect(orders).toMatchObject({ name: "orders.v1.OrderService", inFlight: 1, endpoints: [{ id: "C", inFlight: 1, isHealthy: true }] });
    expect(users).toMatchObject({ name: SERVICE, balancer: "consistent_hash" });
    const [a, b] = users!.endpoints!;
    expect(a).toMatchObject({ id: "A", weight: 3, isHealthy: true, localState: "closed", sharedState: "closed", override: "none" });
    expect(b).toMatchObject({ id: "B", weight: 1, override: "none" });
    expect(b!["localState"]).toMatch(/^(open|half_open)$/);
    expect(Number(a!["ringShare"]) + Number(b!["ringShare"])).toBeCloseTo(1, 9);
    expect(a!["ringShare"]).toBeGreaterThan(0.6);
    gate.resolve(json(USER));
    await pending;
  });

  it("reads the shared state and the override of an upstream that is named", async () => {
    const name = `${SERVICE}`;
    const object = env.CIRCUIT_BREAKER.getByName(`listed-${crypto.randomUUID()}`);
    const CIRCUIT_BREAKER = { getByName: () => object };
    await object.setOverride("USERS", "open", { author: "a test", reason: "none" });
    const call = adminApp({}, { CIRCUIT_BREAKER, USERS: ok });
    const { body } = await call(LIST, { upstream: name });
    expect(shown(body)).toMatchObject([
      { name, endpoints: [{ id: "USERS", sharedState: "open", override: "open", localState: "closed" }] },
    ]);
  });

  it("shows what the isolate knows where the shared breakers cannot be reached", async () => {
    const CIRCUIT_BREAKER = { getByName: () => ({ state: () => Promise.reject(new Error("down")) }) };
    const call = adminApp({}, { CIRCUIT_BREAKER, USERS: ok });
    const { status, body } = await call(LIST, { upstream: SERVICE });
    expect([status, shown(body)]).toMatchObject([200, [{ endpoints: [{ sharedState: "closed", override: "none" }] }]]);
  });

  it("lists 1,000 upstreams with 10,000 endpoints in pages, each of them once", async () => {
    const endpoints = Array.from({ length: 10 }, (_, index) => ({ url: `https://endpoint-${index}.example` }));
    const httpRoutes = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`/r${index}/`, { upstream: { endpoints } }]));
    const settings = { httpRoutes, admin: { secretBinding: "ADMIN_SECRET", host: ADMIN_HOST } };
    const app = adminApp(settings, { USERS: ok });
    const call = (procedure: string, body: object) => app(procedure, body, {}, ADMIN_HOST);
    const names: string[] = [];
    let token = "";
    let largest = 0;
    do {
      const { body } = await call(LIST, { pageSize: 1_000, pageToken: token });
      largest = Math.max(largest, JSON.stringify(body).length);
      const page = shown(body);
      expect(page.flatMap((upstream) => upstream.endpoints ?? []).length).toBeLessThanOrEqual(2_000);
      names.push(...page.map(({ name }) => name));
      token = String((body as { readonly nextPageToken?: string }).nextPageToken ?? "");
    } while (token !== "");
    expect(names).toHaveLength(1_001);
    expect(new Set(names).size).toBe(1_001);
    expect(largest).toBeLessThan(600_000);
    const { body } = await call(LIST, {});
    expect(shown(body)).toHaveLength(100);
  });

  it.each([
    [{ pageSize: 1_001 }, 400, "page_size is 1001"],
    [{ upstream: "users.v1.UserServic" }, 404, "users.v1.UserService"],
  ])("refuses %j", async (request, status, text) => {
    const response = await adminApp({}, { USERS: ok })(LIST, request);
    expect([response.status, response.body["message"]]).toEqual([status, expect.stringContaining(text)]);
  });

  it("needs a credential", async () => {
    expect(await adminApp()(LIST, {}, { authorization: undefined })).toMatchObject({ status: 401 });
  });
});
