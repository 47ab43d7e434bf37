// An isolate's list of registered endpoints: asked for behind answers, kept where nobody can be asked.
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { HashRing } from "../../../../durable-objects/hash-ring.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

afterEach(() => void vi.useRealTimers());

const TOKEN = "a secret of the registry";
const SERVICE = "users.v1.UserService";
const registry = { tokenBinding: "REGISTRY_TOKEN", pollMs: 600_000 };

/** A gateway with one fixed endpoint and registered ones; counts what it asks the ring. */
function over(upstream: object, fault: () => boolean = () => false, input: object = {}) {
  const asked = { ring: 0 };
  const HASH_RING = {
    getByName: (name: string) => {
      const ring = env.HASH_RING.getByName(name) as DurableObjectStub<HashRing>;
      return {
        snapshot: (known: number, check: never) => {
          asked.ring += 1;
          return fault() ? Promise.reject(new Error("gone")) : ring.snapshot(known, check);
        },
      };
    },
  };
  const services = { [SERVICE]: { upstream } } as never;
  return { asked, gateway: gatewayTo(() => json(USER), { registry, services, ...input }, { HASH_RING, REGISTRY_TOKEN: TOKEN }) };
}

it("asks for the list once, and a warm call asks nobody", async () => {
  const { asked, gateway } = over({ registry: true, endpoints: [{ binding: "USERS" }] });
  for (let n = 0; n < 50; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
  expect(asked.ring).toBe(1);
});

it("calls the endpoints of its configuration where the ring can't be asked, and the last list it got", async () => {
  const { gateway } = over({ registry: true, endpoints: [{ binding: "USERS" }] }, () => true);
  for (let n = 0; n < 3; n++) expect((await gateway(unary("GetUser"))).status).toBe(200);
});

it("says that there is no endpoint where nobody has registered", async () => {
  const { gateway } = over({ registry: true });
  const answer = await gateway(unary("GetUser"));
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "unavailable" });
});

it("registers through the gateway in every protocol's errors, and tells what is wrong", async () => {
  const { gateway } = over({ registry: true });
  const call = (message: object, token = TOKEN) =>
    gateway(
      new Request("https://gateway.example/tidegate.registry.v1.RegistryService/Register", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(message),
      }),
    );
  expect((await call({ service: SERVICE, endpoint: { id: "a", url: "http://10.0.0.1" } })).status).toBe(400);
  expect((await call({ service: SERVICE, endpoint: { id: "a", url: "https://a.example", weight: 9999 } })).status).toBe(400);
  expect((await call({ service: SERVICE })).status).toBe(400);
  expect((await call({ service: SERVICE, endpoint: { id: "a", url: "https://a.example" } }, "")).status).toBe(401);
});

it.each([
  [{ registry: undefined }, "say who may register"],
  [{ registry: { tokenBinding: "NO_SUCH" } }, "no secret of that name"],
  [{ registry: { tokenBinding: 7 } }, "registry.tokenBinding"],
  [{ registry: { tokenBinding: "REGISTRY_TOKEN", pollMs: 1, ownHosts: ["a b"] } }, "registry.ownHosts"],
])("tells a mistake before anything starts: %j", (input, told) => {
  let message = "";
  try {
    over({ registry: true }, undefined, input);
  } catch (error) {
    message = error instanceof InvalidConfiguration ? error.message : "another error";
  }
  expect(message).toContain(told);
});

