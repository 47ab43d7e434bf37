// The gateway with its Durable Objects in a Worker of their own, as deployed: of its own version, of 0.1, and of a later one.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { RateLimitInput } from "../../core/config/rate-limit.ts";
import { CLASSES } from "../../durable-objects/classes.ts";
import { gatewayTo, json, PATIENT_MS, USER, unary, userFor } from "../support/gateway.ts";
import { withUnknownFields } from "../support/unknown-fields.ts";

const SERVICE = "users.v1.UserService";
const TOKEN = "a secret of the operators";
const SECRETS = { CACHE_TOKEN: TOKEN, REGISTRY_TOKEN: TOKEN, OPERATOR_TOKEN: TOKEN };

interface Namespace {
  getByName(name: string): object;
}
type Method = (...args: unknown[]) => unknown;

const bindings = env as unknown as Readonly<Record<string, Namespace>>;
/** The bindings of one version. */
const named = (prefix: string): Readonly<Record<string, Namespace>> =>
  Object.fromEntries(Object.keys(CLASSES).map((name) => [name, bindings[`${prefix}${name}`]!]));

/** As a gateway of a later version calls: its messages have fields that these objects do not know. */
function calledByLater(namespace: Namespace): Namespace {
  const handler: ProxyHandler<Record<string, Method>> = {
    get: (stub, method: string): Method => {
      return (...args) => stub[method]!(...args.map((one) => withUnknownFields(one)));
    },
  };
  return { getByName: (name) => new Proxy(namespace.getByName(name) as Record<string, Method>, handler) };
}

/** As an object of an earlier version responds to methods that came later: the runtime rejects the call. */
function without(namespace: Namespace, methods: readonly string[]): Namespace {
  const handler: ProxyHandler<Record<string, Method>> = {
    get: (stub, method: string): Method =>
      methods.includes(method) ? (...args) => stub[`${method}OfLaterVersion`]!(...args) : (...args) => stub[method]!(...args),
  };
  return { getByName: (name) => new Proxy(namespace.getByName(name) as Record<string, Method>, handler) };
}

const VERSIONS: Readonly<Record<string, Readonly<Record<string, Namespace>>>> = {
  "objects of its own version": named(""),
  "objects of version 0.1": { ...named("BEFORE_"), RELAY: without(named("")["RELAY"]!, ["exchange"]) }, // 0.1 has no relays
  "objects of a later version": named("LATER_"),
  "objects that are older than itself": Object.fromEntries(Object.entries(named("")).map(([name, one]) => [name, calledByLater(one)])),
};

let names = 0;

