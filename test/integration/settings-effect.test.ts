// Settings with a small effect: each row calls one gateway as it is by default and one with the setting, and names what differs.
import { env } from "cloudflare:workers";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { WITHHELD_FIELDS } from "../../core/headers.ts";
import { OrderSchema } from "../../protos/gen/orders/v1/orders_pb.ts";
import { createApp } from "../../workers/gateway/app.ts";
import { type EffectRow, observed } from "../support/effects/effect-row.ts";
import { endOfStream, gatewayTo, json, rest, USER, unary, userFor } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";
import { HMAC_SECRET, SIGNATURES, signed } from "../support/signed-requests.ts";

type Input = Partial<GatewayInput>;
/** What a caller and the upstream see of one call. */
type Observe = (input: Input) => Promise<unknown>;

const SERVICE = "users.v1.UserService";
const USERS = { upstream: { binding: "USERS" } } as const;

/** A header of the request that the upstream gets. */
function received(name: string, request: () => Request): Observe {
  return async (input) => {
    let value: string | null = "no call";
    const upstream = (call: Request): Response => {
      value = call.headers.get(name);
      return userFor(call);
    };
    await gatewayTo(upstream, input, {
      FILES: { fetch: (url: string, init: RequestInit) => Promise.resolve(upstream(new Request(url, init))) },
    })(request());
    return value;
  };
}

/** Status of the response, and a part of its body where one is named. */
function responded(
  request: () => Request,
  pick?: (body: unknown) => unknown,
  respond: (call: Request) => Response | Promise<Response> = userFor,
): Observe {
  return async (input) => {
    const upstream = { fetch: (url: string, init: RequestInit) => Promise.resolve(respond(new Request(url, init))) };
    const response = await gatewayTo(respond, input, { FILES: upstream, ORDERS: upstream })(request());
    const text = await response.text();
    return pick === undefined ? response.status : pick(JSON.parse(text));
  };
}

const text = (): Response => new Response("text");
const getUser = (headers: Record<string, string> = {}) => unary("GetUser", { id: USER.id }, headers);
const ordersService = { services: { "orders.v1.OrderService": { upstream: { binding: "ORDERS" } } } } as const;
const files = (path: string, headers: Record<string, string> = {}) => new Request(`https://gateway.example${path}`, { headers });
const filesRoute = (more: object = {}): Input => ({
  services: { [SERVICE]: USERS },
  httpRoutes: { "/files/": { upstream: { binding: "FILES" }, ...more } },
});
const order = (): Response =>
  new Response(toBinary(OrderSchema, create(OrderSchema, { id: "ord_1", state: 1 })), { headers: { "content-type": "application/proto" } });
const BEARER = { authorization: "Bearer abc" };

/** An upstream that responds after a while, unless the gateway gives it up before. */
const afterMs =
  (ms: number, respond: (call: Request) => Response = userFor) =>
  (call: Request): Promise<Response> =>
    new Promise((resolve, reject) => {
      call.signal.addEventListener("abort", () => reject(call.signal.reason));
      setTimeout(() => resolve(respond(call)), ms);
    });

const echo = async (call: Request): Promise<Response> => new Response(await call.text());
const failing = (): Response => json({ code: "unavailable" }, { status: 503 });

/** Calls of the upstream, which always fails, for one call of a method that is safe to repeat. */
function attempts(status: number): Observe {
  return async (input) => {
    let count = 0;
    const upstream = (): Response => {
      count += 1;
      return json({ code: "unavailable" }, { status });
    };
    await gatewayTo(upstream, input)(getUser());
    return count;
  };
}

/** A header of the upstream's response that the caller gets. */
function sentBack(name: string): Observe {
  return async (input) => {
    const upstream = (call: Request): Response => {
      const response = userFor(call);
      response.headers.set(name, "kept");
      return response;
    };
    return (await gatewayTo(upstream, input)(getUser())).headers.get(name);
  };
}

/** The bindings that get a call; USERS fails where there is a fallback. */
async function answeredBy(input: Input, headers: Record<string, string> = {}): Promise<string[]> {
  const called: string[] = [];
  const hasFallback = input.services === undefined;
  const named =
    (name: string) =>
    (call: Request): Response => {
      called.push(name);
      return hasFallback && name === "USERS" ? failing() : userFor(call);
    };
  const FILES = { fetch: (url: string, init: RequestInit) => Promise.resolve(named("FILES")(new Request(url, init))) };
  const gateway = gatewayTo(named("USERS"), input, { FILES });
  await (await gateway(getUser(headers))).arrayBuffer();
  return called;
}

