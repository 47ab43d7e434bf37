// Routing, and HTTP semantics of methods, URLs, timeouts and compressed bodies, at routes of every kind.
import { env } from "cloudflare:workers";
import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import { endOfStream, enveloped, gatewayTo, json, rest, USER, unary } from "../../support/gateway.ts";
import { catalog } from "../../support/shipped/catalog.ts";

const NAME = "users.v1.UserService";
const proto = { headers: { "content-type": "application/proto" } };
const user = toBinary(UserService.method.getUser.output, { $typeName: "users.v1.User", ...USER } as never) as Uint8Array<ArrayBuffer>;
const GET_URL = `https://gateway.example/${NAME}/GetUser?connect=v1&encoding=json&message=%7B%7D`;

/** An app whose upstream answers every unary call with a user, and keeps what it is sent. */
function app(input: Partial<GatewayInput> = {}, methods: Record<string, object> = {}) {
  const seen: Request[] = [];
  const USERS = {
    fetch: async (url: string, init: RequestInit) => {
      const request = new Request(url, init);
      seen.push(request.clone() as Request);
      const type = request.headers.get("content-type") ?? "";
      if (type === "application/proto") return new Response(user, proto);
      if (type.startsWith("application/connect+")) return new Response(new ReadableStream(), { headers: { "content-type": type } });
      return json(USER);
    },
  };
  const services = { [NAME]: { upstream: { binding: "USERS" }, methods } };
  const config = { services, httpRoutes: { "/assets/": { upstream: { binding: "USERS" } } }, ...input } as GatewayInput;
  const created = createApp(config, catalog, { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS });
  return { call: (request: Request) => Promise.resolve(created.fetch(request)), seen };
}

const head = (url: string, headers: Record<string, string> = {}) =>
  new Request(new URL(url, "https://gateway.example"), { method: "HEAD", headers });

describe("HEAD", () => {
  it("of a REST rule for GET has the status and headers of GET, the length too, and no body", async () => {
    const { call, seen } = app();
    const get = await call(rest("GET", "/api/v1/users/x"));
    const answer = await call(head("/api/v1/users/x"));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("content-length")).toBe(String((await get.arrayBuffer()).byteLength));
    expect(seen.map(({ method, url }) => [method, url])).toEqual(Array(2).fill(["POST", expect.stringMatching(/GetUser$/)]));
  });

  it("of a stream starts no endless answer", async () => {
    const answer = await gatewayTo(
      () => new Response(enveloped("WatchUsers", "x", '{"x":1}').body, { headers: { "content-type": "application/connect+proto" } }),
    )(head("/api/v1/users:watch"));
    expect([answer.body, answer.headers.has("content-length")]).toEqual([null, false]);
  });

  it("of a Connect GET is a GET for the upstream", async () => {
    const { call, seen } = app();
    const answer = await call(head(GET_URL));
    expect([answer.status, await answer.text(), answer.headers.get("content-type")]).toEqual([200, "", "application/json"]);
    expect(seen[0]?.method).toBe("GET");
  });

  it("refuses what GET refuses, and has no body then", async () => {
    const { call } = app();
    const answer = await call(head("/api/v1/users?nope=1"));
    expect([answer.status, await answer.text()]).toEqual([400, ""]);
  });

  it.each(["/healthz", "/openapi.json"])("of %s is that of GET", async (path) => {
    const answer = await app().call(head(path));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  it("is served from a stored response to GET", async () => {
    const { call, seen } = app({}, { GetUser: { cache: { ttlMs: 60_000, l2: "none" } } });
    const get = await call(rest("GET", "/api/v1/users/x"));
    const answer = await call(head("/api/v1/users/x"));
    expect(answer.headers.get("cache-status")).toContain("hit");
    expect(answer.headers.get("content-length")).toBe(String((await get.arrayBuffer()).byteLength));
    expect(seen).toHaveLength(1);
  });

  it("goes to a rule of kind HEAD where there is one, and to GET before a rule for any method", async () => {
    const kinds = { http: [{ custom: { kind: "HEAD", path: "/api/v1/users/{id}" } }] };
    const first = app({}, { DeleteUser: kinds });
    await first.call(head("/api/v1/users/x"));
    expect(first.seen[0]?.url).toMatch(/DeleteUser$/);
    const second = app({}, { DeleteUser: { http: [{ custom: { kind: "*", path: "/api/v1/users/{id}" } }] } });
    await second.call(head("/api/v1/users/x"));
    expect(second.seen[0]?.url).toMatch(/GetUser$/);
  });

  it("is listed in Allow where GET is", async () => {
    const { call } = app();
    expect((await call(rest("PUT", "/api/v1/users/x"))).headers.get("allow")).toBe("DELETE, GET, HEAD, PATCH");
    expect((await call(new Request(GET_URL, { method: "PUT" }))).headers.get("allow")).toBe("GET, HEAD, POST");
    expect((await call(head(`/${NAME}/CreateUser`))).status).toBe(405);
  });
});

describe("TRACE", () => {
  const trace = (path: string) =>
    new Proxy(new Request(`https://gateway.example${path}`), {
      get: (target, name) => (name === "method" ? "TRACE" : Reflect.get(target, name, target)),
    });

  it.each(["/assets/x", "/api/v1/users/x", `/${NAME}/GetUser`, "/api/v1/any/x"])("is 405 at %s, and no upstream sees it", async (path) => {
    const { call, seen } = app({}, { DeleteUser: { http: [{ custom: { kind: "*", path: "/api/v1/any/{id}" } }] } });
    const answer = await call(trace(path));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).not.toContain("TRACE");
    expect(seen).toHaveLength(0);
  });
});

