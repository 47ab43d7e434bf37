// A10: who may call the admin services, what strangers cost, and what the log says about both.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../../workers/gateway/app.ts";
import { PATIENT_MS } from "../../../support/gateway.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const SECRETS = {
  REGISTRY_TOKEN: "a secret of the registry",
  CACHE_TOKEN: "a secret of the cache",
  OPERATOR_TOKEN: "a secret of operators",
};
const SERVICE = "users.v1.UserService";
const REGISTRY = "tidegate.registry.v1.RegistryService";
const OTHER = "https://page.example";

/** An app with all admin services. */
function app(input: object = {}) {
  const services = { [SERVICE]: { upstream: { registry: true } } };
  const admin = {
    registry: { tokenBinding: "REGISTRY_TOKEN", pollMs: 600_000 },
    purge: { tokenBinding: "CACHE_TOKEN", pollMs: 600_000 },
    breakers: { tokenBinding: "OPERATOR_TOKEN" },
  };
  const { HASH_RING, PURGE_LOG, CIRCUIT_BREAKER, TOKEN_BUCKET, RELAY } = env;
  const bindings = { HASH_RING, PURGE_LOG, CIRCUIT_BREAKER, TOKEN_BUCKET, RELAY, ...SECRETS };
  const created = createApp({ ...admin, services, ...input } as never, catalog, bindings);
  return (request: Request): Promise<Response> => Promise.resolve(created.fetch(request));
}

interface Sent {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
  readonly method?: string;
}

function call(
  procedure: string,
  { token, headers = {}, body = JSON.stringify({ service: SERVICE }), method = "POST" }: Sent = {},
): Request {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const all = { "content-type": "application/json", ...authorization, ...headers };
  return new Request(`https://gateway.example/${procedure}`, { method, headers: all, ...(method === "POST" && { body }) });
}

const LIST = `${REGISTRY}/ListEndpoints`;
const PROCEDURES = [
  ...["Register", "Renew", "Drain", "Deregister", "ListEndpoints"].map((name) => [`${REGISTRY}/${name}`, "endpoint registry"]),
  ["tidegate.cache.v1.CacheService/Purge", "cache"],
  ...["ListBreakers", "SetOverride", "ListChanges"].map((name) => [`tidegate.breaker.v1.BreakerService/${name}`, "breakers"]),
] as [string, string][];
const REFUSED_ORIGIN = { code: "permission_denied", message: "admin services cannot be called by web pages of other origins" };
const missing = (owner: string) => `missing or wrong bearer token for the ${owner}; send Authorization: Bearer TOKEN`;

/** The log records of one event, of a run. */
function recordsOf(event: string, log: ReturnType<typeof silence>): Record<string, unknown>[] {
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  return lines.filter((record) => record["event"] === event);
}

const silence = () => vi.spyOn(console, "warn").mockImplementation(() => undefined);
afterEach(() => {
  vi.restoreAllMocks();
});

