// Expressions of a configuration: those that cannot be compiled are problems with a path, a position and a fix.
import { expect, it } from "vitest";
import type { GatewayInput } from "../../../../../core/config/gateway.ts";
import { celExpressions } from "../../../../../workers/gateway/auth/expression/cel.ts";
import type { ExpressionCompiler } from "../../../../../workers/gateway/configure/auth/expressions.ts";
import { configure, InvalidConfiguration } from "../../../../../workers/gateway/configure/configuration.ts";
import { catalog } from "../../../../support/shipped/catalog.ts";
import descriptors from "../../../../support/uploads/uploads.descriptors.ts";

function problems(input: Partial<GatewayInput>, compiler?: ExpressionCompiler, env: object = {}): readonly object[] {
  try {
    const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
    configure({ services, ...input } as GatewayInput, catalog, { USERS: { fetch: () => undefined }, ...env } as never, { compiler });
    return [];
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems;
    throw error;
  }
}

const users = (settings: object) => ({ "users.v1.UserService": { upstream: { binding: "USERS" }, ...settings } });

it("needs the entry point with expressions, also where one is off", () => {
  for (const mode of ["off", "report", "enforce"] as const)
    expect(problems({ services: users({ methods: { GetUser: { allow: { expression: "true", mode } } } }) } as never)).toEqual([
      {
        path: "allow of users.v1.UserService.GetUser",
        found: "an entry point without expressions",
        fix: 'set main = "workers/gateway/validating.ts" in wrangler.toml',
      },
    ]);
  expect(problems({})).toEqual([]);
});

it("reports expressions that cannot be compiled, with their position", () => {
  const input = {
    services: users({
      methods: { GetUser: { allow: "message.idd == ''" }, ListUsers: { allow: { expression: "principal.", mode: "off" } } },
    }),
    httpRoutes: { "/files/": { upstream: { binding: "USERS" }, allow: "message.id == ''" } },
  } as never;
  expect(problems(input, celExpressions())).toEqual([
    {
      path: "allow of users.v1.UserService.GetUser",
      found: "the field idd, which users.v1.GetUserRequest does not have, at 1:8",
      fix: 'write "id"',
    },
    { path: "allow of users.v1.UserService.ListUsers", found: expect.stringContaining("cannot be read at 1:"), fix: expect.any(String) },
    { path: 'httpRoutes["/files/"].allow', found: "message, where none is read, at 1:1", fix: expect.any(String) },
  ]);
});

it("reports a message of a stream of requests", () => {
  const services = { "uploads.v1.UploadService": { upstream: { binding: "USERS" }, methods: { Import: { allow: "message.name == ''" } } } };
  expect(problems({ descriptors: [descriptors], services } as never, celExpressions())).toMatchObject([
    { path: "allow of uploads.v1.UploadService.Import", found: "message, where none is read, at 1:1" },
  ]);
});

it("reports signing keys without their secrets, and strict replay without its log", () => {
  const signatures = { replay: "strict", keys: { a: { algorithm: "hmac-sha256", secretBinding: "SECRET" } } };
  const input = { auth: { signatures } } as never;
  expect(problems(input)).toMatchObject([{ missingSecret: "SECRET" }, { path: "auth.signatures.replay", found: "no binding NONCE_LOG" }]);
  expect(problems(input, undefined, { SECRET: btoa("s".repeat(32)), NONCE_LOG: {} })).toEqual([]);
});