describe("OPTIONS", () => {
  const methods = { DeleteUser: { http: [{ custom: { kind: "OPTIONS", path: "/api/v1/users/{id}" } }] } };
  const options = (headers: Record<string, string> = {}) =>
    new Request("https://gateway.example/api/v1/users/x", { method: "OPTIONS", headers });
  const PAGE = "https://app.example";

  it.each([{}, { cors: { origins: [PAGE], credentials: true } }])("reaches its rule where it is no preflight: %j", async (input) => {
    const { call, seen } = app(input, methods);
    expect((await call(options())).status).not.toBe(204);
    const answer = await call(options({ origin: PAGE }));
    expect(seen).toHaveLength(2);
    expect(answer.headers.get("access-control-allow-origin")).toBe("cors" in input ? PAGE : null);
    expect((await call(options({ origin: "https://evil.example" }))).headers.has("access-control-allow-origin")).toBe(false);
  });

  it("is answered by the gateway where it is one", async () => {
    const { call, seen } = app({ cors: { origins: [PAGE] } }, methods);
    const answer = await call(options({ origin: PAGE, "access-control-request-method": "GET" }));
    expect([answer.status, seen.length]).toEqual([204, 0]);
  });
});

describe("a URL over maxUrlBytes", () => {
  const long = (size: number) => `${GET_URL}&x=${"x".repeat(size)}`;

  it("is a Connect error that clients can read, and says what to do", async () => {
    const answer = await app().call(new Request(long(8_192)));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([414, "application/json"]);
    expect(await answer.json()).toEqual({ code: "resource_exhausted", message: "url is longer than 8192 bytes; use POST" });
  });

  it("is google.rpc.Status for REST", async () => {
    const answer = await app().call(rest("GET", `/api/v1/users?pageToken=${"x".repeat(8_192)}`));
    expect([answer.status, await answer.json()]).toMatchObject([414, { code: 3 }]);
  });

  it("is what the setting says, to the byte", async () => {
    const { call } = app({ maxUrlBytes: 1_000 });
    const fits = long(1_000 - long(0).length);
    expect((await call(new Request(fits))).status).toBe(200);
    expect((await call(new Request(`${fits}x`))).status).toBe(414);
    for (const maxUrlBytes of [255, 16_385, 1.5]) expect(() => app({ maxUrlBytes })).toThrow(/maxUrlBytes: found .*256 to 16384/);
  });
});

