// Explanations under a configuration of a project, whose secrets may not be readable.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { explainConfiguration } from "../../../../workers/gateway/trace/explain-configuration.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
const get = { method: "GET", path: "/api/v1/users/usr_1" };

it("needs no secrets", async () => {
  const input = { services, admin: { secretBinding: "SECRET_THAT_IS_NOT_HERE" } } as never;
  expect(await explainConfiguration(input, catalog, env as never, {}, get)).toMatchObject({
    kind: "explained",
    explanation: { kind: "route", route: "users.v1.UserService/GetUser" },
  });
});

it("names the problems of a configuration", async () => {
  const input = { services, defaults: { readTimeoutMs: 0 } } as never;
  expect(await explainConfiguration(input, catalog, env as never, {}, get)).toEqual({
    kind: "invalid",
    problems: [expect.stringContaining("defaults.readTimeoutMs: found 0")],
  });
});