describe("A10 the credential", () => {
  it.each(PROCEDURES)("of %s is checked before the body is looked at", async (procedure, owner) => {
    const gateway = app();
    const bomb = new Uint8Array(1_000);
    const bodies: Sent[] = [
      {},
      { token: "" },
      { token: "x".repeat(10_000) },
      { body: "no JSON" },
      { body: bomb, headers: { "content-encoding": "gzip" } },
      { body: bomb, headers: { "content-encoding": "unknown" } },
      { body: "x".repeat(300_000) },
      { headers: { authorization: `Basic ${btoa(SECRETS.REGISTRY_TOKEN)}`, "x-api-key": SECRETS.REGISTRY_TOKEN } },
    ];
    for (const sent of bodies) {
      const response = await gateway(call(procedure, sent));
      expect([response.status, response.headers.get("www-authenticate"), await response.json()]).toEqual([
        401,
        "Bearer",
        { code: "unauthenticated", message: missing(owner) },
      ]);
    }
  });

  it("is checked while the body does not come", async () => {
    const body = new ReadableStream({ pull: () => new Promise(() => undefined) });
    const response = await app()(new Request(call(LIST), { body }));
    expect(response.status).toBe(401);
  });

  it("is missed in the protocol of the caller", async () => {
    const gateway = app();
    const envelope = new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]);
    const web = await gateway(call(LIST, { headers: { "content-type": "application/grpc-web+json" }, body: envelope }));
    expect([web.status, web.headers.get("grpc-status")]).toEqual([200, "16"]);
    const text = await gateway(call(LIST, { headers: { "content-type": "application/grpc-web-text" }, body: btoa("\0\0\0\0\0") }));
    expect([text.status, text.headers.get("grpc-status")]).toEqual([200, "16"]);
    const watch = call(`${REGISTRY}/WatchEndpoints`, { headers: { "content-type": "application/connect+json" }, body: envelope });
    expect(await (await gateway(watch)).text()).toContain('"code":"unauthenticated"');
  });

  it("of another admin service is known, and denied", async () => {
    const gateway = app();
    for (const token of [SECRETS.CACHE_TOKEN, SECRETS.OPERATOR_TOKEN]) {
      const response = await gateway(call(LIST, { token }));
      expect([response.status, await response.json()]).toEqual([
        403,
        { code: "permission_denied", message: "this token is not for the endpoint registry" },
      ]);
    }
    expect((await gateway(call(LIST, { token: SECRETS.REGISTRY_TOKEN }))).status).toBe(200);
  });

  it("that is wrong is held back after ten attempts of a network; the right one never is", async () => {
    silence();
    const gateway = app();
    const from = (address: string, token: string) => gateway(call(LIST, { token, headers: { "cf-connecting-ip": address } }));
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 15; attempt++) statuses.push((await from("192.0.2.1", "wrong")).status);
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(5).fill(429)]);
    const refused = await from("192.0.2.1", "wrong");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "resource_exhausted", message: 'rate limit "wrong credentials" exceeded' });
    expect((await from("192.0.2.1", SECRETS.REGISTRY_TOKEN)).status).toBe(200);
    expect((await from("192.0.2.2", "wrong")).status).toBe(401);
    const other = call("tidegate.cache.v1.CacheService/Purge", { headers: { "cf-connecting-ip": "192.0.2.1" } });
    expect((await gateway(other)).status).toBe(429); // one limit for all admin services
  });
});