describe("a timeout of 0", () => {
  const none = { "connect-timeout-ms": "0" };
  const calls: [string, Request, (answer: Response) => Promise<unknown>, unknown][] = [
    [
      "Connect",
      unary("GetUser", {}, none),
      async (answer) => [answer.status, ((await answer.json()) as { code: string }).code],
      [504, "deadline_exceeded"],
    ],
    ["a Connect GET", new Request(GET_URL, { headers: none }), async (answer) => answer.status, 504],
    [
      "a Connect stream",
      enveloped("WatchUsers", "application/connect+json", "{}", none),
      async (answer) => (await endOfStream(answer)).error?.code,
      "deadline_exceeded",
    ],
    [
      "gRPC-Web",
      enveloped("GetUser", "application/grpc-web+json", "{}", { "grpc-timeout": "0m" }),
      async (answer) => answer.headers.get("grpc-status"),
      "4",
    ],
    [
      "gRPC-Web, less than 1 ms",
      enveloped("GetUser", "application/grpc-web+json", "{}", { "grpc-timeout": "999u" }),
      async (answer) => answer.headers.get("grpc-status"),
      "4",
    ],
    ["REST, Connect's header", rest("GET", "/api/v1/users/x", undefined, none), async (answer) => answer.status, 504],
    ["REST, gRPC's header", rest("GET", "/api/v1/users/x", undefined, { "grpc-timeout": "0S" }), async (answer) => answer.status, 504],
    ["plain HTTP", rest("GET", "/assets/x", undefined, none), async (answer) => answer.status, 504],
  ];

  it.each(calls)("is deadline_exceeded at once, and no upstream is called: %s", async (_, request, outcome, want) => {
    const { call, seen } = app();
    expect(await outcome(await call(request))).toEqual(want);
    expect(seen).toHaveLength(0);
  });

  it("is so where the response is stored, too", async () => {
    const { call } = app({}, { GetUser: { cache: { ttlMs: 60_000, l2: "none" } } });
    expect((await call(new Request(GET_URL))).status).toBe(200);
    expect((await call(new Request(GET_URL, { headers: none }))).status).toBe(504);
  });

  it.each([
    ["connect-timeout-ms", "-1"],
    ["connect-timeout-ms", "1.5"],
    ["connect-timeout-ms", "99999999999"],
    ["grpc-timeout", "5"],
    ["grpc-timeout", "123456789m"],
  ])("is no malformed one: %s %s is invalid_argument", async (name, value) => {
    const { call, seen } = app();
    expect((await call(rest("GET", "/api/v1/users/x", undefined, { [name]: value }))).status).toBe(400);
    const rpc =
      name === "grpc-timeout"
        ? enveloped("GetUser", "application/grpc-web", "", { [name]: value })
        : unary("GetUser", {}, { [name]: value });
    const answer = await call(rpc);
    expect([answer.status, answer.headers.get("grpc-status")]).toEqual(name === "grpc-timeout" ? [200, "3"] : [400, null]);
    expect(seen).toHaveLength(0);
  });

  it("is the shorter of two for REST, and reaches the upstream as its own", async () => {
    const { call, seen } = app();
    await call(rest("GET", "/api/v1/users/x", undefined, { "grpc-timeout": "5S", "connect-timeout-ms": "9000" }));
    expect(Number(seen[0]!.headers.get("connect-timeout-ms"))).toBeLessThanOrEqual(5_000);
    expect(seen[0]!.headers.has("grpc-timeout")).toBe(false);
    expect((await call(rest("GET", "/api/v1/users/x", undefined, { "grpc-timeout": "99999999H" }))).status).toBe(200);
  });
});

describe("a REST body with Content-Encoding", () => {
  const body = JSON.stringify({ displayName: "Ada", email: "ada@example.com" });
  const packed = async (format: "gzip" | "deflate", text = body) =>
    new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream(format))).arrayBuffer());
  const create = (bytes: BodyInit, encoding: string) =>
    new Request("https://gateway.example/api/v1/users", {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": encoding },
      body: bytes,
    });

  it.each(["gzip", "deflate"] as const)("is decompressed: %s", async (format) => {
    const { call, seen } = app();
    const answer = await call(create(await packed(format), format));
    expect(await answer.json()).toMatchObject({ displayName: "Ada" });
    expect(seen[0]!.headers.has("content-encoding")).toBe(false);
  });

  it("is 415 with the codings that are accepted where it is in another one", async () => {
    const answer = await app().call(create(body, "compress"));
    expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([415, "gzip, deflate, br, zstd"]);
  });

  it("is 413 where it decompresses past the limit, and 400 where it is not what it is said to be", async () => {
    const { call, seen } = app({}, { CreateUser: { maxBodyBytes: 10_000 } });
    expect((await call(create(await packed("gzip", `"${"x".repeat(100_000)}"`), "gzip"))).status).toBe(413);
    expect((await call(create(body, "gzip"))).status).toBe(400);
    expect(seen).toHaveLength(0);
  });
});

describe("P09 a template of the configuration", () => {
  it.each(["/{a=**}/{b=**}", "/v1/**/x", "/{id=**}/{id=*}"])(
    "%s, which could match a path in many ways, is a problem of the configuration",
    (path) => {
      expect(() => app({}, { DeleteUser: { http: [{ delete: path }] } })).toThrow(/segments after "\*\*"/);
    },
  );

  it("that looks like a regular expression is a literal", async () => {
    const { call } = app({}, { DeleteUser: { http: [{ delete: "/v1/(a+)+$" }] } });
    expect((await call(rest("DELETE", `/v1/${"a".repeat(5_000)}!`))).status).toBe(404);
    expect((await call(rest("DELETE", "/v1/(a+)+$?id=x"))).status).toBe(200);
  });
});
