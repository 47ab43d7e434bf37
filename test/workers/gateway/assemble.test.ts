// Handlers of all routes of a configuration: RPC methods, the gateway's own services, REST rules, and plain HTTP prefixes.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { assemble } from "../../../workers/gateway/assemble.ts";
import { Call } from "../../../workers/gateway/call.ts";
import { configure } from "../../../workers/gateway/configure/configuration.ts";
import { CONNECT_UNARY } from "../../../workers/gateway/protocol/protocol.ts";
import { USER, unary, userFor } from "../../support/gateway.ts";
import { catalog } from "../../support/shipped/catalog.ts";

const USERS = { fetch: (url: string, init: RequestInit) => Promise.resolve(userFor(new Request(url, init))) };
const SERVICES = { "users.v1.UserService": { upstream: { binding: "USERS" } } };

const assembled = (input: Partial<GatewayInput> = {}) =>
  assemble(configure({ services: SERVICES, ...input }, catalog, { TOKEN_BUCKET: env.TOKEN_BUCKET, USERS }));

it("handles each method of a configured service at its path", async () => {
  const { procedures } = assembled();
  const { route, handle, method } = procedures.get("/users.v1.UserService/GetUser")!;
  expect([route.name, method.name]).toEqual(["users.v1.UserService/GetUser", "GetUser"]);
  const response = await handle(new Call(unary("GetUser"), CONNECT_UNARY, route, route.path, "", Date.now()));
  expect(await response.json()).toMatchObject({ id: USER.id });
});

it("has discovery of its own unless that is switched off, and no admin service that is not configured", () => {
  const paths = (input?: Partial<GatewayInput>) => [...assembled(input).procedures.keys()];
  expect(paths()).toContain("/grpc.health.v1.Health/Check");
  expect(paths({ discovery: false }).filter((path) => !path.startsWith("/users.v1."))).toEqual([]);
});

it("handles each REST rule with the route of its method", () => {
  const { rules } = assembled();
  expect(rules.size).toBeGreaterThan(3);
  for (const [rule, { route }] of rules) expect(route.method).toBe(rule.method);
});

it("lists plain HTTP prefixes with the longest one first", () => {
  const httpRoutes = Object.fromEntries(["/a/", "/a/long/", "/b/"].map((prefix) => [prefix, { upstream: { binding: "USERS" } }]));
  expect(assembled({ httpRoutes }).prefixes.map(({ route }) => route.path)).toEqual(["/a/long/", "/a/", "/b/"]);
});
