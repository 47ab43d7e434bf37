// Who may read the admin services without a credential: requests of this machine under `npm start`, and no others.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../../workers/gateway/app.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const STARTED = { TIDEGATE_LOCAL: "true", TIDEGATE_LOCAL_VIEWER: "true" };
const ADMIN_SECRET = "a secret of at least 32 characters, for admins";
const BREAKERS = "tidegate.breaker.v1.BreakerService";
const READING = [
  `${BREAKERS}/ListBreakers`,
  "tidegate.admin.v1.AdminService/ListAuditEvents",
  "tidegate.control.v1.TraceService/GetTrace",
] as const;
const CHANGING = [`${BREAKERS}/SetOverride`, "tidegate.cache.v1.CacheService/Purge"] as const;
const BODIES: Readonly<Record<string, object>> = { "tidegate.control.v1.TraceService/GetTrace": { requestId: "none" } };

function app(variables: object = STARTED, input: object = {}) {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const created = createApp({ services, ...input } as never, catalog, { ...env, ADMIN_SECRET, ...variables } as never);
  return async (procedure: string, headers: Record<string, string> = {}, host = "127.0.0.1:8787") => {
    const request = new Request(`http://${host}/${procedure}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(BODIES[procedure] ?? {}),
    });
    const response = await created.fetch(request);
    await response.text();
    return response.status;
  };
}

/** Admitted calls: a trace that does not exist is "not found" to those who may read. */
const admitted = (procedure: string) => (procedure in BODIES ? 404 : 200);

/** A call that is not admitted: the reading methods have no route where nothing is configured, or need a credential. */
const REFUSED = [401, 403, 404, 405];

afterEach(() => {
  vi.restoreAllMocks();
});

describe("under npm start at a loopback address", () => {
  it.each(READING)("%s can be read, with and without `admin`", async (procedure) => {
    expect(await app()(procedure)).toBe(admitted(procedure));
    const configured = app(STARTED, { admin: { secretBinding: "ADMIN_SECRET" }, breakers: {} });
    expect(await configured(procedure)).toBe(admitted(procedure));
    expect(await configured(procedure, {}, "localhost:8787")).toBe(admitted(procedure));
  });

  it("reading works where admin services have a host of their own", async () => {
    const gateway = app(STARTED, { admin: { secretBinding: "ADMIN_SECRET", host: "admin.example" }, breakers: {} });
    expect(await gateway(READING[0])).toBe(200);
    expect(await gateway(READING[0], {}, "other.example")).toBe(404);
    expect(await gateway(CHANGING[0])).toBe(404);
  });

  it.each(CHANGING)("%s cannot be called without a credential", async (procedure) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gateway = app(STARTED, { admin: { secretBinding: "ADMIN_SECRET" }, breakers: {}, purge: { pollMs: 600_000 } });
    expect(await gateway(procedure)).toBe(401);
    expect(await gateway(procedure, { authorization: `Bearer ${ADMIN_SECRET}` })).toBe(400); // admitted: the body is not right
  });

  it("changes have no credential at all where `admin` is not set", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    expect(await app()(CHANGING[0])).toBe(401);
  });

  it("a wrong credential is refused, not taken for none", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gateway = app(STARTED, { admin: { secretBinding: "ADMIN_SECRET" }, breakers: {} });
    expect(await gateway(READING[0], { authorization: "Bearer wrong" })).toBe(401);
  });

  it.each<[string, Record<string, string>, string]>([
    ["a page of another origin", { "sec-fetch-site": "cross-site", origin: "http://evil.example" }, "127.0.0.1:8787"],
    ["a page of another port", { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:3000" }, "127.0.0.1:8787"],
    ["an older browser", { origin: "http://evil.example" }, "127.0.0.1:8787"],
    ["a page whose name resolves to this machine", { "sec-fetch-site": "same-origin" }, "evil.example:8787"],
    ["another machine", {}, "192.168.1.7:8787"],
    ["a proxy", { "x-forwarded-for": "203.0.113.7" }, "127.0.0.1:8787"],
  ])("%s is not admitted", async (_, headers, host) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const gateway = app(STARTED, { admin: { secretBinding: "ADMIN_SECRET" }, breakers: {} });
    for (const procedure of READING) expect(REFUSED, procedure).toContain(await gateway(procedure, headers, host));
  });
});

describe("elsewhere", () => {
  it.each<[string, object]>([
    ["a deployed gateway", {}],
    ["a gateway on a machine of one's own, which may be behind a proxy", { TIDEGATE_LOCAL: "true" }],
    ["a gateway that listens to other machines", { TIDEGATE_LOCAL: "true", TIDEGATE_LOCAL_VIEWER: "false" }],
    ["a deployed gateway with the variable alone", { TIDEGATE_LOCAL_VIEWER: "true" }],
  ])("%s admits nobody without a credential", async (_, variables) => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const bare = app(variables);
    const configured = app(variables, { admin: { secretBinding: "ADMIN_SECRET" }, breakers: {} });
    for (const procedure of READING) {
      expect(await bare(procedure), procedure).toBe(404);
      expect(await configured(procedure), procedure).toBe(401);
    }
  });
});
