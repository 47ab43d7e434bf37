// The host of the admin plane: of all that a gateway serves, what is served there.
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { createApp } from "../../workers/gateway/app.ts";
import { ADMIN_SECRET, LIST_AUDIT } from "../support/admin-app.ts";
import { AUTH } from "../support/callers.ts";
import { USER, userFor } from "../support/gateway.ts";
import { identityKey } from "../support/identity.ts";
import { catalog } from "../support/shipped/catalog.ts";

vi.spyOn(console, "warn").mockImplementation(() => undefined);
const RPC = "/users.v1.UserService/GetUser";
const REST = `/api/v1/users/${USER.id}`;
const PLAIN = "/files/page.html";
const DOCUMENTS = ["/openapi.json", "/.well-known/oauth-protected-resource", "/.well-known/tidegate/jwks.json"];

const calls: string[] = []; // requests that an upstream got
const upstream = {
  fetch: async (url: string, init: RequestInit) => {
    calls.push(new URL(url).pathname);
    return url.includes("/files/") ? new Response("<p>", { headers: { "content-type": "text/html" } }) : userFor(new Request(url, init));
  },
};
const app = createApp(
  {
    services: { "users.v1.UserService": { upstream: { binding: "UPSTREAM" } } },
    httpRoutes: { "/files/": { upstream: { binding: "UPSTREAM" } } },
    cors: { origins: ["https://app.example"] },
    discovery: {},
    auth: { ...AUTH, identity: { keyBindings: ["IDENTITY_KEY"] } },
    admin: { secretBinding: "ADMIN_SECRET", host: "Admin.Example" },
  } as never,
  catalog,
  { ...env, UPSTREAM: upstream, ADMIN_SECRET, IDENTITY_KEY: JSON.stringify((await identityKey("one")).jwk) } as never,
);
const at = async (host: string, path: string, init?: RequestInit) => await app.fetch(new Request(`https://${host}${path}`, init));
const post = (contentType: string, body: BodyInit, headers = {}) => ({
  method: "POST",
  headers: { "content-type": contentType, ...headers },
  body,
});
const RPC_CALL = post("application/json", JSON.stringify({ id: USER.id }));

it("serves admin services, and the health check", async () => {
  const list = post("application/json", "{}", { authorization: `Bearer ${ADMIN_SECRET}` });
  const statuses = ["admin.example", "admin.example:8443", "api.example", "x.admin.example"].map((host) =>
    at(host, `/${LIST_AUDIT}`, list),
  );
  expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([200, 200, 404, 404]);
  const health = await at("admin.example", "/healthz");
  expect([health.status, await health.text(), health.headers.get("content-type")]).toEqual([
    200,
    "ok\n",
    expect.stringMatching(/^text\/plain/),
  ]);
});

it("serves nothing else: methods, REST paths, plain HTTP and documents of the gateway are not found", async () => {
  const all: [string, RequestInit?][] = [[RPC, RPC_CALL], [REST], [PLAIN], ...DOCUMENTS.map((path): [string] => [path])];
  const others = await Promise.all(all.map(async ([path, init]) => [path, (await at("api.example", path, init)).status]));
  expect(others, "at every other host they are there").toEqual(all.map(([path]) => [path, 200]));
  const before = calls.length;
  expect(before).toBe(3);
  for (const [path, init] of [
    ...all,
    ["/"],
    ["/healthz/"],
    ["/files/"],
    ["/tidegate.x"],
    ["/grpc.health.v1.Health/Check", RPC_CALL],
  ] as typeof all)
    for (const host of ["admin.example", "admin.example:8443"]) {
      const response = await at(host, path, init ?? { headers: { accept: "text/html" } });
      expect([path, response.status, await response.json()]).toEqual([path, 404, expect.objectContaining({ code: 5 })]);
    }
  expect(calls.length, "no request at this host has reached an upstream").toBe(before);
});

it("refuses in the caller's protocol", async () => {
  const web = await at("admin.example", RPC, post("application/grpc-web+proto", new Uint8Array(5)));
  expect([web.status, `${web.headers.get("grpc-status")}${await web.text()}`]).toEqual([
    200,
    expect.stringMatching(/^12|grpc-status: ?12/),
  ]);
  const connect = await at("admin.example", RPC, post("application/proto", new Uint8Array(), { "connect-protocol-version": "1" }));
  expect([connect.status, await connect.json()]).toEqual([404, expect.objectContaining({ code: "unimplemented" })]);
});

it("answers no preflight, and no page of a listed origin", async () => {
  const origin = "https://app.example";
  const preflight = { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } };
  expect((await at("api.example", RPC, preflight)).headers.get("access-control-allow-origin")).toBe(origin);
  for (const path of [RPC, PLAIN, REST, `/${LIST_AUDIT}`, ...DOCUMENTS]) {
    for (const init of [preflight, { headers: { origin } }]) {
      const response = await at("admin.example", path, init);
      expect([path, response.ok, response.headers.get("access-control-allow-origin")]).toEqual([path, false, null]);
    }
  }
});
