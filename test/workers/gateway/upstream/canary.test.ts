// Canaries and mirrors through the whole pipeline.
import { expect, it, vi } from "vitest";
import type { TrafficInput } from "../../../../core/config/traffic.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { enveloped, gatewayTo, json, USER, unary, userFor } from "../../../support/gateway.ts";

function over(traffic: TrafficInput, v2: () => Response | Promise<Response> = () => json(USER)) {
  const calls = { own: 0, v2: 0 };
  const bodies: string[] = [];
  const V2 = {
    fetch: async (url: string, init: RequestInit) => {
      calls.v2 += 1;
      bodies.push(await new Request(url, init).text());
      return v2();
    },
  };
  const own = (request: Request) => {
    calls.own += 1;
    return userFor(request);
  };
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, traffic } };
  return { calls, bodies, gateway: gatewayTo(own, { services }, { V2 }) };
}
const upstream = { binding: "V2" };

it("gives a canary its share of callers, and each caller always the same version", async () => {
  const { calls, gateway } = over({ canaries: [{ name: "v2", upstream, percent: 20 }], stickOn: { header: "x-user" } });
  for (let user = 0; user < 500; user++) {
    const before = calls.v2;
    await gateway(unary("GetUser", {}, { "x-user": `user-${user}` }));
    const isCanary = calls.v2 - before;
    await gateway(unary("GetUser", {}, { "x-user": `user-${user}` }));
    expect(calls.v2 - before).toBe(2 * isCanary);
  }
  expect(calls.v2 / 1_000).toBeGreaterThan(0.14);
  expect(calls.v2 / 1_000).toBeLessThan(0.26);
});

it("gives the canary the calls that name it by header or cookie, and no others at 0 %", async () => {
  const { calls, gateway } = over({ canaries: [{ name: "v2", upstream, header: "x-version", cookie: "version" }] });
  await gateway(unary("GetUser", {}, { "x-version": "v2" }));
  await gateway(unary("GetUser", {}, { cookie: "a=b; version=v2" }));
  expect(calls).toEqual({ own: 0, v2: 2 });
  await gateway(unary("GetUser", {}, { "x-version": "v3" }));
  await gateway(unary("GetUser"));
  expect(calls).toEqual({ own: 2, v2: 2 });
});

it("sends copies in the background: no call waits for them or learns of their failures", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const responses = [() => json(USER), () => Promise.reject(new Error("down")), () => new Promise<Response>(() => undefined)];
  const { calls, bodies, gateway } = over({ mirror: { upstream } }, () => responses[(calls.v2 - 1) % 3]!());
  for (let n = 0; n < 3; n++) expect((await gateway(unary("GetUser", { id: "x" }))).status).toBe(200);
  await gateway(enveloped("GetUser", "application/grpc-web"));
  await vi.waitUntil(() => calls.v2 === 4, { timeout: 60_000 });
  expect(calls).toEqual({ own: 4, v2: 4 });
  expect(bodies[0]).toBe('{"id":"x"}');
});

it("sends copies of the percentage of the calls that is configured", async () => {
  const draws = vi.spyOn(Math, "random");
  const copies = async (percent?: number): Promise<number> => {
    const { calls, gateway } = over({ mirror: { upstream, ...(percent === undefined ? {} : { percent }) } });
    for (let n = 0; n < 20; n++) {
      draws.mockReturnValue(n / 20);
      expect((await gateway(unary("GetUser", { id: "x" }))).status).toBe(200);
    }
    await vi.waitUntil(() => calls.v2 > 0 || percent === 0, { timeout: 60_000 });
    return calls.v2;
  };
  expect([await copies(0), await copies(25), await copies()]).toEqual([0, 5, 20]);
  draws.mockRestore();
});

it.each([
  [
    {
      canaries: [
        { name: "a", upstream, percent: 60 },
        { name: "b", upstream, percent: 50 },
      ],
    },
    "at most 100 together",
  ],
  [{ canaries: [{ name: "a b", upstream }] }, "canaries[0].name"],
  [{ canaries: [{ name: "a", upstream: { binding: "V2", protocol: "connect" } }] }, "let versions and fallbacks speak both"],
  [{ mirror: { upstream: { binding: "NOBODY" } } }, "NOBODY"],
  [{ mirror: { upstream, percent: -1 } }, "mirror.percent"],
] as [TrafficInput, string][])("reports a mistake before anything starts: %j", (traffic, expected) => {
  let message = "";
  try {
    over(traffic);
  } catch (error) {
    message = error instanceof InvalidConfiguration ? error.message : String(error);
  }
  expect(message).toContain(expected);
});