describe.each(Object.entries(VERSIONS))("a gateway with %s", (version, objects) => {
  const gateway = (input: Partial<GatewayInput>) => gatewayTo(() => json(USER), input, { ...objects, ...SECRETS });
  const call = (served: ReturnType<typeof gateway>, procedure: string, message: object): Promise<Response> => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}`, "tidegate-operator": "ada" };
    return served(new Request(`https://gateway.example/${procedure}`, { method: "POST", headers, body: JSON.stringify(message) }));
  };

  it.each(["auto", "exact", "leased"] as const)("holds a limit of mode %s", async (mode) => {
    const rule: RateLimitInput = { capacity: 5, rate: 1, intervalMs: 600_000, fail: "closed", waitMs: PATIENT_MS, mode };
    const name = `apart-${names++}`;
    const limited = gateway({ rateLimits: { [name]: rule }, defaults: { rateLimits: [name] } });
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) statuses.push((await limited(unary("GetUser"))).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  });

  it("holds a limit of all callers that is lent over regions", async () => {
    const rule: RateLimitInput = { key: "all", capacity: 50, rate: 576_000, intervalMs: 3_600_000, fail: "closed", waitMs: PATIENT_MS };
    const name = `apart-${names++}`;
    const limited = gateway({ rateLimits: { [name]: rule }, defaults: { rateLimits: [name] } });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await limited(unary("GetUser"))).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
  });

  it("registers, renews, drains and lists endpoints, and gets the list", async () => {
    const registry = "tidegate.registry.v1.RegistryService";
    const upstream = { registry: true, endpoints: [{ binding: "USERS" }] };
    const services = { [SERVICE]: { upstream } } as never;
    const served = gateway({ registry: { tokenBinding: "REGISTRY_TOKEN" }, services });
    const endpoint = { id: "a", url: "https://a.example", metadata: { build: "7" } };
    for (const [method, message] of [
      ["Register", { service: SERVICE, endpoint }],
      ["Renew", { service: SERVICE, id: "a" }],
      ["Drain", { service: SERVICE, id: "a" }],
    ] as const)
      expect((await call(served, `${registry}/${method}`, message)).status, method).toBe(200);
    const listed = await call(served, `${registry}/ListEndpoints`, { service: SERVICE });
    expect(await listed.json()).toMatchObject({ endpoints: [{ id: "a", isDraining: true, metadata: { build: "7" } }] });
    expect((await served(unary("GetUser"))).status).toBe(200); // the endpoint that drains gets no call
    expect((await call(served, `${registry}/Deregister`, { service: SERVICE, id: "a" })).status).toBe(200);
    expect((await call(served, `${registry}/Renew`, { service: SERVICE, id: "a" })).status).toBe(404);
  });

  it("opens a breaker by an operator's override, which isolates learn from their reports", async () => {
    const breakers = "tidegate.breaker.v1.BreakerService";
    const served = gateway({ breakers: { tokenBinding: "OPERATOR_TOKEN" } });
    expect((await served(unary("GetUser"))).status).toBe(200);
    const override = { upstream: SERVICE, endpoint: "USERS", override: "OVERRIDE_OPEN", reason: "disk is full" };
    expect((await call(served, `${breakers}/SetOverride`, override)).status).toBe(200);
    const other = gateway({ breakers: { tokenBinding: "OPERATOR_TOKEN" } });
    const isLearned = async () => (await other(unary("GetUser"))).status === 503;
    if (version === "objects of version 0.1")
      expect(await isLearned()).toBe(false); // without relays no isolate learns it
    else await vi.waitUntil(isLearned, { timeout: 60_000, interval: 100 });
    const changes = await call(other, `${breakers}/ListChanges`, { upstream: SERVICE });
    const { changes: logged } = (await changes.json()) as { changes: object[] };
    expect(logged[0]).toMatchObject({ endpoint: "USERS", override: "OVERRIDE_OPEN", author: expect.stringContaining("ada") });
    const removed = { ...override, override: "OVERRIDE_NONE", reason: "disk is empty" };
    expect((await call(served, `${breakers}/SetOverride`, removed)).status).toBe(200);
  });

  it("purges what it has cached", async () => {
    let calls = 0;
    const input = {
      purge: { tokenBinding: "CACHE_TOKEN", pollMs: 1_000 },
      services: { [SERVICE]: { upstream: { binding: "USERS" }, methods: { GetUser: { cache: { ttlMs: 600_000, l2: "none" } } } } },
    } as never;
    const count = (request: Request) => {
      calls += 1;
      return userFor(request);
    };
    const served = gatewayTo(count, input, { ...objects, ...SECRETS });
    for (let n = 0; n < 3; n++) expect((await served(unary("GetUser"))).status).toBe(200);
    expect(calls).toBe(1);
    const purged = await call(served, "tidegate.cache.v1.CacheService/Purge", { targets: [{ all: true }], hard: true });
    expect(await purged.json()).toMatchObject({ seq: expect.stringMatching(/^\d+$/) });
    await vi.waitUntil(async () => (await served(unary("GetUser"))).ok && calls === 2, { timeout: 60_000, interval: 100 });
  });
});

describe("a gateway whose objects lack a method", () => {
  const rule = { capacity: 5, rate: 1, intervalMs: 600_000 };
  const LACKING: Readonly<Record<string, readonly string[]>> = {
    TOKEN_BUCKET: ["grantLeases", "lendOn", "take", "takeEach", "returnTokens", "overdraw"],
    RELAY: ["exchange"],
  };

  it.each(Object.entries(LACKING))("serves calls all the same: %s", async (binding, methods) => {
    const objects = { ...named(""), [binding]: without(named("")[binding]!, methods) };
    const name = `lacking-${names++}`;
    const input = {
      rateLimits: { [name]: rule },
      defaults: { rateLimits: [name] },
      registry: { tokenBinding: "REGISTRY_TOKEN" },
      purge: { tokenBinding: "CACHE_TOKEN", pollMs: 1_000 },
      services: {
        [SERVICE]: {
          upstream: { registry: true, endpoints: [{ binding: "USERS" }] },
          methods: { GetUser: { cache: { ttlMs: 600_000, l2: "none" } } },
        },
      },
    } as never;
    const served = gatewayTo(userFor, input, { ...objects, ...SECRETS });
    for (let call = 0; call < 3; call++) expect((await served(unary("GetUser", { id: `u${call}` }))).status).toBe(200);
  });
});