const canary = (more: object): Input => ({
  services: { [SERVICE]: { ...USERS, traffic: { canaries: [{ name: "v2", upstream: { binding: "FILES" }, ...more }] } } },
});
const rules = (rule: object): Input => ({ services: { [SERVICE]: { ...USERS, methods: { GetUser: { http: [rule] } } } } });
const LIMITS = { rateLimits: { two: { key: "all", mode: "local", capacity: 2, rate: 1, intervalMs: 86_400_000 } } } as const;

/** Status of the last of some calls, three by default. */
function third(request: () => Request, calls = 3): Observe {
  return async (input) => {
    const FILES = { fetch: () => Promise.resolve(text()) };
    const gateway = gatewayTo(userFor, input, { FILES });
    let status = 0;
    for (let call = 0; call < calls; call++) status = (await gateway(request())).status;
    return status;
  };
}

const ROWS: readonly EffectRow[] = [
  {
    setting: "services.upstream.timeoutHeader",
    input: { services: { [SERVICE]: { upstream: { binding: "USERS", timeoutHeader: "as_called" } } } },
    observe: received("connect-timeout-ms", getUser),
    before: expect.stringMatching(/^\d+$/),
    after: null,
  },
  {
    setting: "defaults.forwardCredentials",
    base: { auth: { certificates: true } },
    input: { defaults: { forwardCredentials: true } },
    observe: received("authorization", () => getUser(BEARER)),
    before: null,
    after: BEARER.authorization,
  },
  {
    setting: "maxUrlBytes",
    input: { maxUrlBytes: 256 },
    observe: responded(() => rest("GET", `/api/v1/users/${"x".repeat(300)}`)),
    before: 200,
    after: 414,
  },
  {
    setting: "headers.maxCount",
    input: { headers: { maxCount: 10 } },
    observe: responded(() => getUser(Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`x-${index}`, "1"])))),
    before: 200,
    after: 431,
  },
  {
    setting: "headers.maxBytes",
    input: { headers: { maxBytes: 1_024 } },
    observe: responded(() => getUser({ "x-long": "a".repeat(1_100) })),
    before: 200,
    after: 431,
  },
  {
    setting: "headers.unusualNames",
    input: { headers: { unusualNames: "pass" } },
    observe: responded(() => getUser({ x_tenant: "a" })),
    before: 400,
    after: 200,
  },
  {
    setting: "headers.forward",
    input: { headers: { forward: ["cf-ipcountry"] } },
    observe: received("cf-ipcountry", () => getUser({ "cf-ipcountry": "DE" })),
    before: null,
    after: "DE",
  },
  {
    setting: "rest.ignoreUnknownQuery",
    input: { rest: { ignoreUnknownQuery: true } },
    observe: responded(() => rest("GET", `/api/v1/users/${USER.id}?unknown=1`)),
    before: 400,
    after: 200,
  },
  {
    setting: "rest.ignoredQuery",
    input: { rest: { ignoredQuery: ["alt"] } },
    observe: responded(() => rest("GET", `/api/v1/users/${USER.id}?alt=json`)),
    before: 400,
    after: 200,
  },
  {
    setting: "rest.ignoreUnknownFields",
    input: { rest: { ignoreUnknownFields: true } },
    observe: responded(() => rest("POST", "/api/v1/users", { unknown: 1 })),
    before: 400,
    after: 200,
  },
  {
    setting: "rest.assumeJson",
    input: { rest: { assumeJson: true } },
    observe: responded(() =>
      rest("POST", "/api/v1/users", { displayName: "Ada" }, { "content-type": "application/x-www-form-urlencoded" }),
    ),
    before: 415,
    after: 200,
  },
  {
    setting: "rest.protoFieldNames",
    input: { rest: { protoFieldNames: true } },
    observe: responded(
      () => rest("GET", `/api/v1/users/${USER.id}`),
      (body) => Object.keys(body as object).includes("display_name"),
    ),
    before: false,
    after: true,
  },
  {
    setting: "rest.printDefaults",
    input: { rest: { printDefaults: true } },
    observe: responded(
      () => rest("GET", `/api/v1/users/${USER.id}`),
      (body) => "email" in (body as object),
      (call) => userFor(call, { ...USER, email: "" }),
    ),
    before: false,
    after: true,
  },
  {
    setting: "rest.enumsAsNumbers",
    base: ordersService,
    input: { rest: { enumsAsNumbers: true } },
    observe: responded(
      () => rest("GET", "/api/v1/orders/ord_1"),
      (body) => typeof (body as { state?: unknown }).state,
      order,
    ),
    before: "string",
    after: "number",
  },
  {
    setting: "discovery",
    input: { discovery: false },
    observe: responded(
      () =>
        new Request("https://gateway.example/grpc.health.v1.Health/Check", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        }),
    ),
    before: 200,
    after: 404,
  },
  {
    setting: "httpRoutes.ambiguousPaths",
    base: filesRoute(),
    input: filesRoute({ ambiguousPaths: "refuse" }),
    observe: responded(() => files("/files/a//b"), undefined, text),
    before: 200,
    after: 400,
  },
  {
    setting: "httpRoutes.forwardCredentials",
    base: { auth: { certificates: true }, ...filesRoute() },
    input: filesRoute({ forwardCredentials: true }),
    observe: received("authorization", () => files("/files/a", BEARER)),
    before: null,
    after: BEARER.authorization,
  },
  // Times and sizes
  {
    setting: "defaults.readTimeoutMs",
    input: { defaults: { readTimeoutMs: 30, retries: false } },
    base: { defaults: { retries: false } },
    observe: responded(getUser, undefined, afterMs(200)),
    before: 200,
    after: 504,
  },
  {
    setting: "httpRoutes.readTimeoutMs",
    base: filesRoute(),
    input: filesRoute({ readTimeoutMs: 30 }),
    observe: responded(() => files("/files/a"), undefined, afterMs(200, text)),
    before: 200,
    after: 504,
  },
  {
    setting: "defaults.maxBodyBytes",
    input: { defaults: { maxBodyBytes: 16 } },
    observe: responded(getUser),
    before: 200,
    after: expect.toSatisfy((status: number) => status === 413 || status === 429),
  },
  {
    setting: "httpRoutes.maxBodyBytes",
    base: filesRoute(),
    input: filesRoute({ maxBodyBytes: 2 }),
    observe: responded(() => new Request("https://gateway.example/files/a", { method: "POST", body: "body" }), undefined, echo),
    before: 200,
    after: 413,
  },
  {
    setting: "defaults.forwardResponseHeaders",
    input: { defaults: { forwardResponseHeaders: [WITHHELD_FIELDS[0]!] } },
    observe: sentBack(WITHHELD_FIELDS[0]!),
    before: null,
    after: "kept",
  },
  // Retries and fallbacks
  {
    setting: "defaults.retries.max",
    base: { defaults: { retries: { max: 0, baseMs: 1 } } },
    input: { defaults: { retries: { max: 2, baseMs: 1 } } },
    observe: attempts(503),
    before: 1,
    after: 3,
  },
  {
    setting: "defaults.retries.codes",
    base: { defaults: { retries: { max: 1, baseMs: 1 } } },
    input: { defaults: { retries: { max: 1, baseMs: 1, codes: ["internal"] } } },
    observe: attempts(503),
    before: 2,
    after: 1,
  },
  {
    setting: "defaults.fallback.response",
    base: { defaults: { retries: false } },
    input: { services: { [SERVICE]: { ...USERS, methods: { GetUser: { fallback: { response: { id: "usr_0" } } } } } } },
    observe: responded(getUser, undefined, failing),
    before: 503,
    after: 200,
  },
  {
    setting: "defaults.fallback.upstream",
    base: { defaults: { retries: false } },
    input: { defaults: { retries: false, fallback: { upstream: { binding: "FILES" } } } },
    observe: answeredBy,
    before: ["USERS"],
    after: ["USERS", "FILES"],
  },
  // Versions
  {
    setting: "services.traffic.canaries.percent",
    base: canary({ percent: 0, header: "x-none" }),
    input: canary({ percent: 100 }),
    observe: answeredBy,
    before: ["USERS"],
    after: ["FILES"],
  },
  {
    setting: "services.traffic.canaries.header",
    base: canary({ percent: 0, cookie: "v" }),
    input: canary({ header: "x-version" }),
    observe: (input) => answeredBy(input, { "x-version": "v2" }),
    before: ["USERS"],
    after: ["FILES"],
  },
  {
    setting: "services.traffic.canaries.cookie",
    base: canary({ percent: 0, header: "x-none" }),
    input: canary({ cookie: "version" }),
    observe: (input) => answeredBy(input, { cookie: "version=v2" }),
    before: ["USERS"],
    after: ["FILES"],
  },
  // HTTP rules of the configuration
  ...(["put", "post", "patch", "delete", "get"] as const).map(
    (verb): EffectRow => ({
      setting: `services.methods.http.${verb}`,
      input: rules({ [verb]: "/v2/{id}", ...(verb === "get" || verb === "delete" ? {} : { body: "*" }) }),
      observe: responded(() => rest(verb.toUpperCase(), `/v2/${USER.id}`, verb === "get" || verb === "delete" ? undefined : {})),
      before: 404,
      after: 200,
    }),
  ),
  ...["kind", "path"].map(
    (part): EffectRow => ({
      setting: `services.methods.http.custom.${part}`,
      input: rules({ custom: { kind: "PURGE", path: "/v2/{id}" } }),
      observe: responded(() => new Request(`https://gateway.example/v2/${USER.id}`, { method: "PURGE" })),
      before: 404,
      after: 200,
    }),
  ),
  {
    setting: "services.methods.http.body",
    base: rules({ post: "/v2/users" }),
    input: rules({ post: "/v2/users", body: "*" }),
    observe: responded(() => rest("POST", "/v2/users", { id: USER.id })),
    before: 400,
    after: 200,
  },
  {
    setting: "services.methods.http.responseBody",
    base: rules({ get: "/v2/{id}" }),
    input: rules({ get: "/v2/{id}", responseBody: "email" }),
    observe: responded(
      () => rest("GET", `/v2/${USER.id}`),
      (body) => body,
    ),
    before: expect.objectContaining({ email: USER.email }),
    after: USER.email,
  },
  // Callers
  {
    setting: "httpRoutes.addresses",
    base: filesRoute(),
    input: filesRoute({ addresses: { deny: ["192.0.2.0/24"] } }),
    observe: responded(() => files("/files/a", { "cf-connecting-ip": "192.0.2.7" }), undefined, text),
    before: 200,
    after: 403,
  },
  {
    setting: "defaults.addresses.allow",
    input: { defaults: { addresses: { allow: ["198.51.100.0/24"] } } },
    observe: responded(() => getUser({ "cf-connecting-ip": "192.0.2.7" })),
    before: 200,
    after: 403,
  },
  {
    setting: "httpRoutes.auth",
    base: { auth: { certificates: true }, ...filesRoute() },
    input: filesRoute({ auth: "required" }),
    observe: responded(() => files("/files/a"), undefined, text),
    before: 200,
    after: 401,
  },
  {
    setting: "httpRoutes.rateLimits",
    base: { ...LIMITS, ...filesRoute() },
    input: filesRoute({ rateLimits: ["two"] }),
    observe: third(() => files("/files/a")),
    before: 200,
    after: 429,
  },
  {
    setting: "httpRoutes.cost",
    base: { ...LIMITS, ...filesRoute({ rateLimits: ["two"] }) },
    input: filesRoute({ rateLimits: ["two"], cost: 2 }),
    observe: third(() => files("/files/a"), 2),
    before: 200,
    after: 429,
  },
  {
    setting: "defaults.rateLimits",
    base: LIMITS,
    input: { defaults: { rateLimits: ["two"] } },
    observe: third(getUser),
    before: 200,
    after: 429,
  },
  {
    setting: "defaults.cost",
    base: { ...LIMITS, defaults: { rateLimits: ["two"] } },
    input: { defaults: { rateLimits: ["two"], cost: 2 } },
    observe: third(getUser, 2),
    before: 200,
    after: 429,
  },
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async (row) => {
    expect(await observed(row)).toEqual([row.before, row.after]);
  });

  it.each([
    ["auth.signatures.windowSeconds", 60, 200],
    ["auth.signatures.windowSeconds", 10, 401],
  ])("%s of %i s decides about a signature of 30 s ago", async (_, windowSeconds, status) => {
    const input = {
      auth: { signatures: { ...SIGNATURES, windowSeconds } },
      defaults: { auth: "required" },
    } as unknown as Input;
    const created = Math.floor(Date.now() / 1_000) - 30;
    const gateway = gatewayTo(userFor, input, { PARTNER_KEY: HMAC_SECRET });
    expect((await gateway(await signed(getUser(), { parameters: { created } }))).status).toBe(status);
  });

  it.each([
    ["defaults.bodyIdleMs", { ...filesRoute({ cache: false }), defaults: { bodyIdleMs: 30 } }],
    ["httpRoutes.bodyIdleMs", filesRoute({ bodyIdleMs: 30, cache: false })],
  ])("%s ends a body that stops within, sooner than after 10 s", async (_, input) => {
    const stalled = (): Request =>
      new Request("https://gateway.example/files/a", {
        method: "POST",
        body: new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(8)) }),
      });
    const bindings = { FILES: { fetch: async (url: string, init: RequestInit) => new Response(await new Request(url, init).text()) } };
    const ended = gatewayTo(userFor, input, bindings)(stalled()).then(({ status }) => status);
    expect(await Promise.race([ended, scheduler.wait(8_000).then(() => "still waits")])).toBe(408);
  });

  it("cors.maxAgeSeconds and cors.allowHeaders are what a preflight says", async () => {
    const preflight = new Request(`https://gateway.example/${SERVICE}/GetUser`, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "POST" },
    });
    const cors = { origins: ["https://app.example"], maxAgeSeconds: 60, allowHeaders: ["X-Tenant"] };
    const app = createApp({ cors, services: { [SERVICE]: USERS } }, catalog, {
      TOKEN_BUCKET: env.TOKEN_BUCKET,
      USERS: { fetch: () => Promise.resolve(json(USER)) },
    });
    const { headers } = await app.fetch(preflight);
    expect(headers.get("access-control-max-age")).toBe("60");
    expect(headers.get("access-control-allow-headers")).toMatch(/(^|,)\s*x-tenant\s*(,|$)/i);
  });

  it.each([{ identifier: "Apache-2.0" }, { url: "https://acme.example/license" }])(
    "openapi.security has each kind of scheme, with the fields of the configuration: %j",
    async (terms) => {
      const security = {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "From the login." },
        key: { type: "apiKey", in: "header", name: "x-api-key" },
        oidc: { type: "openIdConnect", openIdConnectUrl: "https://id.example/.well-known/openid-configuration" },
        mtls: { type: "mutualTLS" },
      } as const;
      const contact = { name: "Ada", url: "https://acme.example", email: "ada@acme.example" };
      const license = { name: "Apache-2.0", ...terms };
      const input: GatewayInput = {
        openapi: { title: "Acme", version: "7", description: "Users.", contact, license, servers: ["https://api.acme.example"], security },
        services: { [SERVICE]: USERS },
      };
      const app = createApp(input, catalog, { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS: { fetch: () => Promise.resolve(json(USER)) } });
      const document: Record<string, unknown> = await (await app.fetch(new Request("https://gateway.example/openapi.json"))).json();
      expect(document).toMatchObject({
        info: { title: "Acme", version: "7", description: "Users.", contact, license },
        servers: [{ url: "https://api.acme.example" }],
        components: { securitySchemes: security },
      });
    },
  );

  it("requestStreamIdleMs ends a stream of requests that is silent", async () => {
    const { default: descriptors } = await import("../support/uploads/uploads.descriptors.ts");
    const upstream = { fetch: async (url: string, init: RequestInit) => new Response(await new Request(url, init).arrayBuffer()) };
    const services = { "uploads.v1.UploadService": { upstream: { binding: "UPLOADS" }, requestStreamIdleMs: 30 } };
    const gateway = gatewayTo(userFor, { descriptors: [descriptors], services }, { UPLOADS: upstream });
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([0, 0, 0, 0, 2, 123, 125])) });
    const request = new Request("https://gateway.example/uploads.v1.UploadService/Import", {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body,
    });
    expect(await endOfStream(await gateway(request))).toMatchObject({
      error: { code: expect.stringMatching(/deadline_exceeded|canceled/) },
    });
  });
});
