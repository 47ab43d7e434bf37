// The headers of responses as callers get them, in every protocol and from every part of the gateway.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../../workers/gateway/app.ts";
import { endOfStream, enveloped, gatewayTo, rest, unary, userFor } from "../../../support/gateway.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

afterEach(() => vi.restoreAllMocks());

const services = (more: object = {}) => ({
  services: { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: false as const, ...more } },
});

/** A good response, with further fields. */
const withFields = (fields: Record<string, string>) => (request: Request) => {
  const response = userFor(request);
  for (const [name, value] of Object.entries(fields)) response.headers.append(name, value);
  return response;
};

describe("fields of an RPC upstream that callers do not get", () => {
  const fields = { server: "nginx", "x-powered-by": "PHP", "set-cookie": "a=1", "clear-site-data": "*", "x-own": "1" };
  const namesIn = ({ headers }: Response): string[] => Object.keys(fields).filter((name) => headers.has(name));

  it.each([
    ["Connect", () => unary("GetUser")],
    ["gRPC-Web", () => enveloped("GetUser", "application/grpc-web+proto")],
    ["REST", () => rest("GET", "/api/v1/users/a")],
  ])("are removed by default: %s", async (_, request) => {
    expect(namesIn(await gatewayTo(withFields(fields), services())(request()))).toEqual(["x-own"]);
  });

  it("are passed on where the route lists them", async () => {
    const gateway = gatewayTo(withFields(fields), services({ forwardResponseHeaders: ["set-cookie", "server"] }));
    expect(namesIn(await gateway(unary("GetUser")))).toEqual(["server", "set-cookie", "x-own"]);
  });

  it("keep a response private that would have set a cookie: nothing stores it", async () => {
    let calls = 0;
    const gateway = gatewayTo(
      (request) => {
        calls += 1;
        return withFields({ "set-cookie": `session=${calls}`, "cache-control": "public, max-age=60", "cdn-cache-control": "max-age=60" })(
          request,
        );
      },
      services({ cache: { l2: "none" } }),
    );
    for (let n = 0; n < 3; n++) {
      const { headers } = await gateway(unary("GetUser", { id: "a" }));
      expect([headers.get("set-cookie"), headers.get("cache-control"), headers.get("cdn-cache-control")]).toEqual([null, "private", null]);
    }
    expect(calls).toBe(3);
  });
});

describe("times after which callers may come back", () => {
  const errorWith = (fields: Record<string, string>) => () =>
    Response.json({ code: "unavailable", message: "busy" }, { status: 503, headers: fields });

  it.each([
    [{ "retry-after": "5" }, "5"],
    [{ "retry-after": "1000000" }, "3600"],
    [{ "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }, "3600"],
    [{ "retry-after": "soon" }, null],
  ])("are bounded: %j", async (fields, received) => {
    const response = await gatewayTo(errorWith(fields), services())(unary("GetUser"));
    expect(response.headers.get("retry-after")).toBe(received);
  });

  it("are bounded for clients of gRPC, too", async () => {
    const response = await gatewayTo(errorWith({ "grpc-retry-pushback-ms": "999999999999" }), services())(unary("GetUser"));
    expect(response.headers.get("grpc-retry-pushback-ms")).toBe("3600000");
  });

  it("are written once into a stream that is refused", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const upstream = () => new Response("<html>", { status: 503, headers: { "content-type": "text/html", "retry-after": "3" } });
    const response = await gatewayTo(upstream, services())(enveloped("WatchUsers", "application/connect+json", "{}"));
    expect(response.headers.get("retry-after")).toBe("3");
    expect((await endOfStream(response)).metadata).toEqual({ "retry-after": ["3"] });
  });
});

describe("x-content-type-options", () => {
  const app = createApp({ ...services(), cors: { origins: ["https://a.example"] } }, catalog, {
    USERS: { fetch: () => userFor(unary("GetUser")) },
  });
  it.each([
    ["a response", unary("GetUser")],
    ["a refusal", unary("GetUser", "{")],
    ["an unknown path", new Request("https://gateway.example/none")],
    ["an unknown procedure", unary("Nothing")],
    ["a bad path", new Request("https://gateway.example/%zz")],
    ["the health check", new Request("https://gateway.example/healthz")],
    ["the OpenAPI document", new Request("https://gateway.example/openapi.json")],
    ["the way to the reference", new Request("https://gateway.example/", { headers: { accept: "text/html" } })],
    [
      "a preflight",
      new Request("https://gateway.example/users.v1.UserService/GetUser", {
        method: "OPTIONS",
        headers: { origin: "https://a.example", "access-control-request-method": "POST" },
      }),
    ],
  ])("makes browsers take %s as declared", async (_, request) => {
    expect((await app.fetch(request)).headers.get("x-content-type-options")).toBe("nosniff");
  });
});
