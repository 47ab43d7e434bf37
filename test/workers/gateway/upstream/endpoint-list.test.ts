// The endpoint list of one service in an isolate: requested in the background, and kept while the Durable Object cannot be reached.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ExchangeReply } from "../../../../core/exchange/messages.ts";
import type { HashRing } from "../../../../durable-objects/hash-ring.ts";
import { currentRegion } from "../../../../workers/gateway/region/isolate-region.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

beforeEach(() => void vi.setSystemTime(Date.now())); // a list ages where a test says so, however slow the machine is
afterEach(() => void vi.useRealTimers());

const TOKEN = "a secret of the registry";
const SERVICE = "users.v1.UserService";
const registry = { tokenBinding: "REGISTRY_TOKEN", pollMs: 600_000 };

/** A gateway whose service has registered endpoints. `requests` counts the requests for the list. */
function over(upstream: object, fault: () => boolean = () => false) {
  const requests = { list: 0 };
  const HASH_RING = {
    getByName: (name: string) => {
      const ring = env.HASH_RING.getByName(name) as DurableObjectStub<HashRing>;
      return {
        snapshot: (known: number, check: never) => {
          requests.list += 1;
          return fault() ? Promise.reject(new Error("gone")) : ring.snapshot(known, check);
        },
      };
    },
  };
  const services = { [SERVICE]: { upstream } } as never;
  return { requests, gateway: gatewayTo(() => json(USER), { registry, services }, { HASH_RING, REGISTRY_TOKEN: TOKEN }) };
}

it("is requested once, and by no further call", async () => {
  const { requests, gateway } = over({ registry: true, endpoints: [{ binding: "USERS" }] });
  for (let n = 0; n < 50; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(requests.list).toBe(1);
});

it("is not needed for configured endpoints: they are called while the Durable Object cannot be reached", async () => {
  const { gateway } = over({ registry: true, endpoints: [{ binding: "USERS" }] }, () => true);
  for (let n = 0; n < 3; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
});

it("is empty before any endpoint registers: calls are unavailable", async () => {
  const { gateway } = over({ registry: true });
  const response = await gateway(unary("GetUser"));
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "unavailable" });
});

const procedure = (name: string, message: object): Request =>
  new Request(`https://gateway.example/tidegate.registry.v1.RegistryService/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(message),
  });

const listing = (endpoints: readonly object[], version = 1) => ({ kind: "changed" as const, version, endpoints });
const endpointAt = (id: string) => ({ id, url: `https://${id}.example`, weight: 1, priority: 0, isDraining: false });
const withRing = (HASH_RING: object, services: object, pollMs: number) =>
  gatewayTo(() => json(USER), { registry: { ...registry, pollMs }, services: services as never }, { HASH_RING, REGISTRY_TOKEN: TOKEN });

it("is requested for all services with the first call, and not by calls of the registry", async () => {
  const names: string[] = [];
  const ring = {
    getByName: (name: string) => {
      names.push(name);
      return { snapshot: () => Promise.resolve(listing([])) };
    },
  };
  const services = {
    [SERVICE]: { upstream: { registry: true } },
    "orders.v1.OrderService": { upstream: { registry: true, endpoints: [{ binding: "USERS" }] } },
  };
  const gateway = withRing(ring, services, 600_000);
  await gateway(procedure("Renew", { service: "unknown", id: "a" }));
  expect(names).toEqual([]);
  for (let n = 0; n < 3; n++) await gateway(unary("GetUser"));
  expect(names.sort()).toEqual(["orders.v1.OrderService", SERVICE]);
});

it("lets a call wait for the next list if the last one was empty", async () => {
  let version = 0;
  const snapshot = async () => {
    await scheduler.wait(20);
    version += 1;
    return listing(version < 2 ? [] : [endpointAt("late")], version);
  };
  const gateway = withRing({ getByName: () => ({ snapshot }) }, { [SERVICE]: { upstream: { registry: true } } }, 100);
  expect((await gateway(unary("GetUser"))).status).toBe(503);
  vi.setSystemTime(Date.now() + 150);
  const called = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(json(USER)));
  expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(called).toHaveBeenCalledOnce();
  called.mockRestore();
});

it("lets no call wait if there are configured endpoints", async () => {
  let requests = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const snapshot = async () => {
    requests += 1;
    if (requests > 1) await promise; // until the test ends
    return listing([], requests);
  };
  const upstream = { registry: true, endpoints: [{ binding: "USERS" }] };
  const gateway = withRing({ getByName: () => ({ snapshot }) }, { [SERVICE]: { upstream } }, 100);
  await gateway(unary("GetUser"));
  vi.setSystemTime(Date.now() + 150);
  const late = scheduler.wait(30_000).then(() => "waited");
  expect(await Promise.race([gateway(unary("GetUser")), late])).toMatchObject({ status: 200 });
  expect(requests).toBe(2);
  resolve();
});

it("stays in use while the relay cannot be reached, and the age of the last exchange is logged", async () => {
  let isDown = false;
  const reply: ExchangeReply = {
    version: 1,
    shards: 1,
    nextMs: 100,
    earlyMs: 0,
    lists: { [SERVICE]: listing([endpointAt("stays")]) as never },
  };
  const RELAY = { getByName: () => ({ exchange: () => (isDown ? Promise.reject(new Error("gone")) : Promise.resolve(reply)) }) };
  const input = { registry: { ...registry, pollMs: 100 }, services: { [SERVICE]: { upstream: { registry: true } } } };
  const gateway = gatewayTo(() => json(USER), input, { RELAY, HASH_RING: env.HASH_RING, REGISTRY_TOKEN: TOKEN });
  const called = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(json(USER)));
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await gateway(unary("GetUser"));
  isDown = true;
  const statuses: number[] = [];
  for (let n = 0; n < 3; n++) {
    vi.setSystemTime(Date.now() + 110);
    statuses.push((await gateway(unary("GetUser"))).status);
  }
  const records = warned.mock.calls.map(([line]) => JSON.parse(String(line)) as { event: string; snapshotAgeMs: number });
  called.mockRestore();
  warned.mockRestore();
  expect(statuses).toEqual([200, 200, 200]);
  expect(records[0]).toMatchObject({ event: "exchange_failed", region: currentRegion(), relay: "relay-0" });
  expect(records[0]!.snapshotAgeMs).toBeGreaterThanOrEqual(100);
});
