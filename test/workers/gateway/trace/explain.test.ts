// Explanations of requests: the route, the layers it is compiled to, and the settings with their sources.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { explanationLines } from "../../../../core/explain/explanation-text.ts";
import { configure } from "../../../../workers/gateway/configure/configuration.ts";
import { explainer } from "../../../../workers/gateway/trace/explain.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const SERVICE = "users.v1.UserService";
const CONFIG: GatewayInput = {
  rateLimits: { "per-caller": { key: "ip", capacity: 100, rate: 50, fail: "open" } },
  defaults: { readTimeoutMs: 2_000, rateLimits: ["per-caller"] },
  cors: { origins: ["https://app.example"] },
  admin: { secretBinding: "ADMIN_SECRET", host: "admin.example" },
  services: {
    [SERVICE]: {
      upstream: { binding: "USERS" },
      fallback: { upstream: { url: "https://other.example" } },
      methods: { GetUser: { readTimeoutMs: 500, cache: { ttlMs: 1_000, l2: "none" } }, CreateUser: { cost: 3 } },
    },
  },
  httpRoutes: { "/assets/": { upstream: { url: "https://assets.example" }, maxBodyBytes: 10 } },
};

const explain = explainer(configure(CONFIG, catalog, { ...env, ADMIN_SECRET: "a secret of at least 32 characters, for admins" } as never));

async function routeOf(method: string, path: string) {
  const explanation = await explain(method, path);
  if (explanation.kind !== "route") throw new Error(JSON.stringify(explanation));
  const layers = explanation.steps.map(({ layer }) => layer);
  const setting = (name: string) => explanation.settings.find((one) => one.name === name);
  return { explanation, layers, setting };
}

it("names route, rule, protocol and layers of a REST call, in order", async () => {
  const { explanation, layers } = await routeOf("GET", "/api/v1/users/usr_1?x=1");
  expect(explanation).toMatchObject({
    route: `${SERVICE}/GetUser`,
    rule: "GET /api/v1/users/{id}",
    protocol: "rest",
    path: "/api/v1/users/usr_1",
  });
  expect(layers).toEqual([
    ...["trace", "fast-hit", "rescue", "check-headers", "deadline", "rate-limit", "limit-body", "open-streams", "shed"],
    ...["decode-body", "transcode", "cache", "fallback", "retry", "shed", "dispatch"],
  ]);
});

it("says where each value is written", async () => {
  const { setting, explanation } = await routeOf("POST", `/${SERVICE}/GetUser`);
  expect(explanation.protocol).toBe("connect_unary");
  expect(setting("readTimeoutMs")).toEqual({
    name: "readTimeoutMs",
    value: 500,
    source: `services["${SERVICE}"].methods.GetUser.readTimeoutMs`,
  });
  expect(setting("rateLimits")).toMatchObject({ value: ["per-caller"], source: "defaults.rateLimits" });
  expect(setting("cache.ttlMs")).toMatchObject({ value: 1_000, source: `services["${SERVICE}"].methods.GetUser.cache.ttlMs` });
  expect(setting("cache.tags")).toMatchObject({ value: [], source: "default" });
  expect(setting('rateLimits["per-caller"].capacity')).toMatchObject({ value: 100, source: 'rateLimits["per-caller"].capacity' });
  expect(setting("fallback.upstream")).toMatchObject({ source: `services["${SERVICE}"].fallback.upstream` });
  expect(setting("upstream.endpoints")).toMatchObject({ value: ["USERS"], source: `services["${SERVICE}"].upstream.binding` });
  expect(setting("upstream.maxConcurrent")).toMatchObject({ value: 500, source: "default" });
});

it("gives each layer the numbers that it judges by", async () => {
  const { explanation } = await routeOf("POST", `/${SERVICE}/CreateUser`);
  const judged = (layer: string) =>
    explanation.steps.find((step) => step.layer === layer)?.settings.map(({ name, value }) => [name, value]);
  expect(judged("deadline")).toEqual([["readTimeoutMs", 2_000]]);
  expect(judged("rate-limit")).toContainEqual(["cost", 3]);
  expect(judged("rate-limit")).toContainEqual(['rateLimits["per-caller"].rate', 50]);
  const [isolate, method] = explanation.steps.filter(({ layer }) => layer === "shed");
  expect(isolate!.settings.map(({ name }) => name)).toContain("overload.maxInFlight");
  expect(method!.settings.map(({ name }) => name)).toContain("concurrency.max");
  const { other } = explanation.steps.find(({ layer }) => layer === "fallback")!;
  expect(other?.map(({ layer }) => layer)).toEqual(["retry", "shed", "dispatch"]);
});

it("explains a prefix of plain HTTP", async () => {
  const { explanation, layers, setting } = await routeOf("PUT", "/assets/a.js");
  expect(explanation).toMatchObject({ route: "/assets/", methodKind: undefined });
  expect(layers.at(-1)).toBe("dispatch");
  expect(setting("maxBodyBytes")).toMatchObject({ value: 10, source: 'httpRoutes["/assets/"].maxBodyBytes' });
  expect(setting("readTimeoutMs")).toMatchObject({ value: 2_000, source: "defaults.readTimeoutMs" });
});

it("explains HEAD, OPTIONS and admin methods", async () => {
  expect((await routeOf("HEAD", "/api/v1/users/usr_1")).explanation.notes).toEqual([
    expect.stringContaining("HEAD walks the layers of GET"),
  ]);
  expect((await routeOf("OPTIONS", "/assets/a.js")).explanation.notes).toEqual([expect.stringContaining("preflight")]);
  const { explanation, layers } = await routeOf("POST", "/tidegate.admin.v1.AdminService/ListAuditEvents");
  expect(explanation).toMatchObject({ isAdmin: true, notes: ["Served at admin.example alone."] });
  expect(layers).toContain("admin-access");
  expect(explanation.settings.find(({ name }) => name === "maxBodyBytes")).toMatchObject({ value: 262_144, source: "built in" });
});

it("says why a path is refused, and which routes are near", async () => {
  expect(await explain("GET", "/v1/users/usr_1")).toMatchObject({
    kind: "refused",
    reason: "unknown_path",
    status: 404,
    nearest: expect.arrayContaining([expect.stringContaining("GET /api/v1/users/{id}")]),
  });
  expect(await explain("PUT", "/api/v1/users/usr_1")).toMatchObject({
    reason: "method_not_allowed",
    status: 405,
    allow: expect.arrayContaining(["GET"]),
  });
  expect(await explain("GET", "/%zz")).toMatchObject({ reason: "invalid_path", status: 400 });
  expect(await explain("TRACE", "/api/v1/users/usr_1")).toMatchObject({ reason: "method_not_allowed" });
  expect(await explain("GET", "/healthz")).toMatchObject({ kind: "own", status: 200 });
});

it("writes the explanation for people", async () => {
  const text = explanationLines(await explain("GET", "/api/v1/users/usr_1")).join("\n");
  expect(text).toContain(`GET /api/v1/users/usr_1  ->  ${SERVICE}/GetUser`);
  expect(text).toMatch(/ 5 deadline\n\s+readTimeoutMs {2}500 {2}services\["users.v1.UserService"\].methods.GetUser.readTimeoutMs/);
  expect(text).toContain("once per attempt");
  expect(explanationLines(await explain("GET", "/v2/none")).join("\n")).toContain("refused: unknown_path");
});
