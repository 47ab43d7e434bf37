// The metadata of the protected resource, and the challenges that lead to it, through the whole gateway.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../../../workers/gateway/app.ts";
import { AUDIENCE, AUTH, bearer, ISSUER, JWKS } from "../../../../support/callers.ts";
import { enveloped, json, unary, userFor } from "../../../../support/gateway.ts";
import { catalog } from "../../../../support/shipped/catalog.ts";

const AT = `${AUDIENCE}/.well-known/oauth-protected-resource`;
const METADATA = `resource_metadata="${AT}"`;

afterEach(() => void vi.restoreAllMocks());

function app(more: object = {}, upstream: (request: Request) => Response = userFor) {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const USERS = { fetch: (url: string, init: RequestInit) => Promise.resolve(upstream(new Request(url, init))) };
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, scopes: ["users.write", "users.read"] } };
  const input = { auth: AUTH, services, httpRoutes: { "/files/": { upstream: { binding: "USERS" } } }, ...more };
  const made = createApp(input as never, catalog, { USERS } as never);
  return (request: Request) => Promise.resolve(made.fetch(request));
}

describe("the metadata", () => {
  it("is at the well-known path, and at those with a path inserted, whatever the host of the request", async () => {
    const serve = app();
    for (const url of [AT, `${AT}?x`, `${AT}/users.v1.UserService`, AT.replace("gateway.example", "evil.test")]) {
      const response = await serve(new Request(url));
      expect(await response.json()).toEqual({
        ...{ resource: AUDIENCE, authorization_servers: [ISSUER], bearer_methods_supported: ["header"] },
        scopes_supported: ["users.read", "users.write"],
      });
      expect([response.status, response.headers.get("content-type"), response.headers.get("access-control-allow-origin")]).toEqual([
        200,
        "application/json",
        "*",
      ]);
    }
  });

  it("belongs to a resource with a path at that path alone", async () => {
    const serve = app({ auth: { ...AUTH, resource: { url: `${AUDIENCE}/v1` } } });
    const at = (path: string) => serve(new Request(AT + path));
    expect((await (await at("/v1")).json<{ resource: string }>()).resource).toBe(`${AUDIENCE}/v1`);
    expect([(await at("")).status, (await at("/v2")).status]).toEqual([200, 404]);
    const refused = await serve(unary("GetUser"));
    expect(refused.headers.get("www-authenticate")).toBe(`Bearer resource_metadata="${AT}/v1"`);
  });

  it("is read with GET and HEAD, by pages of any origin", async () => {
    const serve = app();
    const head = await serve(new Request(AT, { method: "HEAD" }));
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await serve(new Request(AT, { method: "OPTIONS" }))).status).toBe(204);
    const post = await serve(new Request(AT, { method: "POST", body: "{}" }));
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  it("is not there without an issuer", async () => {
    expect((await app({ auth: { certificates: true } })(new Request(AT))).status).toBe(404);
  });

  it("names no issuer that is no URL: it has no metadata of its own", async () => {
    const auth = { issuers: { "urn:id": { audiences: [AUDIENCE], jwks: JWKS } } };
    expect(await (await app({ auth })(new Request(AT))).json()).toMatchObject({ authorization_servers: [] });
  });
});

describe("a challenge", () => {
  const challengeOf = async (response: Promise<Response>) => (await response).headers.get("www-authenticate");

  it("has an error only where a token came", async () => {
    const serve = app();
    expect(await challengeOf(serve(unary("GetUser")))).toBe(`Bearer ${METADATA}`);
    expect(await challengeOf(serve(unary("GetUser", {}, { authorization: "Basic YTpi" })))).toBe(`Bearer ${METADATA}`);
    expect(await challengeOf(serve(unary("GetUser", {}, { authorization: "Bearer x" })))).toBe(`Bearer error="invalid_token", ${METADATA}`);
  });

  it("is beside grpc-status 16 for gRPC-Web, once", async () => {
    const response = await app()(enveloped("GetUser", "application/grpc-web+proto"));
    expect([response.headers.get("grpc-status"), response.headers.get("www-authenticate")]).toEqual(["16", `Bearer ${METADATA}`]);
  });

  it("names the scopes that are missing", async () => {
    const response = await app()(unary("GetUser", {}, await bearer("ada", { scope: "users.read" })));
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([
      403,
      `Bearer error="insufficient_scope", scope="users.write users.read", ${METADATA}`,
    ]);
  });

  it("is on responses with 401 of upstreams, too, beside their own", async () => {
    const refusing = (headers: Record<string, string>) => () => json({ code: "unauthenticated" }, { status: 401, headers });
    const plain = app({}, refusing({}));
    expect(await challengeOf(plain(new Request(`${AUDIENCE}/files/a`)))).toBe(`Bearer ${METADATA}`);
    const own = app({}, refusing({ "www-authenticate": 'Basic realm="x"' }));
    expect(await challengeOf(own(new Request(`${AUDIENCE}/files/a`)))).toBe(`Basic realm="x", Bearer ${METADATA}`);
  });

  it("can be read by pages of the listed origins", async () => {
    const request = unary("GetUser", {}, { origin: "https://app.example" });
    const response = await app({ cors: { origins: ["https://app.example"] } })(request);
    expect(response.status).toBe(401);
    expect(response.headers.get("access-control-expose-headers")?.split(",")).toContain("WWW-Authenticate");
  });
});