describe("A10 pages of other origins", () => {
  it.each([
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: "https://www.gateway.example" },
    { origin: OTHER },
    { origin: "null" },
    { origin: "https://gateway.example:8443" },
  ])("%j are refused, with the right token, too", async (headers) => {
    const response = await app()(call(LIST, { token: SECRETS.REGISTRY_TOKEN, headers }));
    expect([response.status, await response.json()]).toEqual([403, REFUSED_ORIGIN]);
  });

  it.each([
    { "sec-fetch-site": "same-origin", origin: "https://gateway.example" },
    { origin: "https://gateway.example" },
    { "sec-fetch-site": "none" },
  ])("%j, of the gateway's own origin, are not", async (headers) =>
    expect((await app()(call(LIST, { token: SECRETS.REGISTRY_TOKEN, headers }))).status).toBe(200),
  );

  it.each([LIST, `%74idegate.registry.v1.RegistryService/ListEndpoints`])(
    "get no CORS header at %s, even where their origin is listed",
    async (path) => {
      const gateway = app({ cors: { origins: [OTHER], credentials: true } });
      const preflight = { method: "OPTIONS", headers: { origin: OTHER, "access-control-request-method": "POST" } };
      for (const request of [call(path, preflight), call(path, { headers: { origin: OTHER }, token: SECRETS.REGISTRY_TOKEN })]) {
        const response = await gateway(request);
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect([...response.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
      }
      const other = await gateway(call(`${SERVICE}/GetUser`, preflight));
      expect(other.headers.get("access-control-allow-origin")).toBe(OTHER);
    },
  );
});

describe("the limits of admin services", () => {
  it("are their own: neither a default rule nor a default size applies", async () => {
    const rateLimits = { none: { key: "all", mode: "exact", capacity: 1, rate: 1, intervalMs: 86_400_000, waitMs: PATIENT_MS } };
    const gateway = app({ rateLimits, defaults: { rateLimits: ["none"], maxBodyBytes: 10 } });
    for (let count = 0; count < 5; count++) expect((await gateway(call(LIST, { token: SECRETS.REGISTRY_TOKEN }))).status).toBe(200);
    const large = await gateway(call(LIST, { token: SECRETS.REGISTRY_TOKEN, body: JSON.stringify({ service: "x".repeat(262_144) }) }));
    expect(await large.json()).toMatchObject({ code: "resource_exhausted" });
  });

  it("bound the elements of a message", async () => {
    const targets = Array(3_000).fill({});
    const response = await app()(
      call("tidegate.cache.v1.CacheService/Purge", { token: SECRETS.CACHE_TOKEN, body: JSON.stringify({ targets }) }),
    );
    expect([response.status, (await response.text()).length < 1_000]).toEqual([400, true]);
  });
});

describe("the log of admin services", () => {
  it("has each change, with who, where and what", async () => {
    const log = silence();
    const gateway = app();
    const token = SECRETS.REGISTRY_TOKEN;
    const headers = { "cf-connecting-ip": "192.0.2.7", "x-request-id": "change-1" };
    const endpoint = { id: "logged", url: "https://logged.example" };
    expect(
      (await gateway(call(`${REGISTRY}/Register`, { token, headers, body: JSON.stringify({ service: SERVICE, endpoint }) }))).status,
    ).toBe(200);
    const id = JSON.stringify({ service: SERVICE, id: "logged" });
    for (const name of ["Renew", "Drain", "Deregister"]) await gateway(call(`${REGISTRY}/${name}`, { token, headers, body: id }));
    const purge = JSON.stringify({ targets: [{ tag: "user:1" }, { all: true }] });
    await gateway(call("tidegate.cache.v1.CacheService/Purge", { token: SECRETS.CACHE_TOKEN, headers, body: purge }));
    expect(recordsOf("audit_change", log).map(({ route, address, subject, requestId }) => [route, address, subject, requestId])).toEqual([
      [`${REGISTRY}/Register`, "192.0.2.7", `${SERVICE} logged at https://logged.example`, "change-1"],
      [`${REGISTRY}/Drain`, "192.0.2.7", `${SERVICE} logged`, "change-1"],
      [`${REGISTRY}/Deregister`, "192.0.2.7", `${SERVICE} logged`, "change-1"],
      ["tidegate.cache.v1.CacheService/Purge", "192.0.2.7", "soft: tag user:1, all", "change-1"],
    ]);
  });

  it("has refused attempts, at most one record a second, and never the token", async () => {
    const log = silence();
    const clock = vi.spyOn(Date, "now").mockReturnValue(1_700_000_000_000);
    const gateway = app();
    for (let attempt = 0; attempt < 50; attempt++)
      await gateway(call(LIST, { token: "stolen", headers: { "cf-connecting-ip": "2001:db8::1" } }));
    clock.mockReturnValue(1_700_000_001_000);
    await gateway(call(LIST, { headers: { origin: OTHER } }));
    const records = recordsOf("admin_call_refused", log);
    expect(records.map(({ route, address, reason, calls }) => [route, address, reason, calls])).toEqual([
      [LIST, "2001:db8:0:0::/64", "credential", 1],
      [LIST, "unknown", "origin", 50],
    ]);
    expect(JSON.stringify(records)).not.toContain("stolen");
  });
});
