// RegistryService through the gateway: who may call it, what it registers, and what it streams.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { gatewayTo, json, USER } from "../../../support/gateway.ts";

const TOKEN = "a secret of the registry";
const SERVICE = "users.v1.UserService";
const registry = { tokenBinding: "REGISTRY_TOKEN", pollMs: 600_000 };

const procedure = (name: string, message: object, token = TOKEN): Request =>
  new Request(`https://gateway.example/tidegate.registry.v1.RegistryService/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(message),
  });

/** A gateway with the real Durable Object of endpoint lists. */
const gatewayWith = (input: object = {}, bindings: object = {}) =>
  gatewayTo(
    () => json(USER),
    { registry, services: { [SERVICE]: { upstream: { registry: true } } } as never, ...input },
    { HASH_RING: env.HASH_RING, REGISTRY_TOKEN: TOKEN, ...bindings },
  );

it.each([
  [{ service: SERVICE, endpoint: { id: "a", url: "http://10.0.0.1" } }, "Cloudflare's network does not lead to private networks"],
  [{ service: SERVICE, endpoint: { id: "a b", url: "https://a.example", weight: 9_999 } }, "weight: write a whole number from 1 to 1000"],
  [{ service: SERVICE }, "endpoint is missing; write one"],
])("refuses %j with every problem", async (message, problem) => {
  const response = await gatewayWith()(procedure("Register", message));
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { code: "invalid_argument", message: expect.stringContaining(problem) },
  ]);
});

it.each([
  ["", "service is empty; write the full name of a service"],
  ["orders.v1.OrderService", "service orders.v1.OrderService takes no registrations; set upstream.registry of the service"],
])("refuses the service %j", async (service, message) => {
  const response = await gatewayWith()(procedure("Renew", { service, id: "a" }));
  expect(await response.json()).toEqual({ code: "failed_precondition", message });
});

it.each(["Register", "Renew", "Drain", "Deregister", "ListEndpoints"])("refuses %s without the token", async (name) => {
  for (const token of ["", "x", "a secret of the registrz"]) {
    const response = await gatewayWith()(procedure(name, { service: SERVICE }, token));
    expect([response.status, await response.json()]).toEqual([
      401,
      { code: "unauthenticated", message: "missing or wrong bearer token for the endpoint registry; send Authorization: Bearer TOKEN" },
    ]);
  }
});

it.each([
  [{ registry: undefined }, "say who may register"],
  [{ registry: { tokenBinding: "NO_SUCH" } }, "no secret of that name"],
  [{ registry: { tokenBinding: 7 } }, "registry.tokenBinding"],
  [{ registry: { tokenBinding: "REGISTRY_TOKEN", pollMs: 1, ownHosts: ["a b"] } }, "registry.ownHosts"],
])("reports a wrong configuration at the start: %j", (input, problem) => {
  let message = "";
  try {
    gatewayWith(input);
  } catch (error) {
    message = error instanceof InvalidConfiguration ? error.message : "another error";
  }
  expect(message).toContain(problem);
});

it("registers, compares revisions, renews, drains and deregisters; the audit log has each change and no renewal", async () => {
  const gateway = gatewayWith();
  const call = async (name: string, message: object) => {
    const response = await gateway(procedure(name, { service: SERVICE, ...message }));
    return { status: response.status, ...((await response.json()) as Record<string, unknown>) } as Record<string, unknown>;
  };
  const endpoint = { id: "audited", url: "https://audited.example", zone: "eu", weight: 3 };
  const first = await call("Register", { endpoint, leaseMs: 60_000, expectedRevision: "-1" });
  expect(first).toMatchObject({ status: 200, id: "audited", weight: 3, zone: "eu", isHealthy: true });
  expect(await call("Register", { endpoint: { ...endpoint, url: "https://other.example" } })).toMatchObject({ code: "already_exists" });
  expect(await call("Register", { endpoint, expectedRevision: "99999" })).toMatchObject({ code: "aborted" });
  const second = await call("Register", { endpoint: { ...endpoint, weight: 5 }, leaseMs: 60_000, expectedRevision: first["revision"] });
  expect(Number(second["revision"])).toBeGreaterThan(Number(first["revision"]));
  expect((await call("Renew", { id: "audited" }))["revision"]).toBe(second["revision"]);
  expect(await call("Drain", { id: "audited" })).toMatchObject({ isDraining: true });
  expect(await call("Deregister", { id: "audited" })).toMatchObject({ status: 200 });
  expect(await call("Renew", { id: "audited" })).toMatchObject({ code: "not_found" });
  const { changes } = (await call("ListEndpoints", {})) as unknown as { changes: { id: string; action: string; time: string }[] };
  const own = changes.filter(({ id }) => id === "audited");
  expect(own.map(({ action }) => action)).toEqual(["deregistered", "draining", "changed", "registered"]);
  expect(own.every(({ time }) => Date.parse(time) > 0)).toBe(true);
});

it("streams the list at once and after each change, and only then", async () => {
  const gateway = gatewayWith();
  const message = new TextEncoder().encode(JSON.stringify({ service: SERVICE }));
  const body = new Uint8Array(5 + message.length);
  new DataView(body.buffer).setUint32(1, message.length);
  body.set(message, 5);
  const request = procedure("WatchEndpoints", {});
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/connect+json");
  const response = await gateway(new Request(request.url, { method: "POST", headers, body }));
  const reader = response.body!.getReader();
  let read = new Uint8Array(0);
  const envelopeSize = (bytes: Uint8Array<ArrayBuffer>) => (bytes.length < 5 ? 5 : 5 + new DataView(bytes.buffer).getUint32(1));
  const lists: { version?: string; endpoints?: { id: string }[] }[] = [];
  const next = async (): Promise<void> => {
    for (const before = lists.length; lists.length === before; ) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream has ended");
      read = Uint8Array.from([...read, ...value]);
      for (let size = envelopeSize(read); read.length >= size; size = envelopeSize(read)) {
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

describe("S01, S02, S04 an address that registers", () => {
  it.each([
    ["https://gateway.example", "this is the gateway itself"], // the host at which the registration arrives
    ["https://GATEWAY.example.:8443/x", "this is the gateway itself"],
    ["https://own.example.:8443", "this is the gateway itself"],
    ["http://2130706433", "Cloudflare's network does not lead to private networks"],
    ["http://0177.0.0.1", "Cloudflare's network does not lead to private networks"],
    ["https://[::ffff:127.0.0.1]", "Cloudflare's network does not lead to private networks"],
    ["https://[2002:7f00:1::]", "Cloudflare's network does not lead to private networks"],
    ["http://0.0.0.0", "Cloudflare's network does not lead to private networks"],
    ["http://169.254.169.254", "this is where a cloud gives its machines their credentials"],
    ["https://127.0.0.1.nip.io", "Cloudflare's network does not lead to private networks"],
    ["https://users.default.svc", "Cloudflare's network does not lead to private networks"],
    ["https://8.8.8.8", "Cloudflare's network refuses calls to IP addresses"],
    ["http://a.example", "write https://"],
    ["https://a.example:25", "port 25 is not allowed"],
    ["https://user:pass@a.example", "write http(s)://host"],
    ["data:text/plain,x", "write http(s)://host"],
    ["gopher://a.example", "write http(s)://host"],
  ])("%s is refused", async (url, problem) => {
    const gateway = gatewayWith({ registry: { ...registry, ownHosts: ["own.example"] } });
    const response = await gateway(procedure("Register", { service: SERVICE, endpoint: { id: "a", url } }));
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: "invalid_argument", message: expect.stringContaining(`url: ${problem}`) },
    ]);
  });

  it("at a private host may be another server than the gateway, at another port", async () => {
    const gateway = gatewayWith({ registry: { ...registry, allowPrivate: true } }, { TIDEGATE_LOCAL: "true" });
    const register = async (url: string): Promise<number> => {
      const request = procedure("Register", { service: SERVICE, endpoint: { id: "local", url } });
      return (await gateway(new Request("http://127.0.0.1:8787/tidegate.registry.v1.RegistryService/Register", request))).status;
    };
    expect([await register("http://127.0.0.1:8787"), await register("http://127.0.0.1:9000")]).toEqual([400, 200]);
    await gateway(procedure("Deregister", { service: SERVICE, id: "local" }));
  });
});

describe("G02 registrars at the same time", () => {
  const call = async (gateway: ReturnType<typeof gatewayWith>, name: string, message: object) => {
    const response = await gateway(procedure(name, { service: SERVICE, ...message }));
    return { status: response.status, ...((await response.json()) as Record<string, unknown>) } as Record<string, unknown>;
  };

  it("of one revision: one of them changes the endpoint, the others are aborted (409), and versions only grow", async () => {
    const gateway = gatewayWith();
    const endpoint = { id: "raced", url: "https://raced.example" };
    const first = await call(gateway, "Register", { endpoint, leaseMs: 60_000 });
    const expectedRevision = first["revision"];
    const changes = Array.from({ length: 20 }, (_, index) =>
      call(gateway, "Register", { endpoint: { ...endpoint, weight: index + 2 }, leaseMs: 60_000, expectedRevision }),
    );
    const outcomes = await Promise.all(changes);
    const won = outcomes.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(Number(won[0]!["revision"])).toBeGreaterThan(Number(expectedRevision));
    const lost = outcomes.filter(({ status }) => status !== 200).map(({ status, code }) => [status, code]);
    expect(lost).toEqual(Array(19).fill([409, "aborted"]));
    const { endpoints } = (await call(gateway, "ListEndpoints", {})) as unknown as { endpoints: { id: string; weight: number }[] };
    expect(endpoints.find(({ id }) => id === "raced")?.weight).toBe(won[0]!["weight"]);
    await call(gateway, "Deregister", { id: "raced" });
  });

  it("of a revision whose lease has ended: aborted", async () => {
    const gateway = gatewayWith();
    const endpoint = { id: "late", url: "https://late.example" };
    const { revision } = await call(gateway, "Register", { endpoint, leaseMs: 1_000 });
    await expect
      .poll(async () => (await call(gateway, "Renew", { id: "late" }))["code"], { timeout: 60_000, interval: 1_100 })
      .toBe("not_found");
    const late = await call(gateway, "Register", { endpoint: { ...endpoint, weight: 7 }, expectedRevision: revision });
    expect([late["status"], late["code"]]).toEqual([409, "aborted"]);
  });
});
