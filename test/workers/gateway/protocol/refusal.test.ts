// Every refusal, in the caller's own protocol.
import { describe, expect, it } from "vitest";
import { endOfStream, enveloped, gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

const gateway = gatewayTo(() => json(USER));
const nowhere = gatewayTo(() => Promise.reject(new Error("connection refused")), {
  defaults: { retries: { baseMs: 1 } },
  services: { "users.v1.UserService": { upstream: { binding: "USERS" }, breaker: { mode: "off" } } },
});

describe("a call to what is not there", () => {
  it("is unimplemented for Connect unary", async () => {
    const answer = await gateway(unary("NoSuchMethod", {}, { "connect-protocol-version": "1" }));
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await answer.json()).toEqual({
      code: "unimplemented",
      message: "procedure /users.v1.UserService/NoSuchMethod is not served here",
    });
  });

  it("is unimplemented for Connect streams: HTTP 200, and the error in the end of the stream", async () => {
    const answer = await gateway(enveloped("NoSuchMethod", "application/connect+json", "{}"));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/connect+json");
    expect((await endOfStream(answer)).error?.code).toBe("unimplemented");
  });

  it("is unimplemented for gRPC-Web: status 12 in the headers", async () => {
    const answer = await gateway(enveloped("NoSuchMethod", "application/grpc-web+proto"));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("grpc-status")).toBe("12");
    expect(answer.headers.get("content-type")).toBe("application/grpc-web+proto");
  });

  it("is 404 with google.rpc.Status for REST", async () => {
    const answer = await gateway(rest("GET", "/api/v1/nothing"));
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ code: 5, message: "nothing is served at /api/v1/nothing", details: [] });
  });

  it("is the same where the service exists but is not listed in the configuration: deny by default", async () => {
    const answer = await gateway(
      new Request("https://gateway.example/orders.v1.OrderService/GetOrder", {
        method: "POST",
        headers: { "content-type": "application/proto" },
        body: "",
      }),
    );
    expect(answer.status).toBe(404);
    expect((await gateway(rest("GET", "/api/v1/orders/x"))).status).toBe(404);
  });
});

describe("a call with the wrong HTTP method", () => {
  it("is 405 with Allow for REST", async () => {
    const answer = await gateway(rest("PUT", "/api/v1/users/usr_1", {}));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("DELETE, GET, HEAD, PATCH");
    expect(await answer.json()).toMatchObject({ code: 12 });
  });

  it.each([
    ["GET", "CreateUser", "POST"],
    ["GET", "WatchUsers", "POST"],
    ["PUT", "GetUser", "GET, HEAD, POST"],
  ])("is 405 with Allow for Connect: %s %s", async (method, name, allow) => {
    const answer = await gateway(new Request(`https://gateway.example/users.v1.UserService/${name}`, { method }));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(allow);
    expect(await answer.json()).toMatchObject({ code: "unknown" });
  });
});

describe("a call with the wrong content type", () => {
  it.each([
    ["GetUser", "text/plain"],
    ["GetUser", "application/connect+json"],
    ["WatchUsers", "application/json"],
    ["GetUser", "application/grpc"],
    ["GetUser", ""],
  ])("is 415 and names what is accepted: %s with %j", async (method, contentType) => {
    const answer = await gateway(enveloped(method, contentType));
    expect(answer.status).toBe(415);
    expect(answer.headers.get("accept-post")).toContain("application/grpc-web");
    expect(await answer.json()).toMatchObject({ code: "unknown", message: expect.stringContaining("is not accepted") });
  });

  it("is 415 for REST", async () => {
    const answer = await gateway(rest("POST", "/api/v1/users", "a=b", { "content-type": "application/x-www-form-urlencoded" }));
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ code: 3 });
  });

  it("says so where there is none", async () => {
    const request = new Request("https://gateway.example/api/v1/users", { method: "POST", body: new Uint8Array([123, 125]) });
    const message = "a request without content type is not accepted, use application/json";
    expect(await (await gateway(request)).json()).toMatchObject({ code: 3, message });
  });

  it("speaks gRPC-Web to who speaks it", async () => {
    const answer = await gateway(enveloped("GetUser", "application/grpc-web+thrift"));
    expect(answer.headers.get("grpc-status")).toBe("2");
  });
});

describe("a path that readers disagree about", () => {
  it.each([
    "/api/v1/users/%2E%2E",
    "/api/v1/%2e/users",
    "/api/v1/users/a%5Cb",
    "/api/v1/users/%zz",
    "/api/v1/users/%00",
    "/api/v1/users/%ff",
  ])("is 400: %s", async (path) => {
    // A Request made here resolves dot segments; one from the network keeps them, as this one does.
    const request = new Proxy(new Request("https://gateway.example/"), {
      get: (target, name) => (name === "url" ? `https://gateway.example${path}` : Reflect.get(target, name, target)),
    });
    const answer = await gateway(request);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 3 });
  });

  it("is 414 where the URL is longer than the edge lets through", async () => {
    const answer = await gateway(rest("GET", `/api/v1/users?pageToken=${"x".repeat(20_000)}`));
    expect(answer.status).toBe(414);
  });
});

describe("an upstream that can't be reached", () => {
  it("is unavailable in every protocol", async () => {
    const unaryAnswer = await nowhere(unary("GetUser"));
    expect(unaryAnswer.status).toBe(503);
    expect(await unaryAnswer.json()).toEqual({
      code: "unavailable",
      message: expect.stringContaining("upstream users.v1.UserService can't be reached"),
    });
    expect((await endOfStream(await nowhere(enveloped("WatchUsers", "application/connect+json", "{}")))).error?.code).toBe("unavailable");
    expect((await nowhere(enveloped("GetUser", "application/grpc-web"))).headers.get("grpc-status")).toBe("14");
    const restAnswer = await nowhere(rest("GET", "/api/v1/users/x"));
    expect(restAnswer.status).toBe(503);
    expect(await restAnswer.json()).toMatchObject({ code: 14 });
  });

  it.each([
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "http://evil.example" } }), "internal"],
    ["a 504 without its body", () => new Response("<html>", { status: 504 }), "deadline_exceeded"],
  ])("or responds with %s, is reported as %s", async (_, upstream, code) => {
    expect(await (await gatewayTo(upstream)(unary("GetUser"))).json()).toMatchObject({ code });
  });
});

it("hands an upstream's own error on untouched", async () => {
  const error = { code: "not_found", message: "no such user", details: [{ type: "x.Y", value: "AA" }] };
  const answer = await gatewayTo(() => json(error, { status: 404 }))(unary("GetUser"));
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual(error);
});
