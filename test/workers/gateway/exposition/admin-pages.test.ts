// Who gets /metrics, and where it is not there at all.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../../workers/gateway/app.ts";
import { ADMIN_SECRET } from "../../../support/admin-app.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const METRICS_TOKEN = "a secret of at least 32 characters, for scrapers";
const ADMIN = { admin: { secretBinding: "ADMIN_SECRET" } };
const SCRAPER = { metrics: { tokenBinding: "METRICS_TOKEN" } };
const LOCAL = { TIDEGATE_LOCAL: "true", TIDEGATE_LOCAL_VIEWER: "true" };

function app(input: object, variables: object = {}) {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const page = { fetch: () => Promise.resolve(new Response("a page of the upstream")) };
  const all = { ...env, ADMIN_SECRET, METRICS_TOKEN, PAGES: page, ...variables };
  const created = createApp({ services, ...input } as never, catalog, all as never);
  return async (token?: string, headers: Record<string, string> = {}, origin = "https://gateway.example", path = "/metrics") => {
    const sent = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
    const response = await created.fetch(new Request(`${origin}${path}`, { headers: sent }));
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
}

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("/metrics", () => {
  it("needs a credential: the secret of admins, or that of scrapers", async () => {
    const both = app({ ...ADMIN, ...SCRAPER });
    for (const token of [ADMIN_SECRET, METRICS_TOKEN])
      expect(await both(token)).toMatchObject({ status: 200, text: expect.stringContaining("\ntidegate_isolates ") });
    for (const token of [undefined, "", "wrong"]) {
      const { status, text, headers } = await both(token);
      expect([status, text, headers.get("www-authenticate")]).toEqual([401, expect.not.stringContaining("tidegate_isolates"), "Bearer"]);
    }
    expect((await app(ADMIN)(METRICS_TOKEN)).status).toBe(401);
    expect((await app(SCRAPER)(METRICS_TOKEN)).status).toBe(200);
    expect((await app(SCRAPER)(ADMIN_SECRET)).status).toBe(401);
  });

  it("is all that the secret of scrapers opens", async () => {
    const both = app({ ...ADMIN, ...SCRAPER });
    const path = "/tidegate.admin.v1.AdminService/ListAuditEvents?encoding=json&message=%7B%7D&connect=v1";
    const { status, text } = await both(METRICS_TOKEN, {}, "https://gateway.example", path);
    expect([status, text]).toEqual([403, expect.stringContaining("this token is not for the audit")]);
  });

  it.each<[string, object, object]>([
    ["where nobody could read it", {}, {}],
    ["where metrics.enabled is false", { ...ADMIN, metrics: { enabled: false, tokenBinding: "METRICS_TOKEN" } }, {}],
    ["where the object of the metrics is not bound", ADMIN, { TELEMETRY: undefined }],
  ])("is not there %s", async (_, input, variables) => {
    expect(await app(input, variables)(ADMIN_SECRET)).toMatchObject({ status: 404 });
  });

  it("is refused to pages of other origins, with the right secret, too", async () => {
    const refused = { status: 403, text: expect.stringContaining("web pages of other origins") };
    const gateway = app({ ...ADMIN, cors: { origins: ["https://app.example"] } });
    for (const headers of [{ origin: "https://page.example" }, { origin: "https://app.example" }, { "sec-fetch-site": "cross-site" }])
      expect(await gateway(ADMIN_SECRET, headers as Record<string, string>)).toMatchObject(refused);
  });

  it("is at the host of the admin services alone; elsewhere the path is that of a route", async () => {
    const admin = { secretBinding: "ADMIN_SECRET", host: "admin.example" };
    const gateway = app({ admin, httpRoutes: { "/": { upstream: { binding: "PAGES" } } } });
    expect(await gateway(ADMIN_SECRET)).toMatchObject({ status: 200, text: "a page of the upstream" });
    expect(await gateway(ADMIN_SECRET, {}, "https://admin.example")).toMatchObject({
      status: 200,
      text: expect.stringContaining("tidegate_isolates"),
    });
    expect((await gateway(undefined, {}, "https://admin.example")).status).toBe(401);
  });

  it("is open under npm start at a loopback address, and nowhere else", async () => {
    const local = app({}, LOCAL);
    expect((await local(undefined, {}, "http://127.0.0.1:8787")).status).toBe(200);
    expect((await local(undefined, {}, "http://gateway.example:8787")).status).toBe(404);
    expect((await local(undefined, { origin: "http://evil.example" }, "http://127.0.0.1:8787")).status).toBe(404);
    const configured = app(ADMIN, LOCAL);
    expect((await configured(undefined, {}, "http://localhost:8787")).status).toBe(200);
    expect((await configured(undefined, {}, "http://gateway.example:8787")).status).toBe(401);
    expect((await configured(undefined, { "x-forwarded-for": "203.0.113.7" }, "http://localhost:8787")).status).toBe(401);
    expect((await app(ADMIN)(undefined, {}, "http://localhost:8787")).status).toBe(401);
  });

  it("is compressed for those who accept that", async () => {
    const response = await app(ADMIN)(ADMIN_SECRET, { "accept-encoding": "gzip" });
    expect(response.headers.get("content-encoding")).toBe("gzip");
  });
});
