// The app: calls from web pages of other origins, of listed origins only, in every protocol, with preflights that browsers may store.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CorsInput } from "../../../core/config/cors.ts";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import { enveloped, json, rest, USER, unary } from "../../support/gateway.ts";
import { catalog } from "../../support/shipped/catalog.ts";

const PAGE = "https://app.example";

function app(cors?: CorsInput) {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: { fetch: () => Promise.resolve(json(USER)) } };
  const created = createApp({ services, ...(cors === undefined ? {} : { cors }) }, catalog, bindings);
  return (request: Request) => Promise.resolve(created.fetch(request));
}

const preflight = (origin: string, method = "POST") =>
  new Request("https://gateway.example/users.v1.UserService/GetUser", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": method, "access-control-request-headers": "content-type,connect-protocol-version" },
  });

describe("a preflight", () => {
  it("is answered for a listed origin: what the protocols need, and for how long", async () => {
    const answer = await app({ origins: [PAGE] })(preflight(PAGE));
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(answer.headers.get("access-control-max-age")).toBe("7200");
    expect(answer.headers.get("vary")).toContain("Origin");
    const headers = answer.headers.get("access-control-allow-headers")!.toLowerCase().split(/, ?/);
    for (const name of ["content-type", "connect-protocol-version", "connect-timeout-ms", "x-grpc-web", "grpc-timeout", "authorization"]) {
      expect(headers).toContain(name);
    }
    expect(answer.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
  });

  it.each([
    "https://evil.example",
    "https://app.example.evil.example",
    "http://app.example",
    "null",
    "https://app.example:8443",
    "https://APP.example",
  ])("allows nothing to %s", async (origin) => {
    expect((await app({ origins: [PAGE] })(preflight(origin))).headers.has("access-control-allow-origin")).toBe(false);
  });

  describe.each([false, true])("A11: with credentials %s", (credentials) => {
    it.each(["null", "https://evil.test", `${PAGE}.evil.test`])(
      "lets no page of %s in, and no cache mix it up with another",
      async (origin) => {
        const answer = await app({ origins: [PAGE], credentials })(preflight(origin));
        const allowed = ["access-control-allow-origin", "access-control-allow-credentials"].map((name) => answer.headers.get(name));
        expect([answer.status, allowed[0], answer.headers.get("vary")]).toEqual([204, null, expect.stringMatching(/\borigin\b/i)]);
        expect(allowed[1]).toBeNull();
      },
    );

    it("answers a listed origin with itself, never with *", async () => {
      const answer = await app({ origins: [PAGE], credentials })(preflight(PAGE));
      expect(answer.headers.get("access-control-allow-origin")).toBe(PAGE);
      expect(answer.headers.get("access-control-allow-credentials")).toBe(credentials ? "true" : null);
    });
  });

  it("is no special thing where no origin is listed", async () => {
    const answer = await app()(preflight(PAGE));
    expect(answer.status).toBe(405);
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  });
});

describe("an answer", () => {
  it.each([
    ["Connect", () => unary("GetUser", {}, { origin: PAGE })],
    ["gRPC-Web", () => enveloped("GetUser", "application/grpc-web+proto", "", { origin: PAGE })],
    ["REST", () => rest("GET", "/api/v1/users/x", undefined, { origin: PAGE })],
    ["a refusal", () => rest("GET", "/nothing", undefined, { origin: PAGE })],
  ])("of %s may be read by the page, with the headers of its protocol", async (_, request) => {
    const answer = await app({ origins: [PAGE], exposeHeaders: ["Trailer-Etag"] })(request());
    expect(answer.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(answer.headers.get("vary")).toContain("Origin");
    const exposed = answer.headers.get("access-control-expose-headers")!.toLowerCase();
    for (const name of [
      "grpc-status",
      "grpc-message",
      "grpc-status-details-bin",
      "retry-after",
      "ratelimit",
      "x-request-id",
      "trailer-etag",
    ]) {
      expect(exposed).toContain(name);
    }
  });

  it("lets credentials be sent only where the configuration says so", async () => {
    const answer = await app({ origins: [PAGE], credentials: true })(unary("GetUser", {}, { origin: PAGE }));
    expect(answer.headers.get("access-control-allow-credentials")).toBe("true");
    expect(answer.headers.get("access-control-allow-origin")).toBe(PAGE);
  });
});

/** What a careless upstream writes: it lets every page read, with credentials. */
const OPEN = {
  "access-control-allow-origin": "https://evil.example",
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": "*",
  "access-control-allow-methods": "*",
  "access-control-allow-headers": "*",
  "access-control-max-age": "86400",
  "access-control-allow-private-network": "true",
  "timing-allow-origin": "*",
  "cross-origin-resource-policy": "same-site",
};
const EVIL = "https://evil.example";

function opening(answer: () => Response, input: Partial<GatewayInput> = {}) {
  const fetch = (): Promise<Response> => {
    const made = answer();
    for (const [name, value] of Object.entries(OPEN)) made.headers.set(name, value);
    return Promise.resolve(made);
  };
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const httpRoutes = { "/files/": { upstream: { binding: "USERS" } } };
  const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: { fetch }, CACHE: env.CACHE };
  return createApp({ services, httpRoutes, ...input }, catalog, bindings);
}

const crossOriginOf = (answer: Response): string[] =>
  [...answer.headers].flatMap(([name, value]) => (/^(access-control-|timing-allow)/.test(name) ? [`${name}: ${value}`] : []));

const proto = (): Response => new Response(new Uint8Array(), { headers: { "content-type": "application/proto" } });
const stream = (contentType: string): Response => new Response(new Uint8Array(), { headers: { "content-type": contentType } });
const failure = (): Response => json({ code: "not_found", message: "no such user" }, { status: 404 });

const CALLS: [string, () => Response, (headers: Record<string, string>) => Request][] = [
  ["Connect", () => json(USER), (headers) => unary("GetUser", {}, headers)],
  ["a Connect error", failure, (headers) => unary("GetUser", {}, headers)],
  [
    "a Connect stream",
    () => stream("application/connect+json"),
    (headers) => enveloped("WatchUsers", "application/connect+json", "{}", headers),
  ],
  ["gRPC-Web", () => stream("application/grpc-web+proto"), (headers) => enveloped("GetUser", "application/grpc-web+proto", "", headers)],
  ["REST", proto, (headers) => rest("GET", "/api/v1/users/x", undefined, headers)],
  ["a REST error", failure, (headers) => rest("GET", "/api/v1/users/x", undefined, headers)],
  ["plain HTTP", () => new Response("a file"), (headers) => rest("GET", "/files/a", undefined, headers)],
  ["a plain HTTP error", () => new Response("no", { status: 500 }), (headers) => rest("GET", "/files/a", undefined, headers)],
  ["OPTIONS of plain HTTP", () => new Response(null, { status: 204 }), (headers) => rest("OPTIONS", "/files/a", undefined, headers)],
];

describe("an upstream that decides about origins itself", () => {
  it.each(CALLS)("is not followed where no origin is listed: %s", async (_, answer, request) => {
    const got = await opening(answer).fetch(request({ origin: EVIL }));
    expect(crossOriginOf(got)).toEqual([]);
    expect(got.headers.get("cross-origin-resource-policy") ?? "same-site").toBe("same-site"); // it only forbids
  });

  it.each(CALLS.filter(([name]) => !name.startsWith("OPTIONS")))(
    "opens nothing to an origin that is not listed: %s",
    async (_, answer, request) => {
      const got = await opening(answer, { cors: { origins: [PAGE] } }).fetch(request({ origin: EVIL }));
      expect(got.headers.has("access-control-allow-origin")).toBe(false);
      expect(got.headers.has("access-control-allow-credentials")).toBe(false);
      expect(got.headers.has("timing-allow-origin")).toBe(false);
      expect(got.headers.get("vary")).toBe("Origin");
    },
  );

  it.each(CALLS.filter(([name]) => !name.startsWith("OPTIONS")))("adds nothing for a listed one: %s", async (_, answer, request) => {
    const got = await opening(answer, { cors: { origins: [PAGE] } }).fetch(request({ origin: PAGE }));
    expect(crossOriginOf(got).map((field) => field.split(":")[0])).toEqual([
      "access-control-allow-origin",
      "access-control-expose-headers",
    ]);
    expect(got.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(got.headers.get("access-control-expose-headers")).toContain("Grpc-Status");
  });

  it("that takes over for one that is down is not followed either", async () => {
    const down = (): Response => new Response(null, { status: 503, headers: OPEN });
    const other = { fetch: () => Promise.resolve(json(USER, { headers: OPEN })) };
    const services = {
      "users.v1.UserService": { upstream: { binding: "USERS" }, fallback: { upstream: { binding: "OTHER" } }, retries: { max: 0 } },
    };
    const bindings = { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: { fetch: () => Promise.resolve(down()) }, OTHER: other };
    const got = await createApp({ services }, catalog, bindings).fetch(unary("GetUser", {}, { origin: EVIL }));
    expect([got.status, got.headers.get("tidegate-fallback")]).toEqual([200, "upstream"]);
    expect(crossOriginOf(got)).toEqual([]);
  });

  it("that varies by Origin has the field named once", async () => {
    const answer = () => new Response("x", { headers: { vary: "Accept, Origin" } });
    const got = await opening(answer, { cors: { origins: [PAGE] } }).fetch(rest("GET", "/files/a", undefined, { origin: PAGE }));
    expect(got.headers.get("vary")).toBe("Accept, Origin");
  });
});

describe("a stored response", () => {
  const other = "https://other.example";
  const input: Partial<GatewayInput> = {
    cors: { origins: [PAGE, other] },
    services: {
      "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: { cache: { ttlMs: 60_000, l2: "none" } } } },
    },
    httpRoutes: { "/files/": { upstream: { binding: "USERS" }, cache: { ttlMs: 60_000, l2: "none" } } },
  };

  it.each([
    ["plain HTTP", () => new Response("a file"), (origin: string) => rest("GET", "/files/a", undefined, { origin })],
    ["REST", proto, (origin: string) => rest("GET", "/api/v1/users/x", undefined, { origin })],
    ["Connect", proto, (origin: string) => unary("GetUser", { id: "x" }, { origin })],
    ["gRPC-Web", proto, (origin: string) => enveloped("GetUser", "application/grpc-web+proto", "", { origin })],
  ])("is served to each page with its own origin: %s", async (_, answer, request) => {
    const gateway = opening(answer, input);
    const origins = [PAGE, other, EVIL, PAGE];
    const got: Response[] = [];
    for (const origin of origins) got.push(await gateway.fetch(request(origin)));
    expect(got.slice(1).map(({ headers }) => headers.get("cache-status")?.startsWith("tidegate; hit"))).toEqual([true, true, true]);
    expect(got.map(({ headers }) => headers.get("access-control-allow-origin"))).toEqual([PAGE, other, null, PAGE]);
    expect(got.map(({ headers }) => headers.has("access-control-allow-credentials"))).toEqual([false, false, false, false]);
    expect(got.map(({ headers }) => headers.get("vary"))).toEqual(["Origin", "Origin", "Origin", "Origin"]);
  });
});

it("writes no host of a request into the OpenAPI document", async () => {
  const document = await app()(
    new Request("https://evil.test/openapi.json", { headers: { host: "evil.test", "x-forwarded-host": "evil.test" } }),
  );
  expect([document.status, (await document.text()).includes("evil.test")]).toEqual([200, false]);
});
