// An overloaded upstream, through the running gateway: shed levels of its hosts are honored, and calls that it would refuse are not sent.
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

const ONE = "users.v1.UserService";
let warn: MockInstance<typeof console.warn>;

beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => void warn.mockRestore());

type Respond = (request: Request) => Response;

/** Two endpoints, each with responses of its own. */
function pair(a: Respond, b: Respond, service: object = {}) {
  const seen: { who: string; headers: Headers }[] = [];
  const endpoint = (who: string, respond: Respond) => ({
    fetch: async (url: string, init: RequestInit) => {
      const request = new Request(url, init);
      seen.push({ who, headers: request.headers });
      return respond(request);
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

const SHED = { "tidegate-shed": "level", "retry-after": "1" };
const sheds = (level: number) => ({
  "endpoint-load-metrics": `TEXT named_metrics.predicted_ms=9.0,named_metrics.rif=99,named_metrics.shed_level=${level}`,
});
const refuses = (): Response => json({ code: "unavailable", message: "overloaded" }, { status: 503, headers: { ...SHED, ...sheds(0) } });

it("sends a critical call that a host sheds to another one, once, as critical_plus, and lets no header of this reach the caller", async () => {
  const { gateway, seen } = pair(refuses, () => json(USER));
  for (let n = 0; n < 6; n++) {
    const response = await gateway(unary("GetUser"));
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => /^(tidegate|endpoint-load)/.test(name))).toEqual([]);
  }
  const second = seen.filter(({ who, headers }) => who === "B" && headers.has("tidegate-criticality"));
  expect(second.map(({ headers }) => headers.get("tidegate-criticality"))).toEqual(
    Array(seen.filter(({ who }) => who === "A").length).fill("critical_plus"),
  );
  expect(second.length).toBeGreaterThan(0);
});

it("passes the refusal of a host on where every host sheds the call, after two attempts, and counts it against no breaker", async () => {
  const { gateway, seen } = pair(refuses, refuses, { throttle: { mode: "off" }, breaker: { consecutive: 2, minCalls: 2 } });
  for (let n = 0; n < 10; n++) {
    const response = await gateway(unary("GetUser"));
    expect([response.status, response.headers.get("retry-after"), response.headers.get("tidegate-shed")]).toEqual([503, "1", null]);
    expect(await response.json()).toMatchObject({ message: "overloaded" });
  }
  expect(seen).toHaveLength(20);
});

it("honors the shed level of hosts: refuses sheddable calls without an attempt, and never critical ones", async () => {
  const responds = (): Response => json(USER, { headers: sheds(1) });
  const { gateway, seen } = pair(responds, responds);
  for (let n = 0; n < 4; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
  const sent = seen.length;
  const refused = await gateway(unary("ListUsers"));
  expect([refused.status, await refused.json()]).toEqual([
    503,
    expect.objectContaining({ message: `overloaded (upstream ${ONE}): the upstream sheds sheddable calls` }),
  ]);
  expect(seen).toHaveLength(sent);
  expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(warn.mock.calls.some(([line]) => String(line).includes(`"point":"upstream ${ONE}"`))).toBe(true);
  await vi.waitUntil(async () => (await gateway(unary("ListUsers"))).status === 200, { timeout: 60_000, interval: 100 }); // the shed level expires
});

it("only reports what hosts would shed, or ignores their shed levels, if so configured", async () => {
  const responds = (): Response => json(USER, { headers: sheds(1) });
  for (const honor of ["report", "off"] as const) {
    warn.mockClear();
    const { gateway } = pair(responds, responds, { throttle: { honor } });
    for (let n = 0; n < 4; n++) expect((await gateway(unary("ListUsers"))).status).toBe(200);
    expect(warn.mock.calls.some(([line]) => String(line).includes('"policy":"shed_level"'))).toBe(honor === "report");
  }
});

it("throttles calls to an upstream that refuses most of them, and sends some, to notice when it recovers", async () => {
  let calls = 0;
  let isHealthy = false;
  const gateway = gatewayTo(
    () => {
      calls += 1;
      return isHealthy ? json(USER) : json({ code: "unavailable", message: "no" }, { status: 503, headers: SHED });
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
  isHealthy = true;
  await vi.waitUntil(
    async () => {
      let again = 0;
      for (let n = 0; n < 20; n++) again += (await throttled()) ? 1 : 0;
      return again === 0;
    },
    { timeout: 30_000, interval: 10 },
  );
});
