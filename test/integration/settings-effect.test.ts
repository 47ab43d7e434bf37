// Settings with a small effect: each row calls one gateway as it is by default and one with the setting, and names what differs.
import { env } from "cloudflare:workers";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { OrderSchema } from "../../protos/gen/orders/v1/orders_pb.ts";
import { createApp } from "../../workers/gateway/app.ts";
import { endOfStream, gatewayTo, json, rest, USER, unary, userFor } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";
import { HMAC_SECRET, SIGNATURES, signed } from "../support/signed-requests.ts";

type Input = Partial<GatewayInput>;
/** What a caller and the upstream see of one call. */
type Observe = (input: Input) => Promise<unknown>;

interface Row {
  readonly setting: string;
  readonly base?: Input; // of both gateways
  readonly input: Input;
  readonly observe: Observe;
  readonly before: unknown;
  readonly after: unknown;
}

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
function responded(request: () => Request, pick?: (body: unknown) => unknown, respond: (call: Request) => Response = userFor): Observe {
  return async (input) => {
    const upstream = { fetch: (url: string, init: RequestInit) => Promise.resolve(respond(new Request(url, init))) };
    const response = await gatewayTo(respond, input, { FILES: upstream, ORDERS: upstream })(request());
    const text = await response.text();
    return pick === undefined ? response.status : pick(JSON.parse(text));
  };
}

const getUser = (headers: Record<string, string> = {}) => unary("GetUser", { id: USER.id }, headers);
const ordersService = { services: { "orders.v1.OrderService": { upstream: { binding: "ORDERS" } } } } as const;
const files = (path: string, headers: Record<string, string> = {}) => new Request(`https://gateway.example${path}`, { headers });
const filesRoute = (more: object = {}): Input => ({
  services: { [SERVICE]: USERS },
  httpRoutes: { "/files/": { upstream: { binding: "FILES" }, ...more } },
});
const text = (): Response => new Response("text");
const order = (): Response =>
  new Response(toBinary(OrderSchema, create(OrderSchema, { id: "ord_1", state: 1 })), { headers: { "content-type": "application/proto" } });
const BEARER = { authorization: "Bearer abc" };

const ROWS: readonly Row[] = [
  {
    setting: "upstream.timeoutHeader",
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
];

describe("the setting", () => {
  it.each(ROWS)("$setting has its effect", async ({ base = {}, input, observe, before, after }) => {
    expect([await observe(base), await observe({ ...base, ...input })]).toEqual([before, after]);
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

  it("bodyIdleMs of plain HTTP ends a body that stops within", async () => {
    const stalled = (): Request =>
      new Request("https://gateway.example/files/a", {
        method: "POST",
        body: new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(8)) }),
      });
    const bindings = { FILES: { fetch: async (url: string, init: RequestInit) => new Response(await new Request(url, init).text()) } };
    const gateway = gatewayTo(userFor, filesRoute({ bodyIdleMs: 30, cache: false }), bindings);
    expect((await gateway(stalled())).status).toBe(408);
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

  it("openapi.security has each kind of scheme, with the fields of the configuration", async () => {
    const security = {
      token: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "From the login." },
      key: { type: "apiKey", in: "header", name: "x-api-key" },
      oidc: { type: "openIdConnect", openIdConnectUrl: "https://id.example/.well-known/openid-configuration" },
      mtls: { type: "mutualTLS" },
    } as const;
    const contact = { name: "Ada", url: "https://acme.example", email: "ada@acme.example" };
    const license = { name: "Apache-2.0", identifier: "Apache-2.0" };
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
  });

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