const procedure = (name: string, message: object): Request =>
  new Request(`https://gateway.example/tidegate.registry.v1.RegistryService/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(message),
  });

/** With the ring as it is. */
const real = () =>
  gatewayTo(
    () => json(USER),
    { registry, services: { [SERVICE]: { upstream: { registry: true } } } as never },
    { HASH_RING: env.HASH_RING, REGISTRY_TOKEN: TOKEN },
  );

it("registers, compares and sets, renews, drains and takes out; each change is in the audit, renewals are not", async () => {
  const gateway = real();
  const ask = async (name: string, message: object) => {
    const answer = await gateway(procedure(name, { service: SERVICE, ...message }));
    return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) } as Record<string, unknown>;
  };
  const endpoint = { id: "audited", url: "https://audited.example", zone: "eu", weight: 3 };
  const first = await ask("Register", { endpoint, leaseMs: 60_000, expectedRevision: "-1" });
  expect(first).toMatchObject({ status: 200, id: "audited", weight: 3, zone: "eu", isHealthy: true });
  expect(await ask("Register", { endpoint: { ...endpoint, url: "https://other.example" } })).toMatchObject({ code: "already_exists" });
  expect(await ask("Register", { endpoint, expectedRevision: "99999" })).toMatchObject({ code: "aborted" });
  const second = await ask("Register", { endpoint: { ...endpoint, weight: 5 }, leaseMs: 60_000, expectedRevision: first["revision"] });
  expect(Number(second["revision"])).toBeGreaterThan(Number(first["revision"]));
  expect((await ask("Renew", { id: "audited" }))["revision"]).toBe(second["revision"]);
  expect(await ask("Drain", { id: "audited" })).toMatchObject({ isDraining: true });
  expect(await ask("Deregister", { id: "audited" })).toMatchObject({ status: 200 });
  expect(await ask("Renew", { id: "audited" })).toMatchObject({ code: "not_found" });
  const { changes } = (await ask("ListEndpoints", {})) as unknown as { changes: { id: string; action: string; time: string }[] };
  const ours = changes.filter(({ id }) => id === "audited");
  expect(ours.map(({ action }) => action)).toEqual(["deregistered", "draining", "changed", "registered"]);
  expect(ours.every(({ time }) => Date.parse(time) > 0)).toBe(true);
});

it("tells who watches of each change, and only then", async () => {
  const gateway = real();
  const message = new TextEncoder().encode(JSON.stringify({ service: SERVICE }));
  const body = new Uint8Array(5 + message.length);
  new DataView(body.buffer).setUint32(1, message.length);
  body.set(message, 5);
  const request = procedure("WatchEndpoints", {});
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/connect+json");
  const answer = await gateway(new Request(request.url, { method: "POST", headers, body }));
  const reader = answer.body!.getReader();
  let read = new Uint8Array(0);
  const sizeOf = (bytes: Uint8Array<ArrayBuffer>) => (bytes.length < 5 ? 5 : 5 + new DataView(bytes.buffer).getUint32(1)); // of the envelope
  const lists: { version?: string; endpoints?: { id: string }[] }[] = [];
  const next = async (): Promise<void> => {
    for (const before = lists.length; lists.length === before; ) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream has ended");
      read = Uint8Array.from([...read, ...value]);
      for (let size = sizeOf(read); read.length >= size; size = sizeOf(read)) {
        lists.push(JSON.parse(new TextDecoder().decode(read.subarray(5, size))));
        read = read.slice(size);
      }
    }
  };
  await next();
  await gateway(procedure("Register", { service: SERVICE, endpoint: { id: "watched", url: "https://watched.example" } }));
  await next();
  expect(lists).toHaveLength(2);
  expect(lists[0]!.endpoints?.map(({ id }) => id) ?? []).not.toContain("watched");
  expect(lists[1]!.endpoints!.map(({ id }) => id)).toContain("watched");
  expect(Number(lists[1]!.version)).toBeGreaterThan(Number(lists[0]!.version ?? 0));
  await reader.cancel();
  await gateway(procedure("Deregister", { service: SERVICE, id: "watched" }));
});

const listing = (endpoints: readonly object[], version = 1) => ({ kind: "changed" as const, version, endpoints });
const endpointAt = (id: string) => ({ id, url: `https://${id}.example`, weight: 1, priority: 0, isDraining: false });
const withRing = (HASH_RING: object, services: object, pollMs: number) =>
  gatewayTo(() => json(USER), { registry: { ...registry, pollMs }, services: services as never }, { HASH_RING, REGISTRY_TOKEN: TOKEN });

it("asks for the lists of all services with its first call, whichever it is, and for none when somebody registers", async () => {
  const asked: string[] = [];
  const ring = {
    getByName: (name: string) => {
      asked.push(name);
      return { snapshot: () => Promise.resolve(listing([])) };
    },
  };
  const services = {
    [SERVICE]: { upstream: { registry: true } },
    "orders.v1.OrderService": { upstream: { registry: true, endpoints: [{ binding: "USERS" }] } },
  };
  const gateway = withRing(ring, services, 600_000);
  await gateway(procedure("Renew", { service: "nobody", id: "a" }));
  expect(asked).toEqual([]);
  for (let n = 0; n < 3; n++) await gateway(unary("GetUser"));
  expect(asked.sort()).toEqual(["orders.v1.OrderService", SERVICE]);
});

it("lets a call wait for the next list where the last one is of nobody", async () => {
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

it("lets no call wait for a list where there are other endpoints, though the list is of nobody", async () => {
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const snapshot = async () => {
    asked += 1;
    if (asked > 1) await promise; // as long as the test does
    return listing([], asked);
  };
  const upstream = { registry: true, endpoints: [{ binding: "USERS" }] };
  const gateway = withRing({ getByName: () => ({ snapshot }) }, { [SERVICE]: { upstream } }, 100);
  await gateway(unary("GetUser"));
  vi.setSystemTime(Date.now() + 150);
  const late = scheduler.wait(800).then(() => "waited");
  expect(await Promise.race([gateway(unary("GetUser")).then(({ status }) => status), late])).toBe(200);
  expect(asked).toBe(2);
  resolve();
});

it("serves on with the last list where the ring is gone, and says how old it is", async () => {
  let isGone = false;
  const snapshot = () => (isGone ? Promise.reject(new Error("gone")) : Promise.resolve(listing([endpointAt("stays")])));
  const gateway = withRing({ getByName: () => ({ snapshot }) }, { [SERVICE]: { upstream: { registry: true } } }, 100);
  const called = vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.resolve(json(USER)));
  const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await gateway(unary("GetUser"));
  isGone = true;
  const statuses: number[] = [];
  for (let n = 0; n < 3; n++) {
    vi.setSystemTime(Date.now() + 110);
    statuses.push((await gateway(unary("GetUser"))).status);
  }
  const ages = warned.mock.calls.map(([line]) => (JSON.parse(String(line)) as { snapshotAgeMs: number }).snapshotAgeMs);
  called.mockRestore();
  warned.mockRestore();
  expect(statuses).toEqual([200, 200, 200]);
  expect(ages.length).toBeGreaterThan(0);
  expect(ages[0]).toBeGreaterThanOrEqual(100);
});
