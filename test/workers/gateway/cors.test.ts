// Calls from web pages of other origins: only those listed, in every protocol, and preflights that are remembered.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CorsInput } from "../../../core/cors.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import { catalog } from "../../../workers/services/catalog.ts";
import { enveloped, json, rest, USER, unary } from "../../support/gateway.ts";

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
