// Which methods can be cached, and the problems of a configuration that caches others.
import { describe, expect, it } from "vitest";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { cacheProblems, fieldOf, isCacheable, methodCacheProblems, tagProblems } from "../../../../workers/gateway/cache/cacheable.ts";
import { gatewayTo, json } from "../../../support/gateway.ts";

const AT = "services.users.v1.UserService.methods.GetUser";
const policy = (more: Partial<CachePolicy> = {}) =>
  ({ path: `${AT}.cache`, scope: "shared", forward: "key", tags: [], l2: "none", ...more }) as CachePolicy;

it("only unary methods without side effects can be cached", () => {
  const names = UserService.methods.filter(isCacheable).map(({ name }) => name);
  expect(names).toContain("GetUser");
  for (const name of ["CreateUser", "UpdateUser", "DeleteUser", "WatchUsers"]) expect(names).not.toContain(name);
});

describe("problems of a cache", () => {
  it("are a missing binding for KV, and a configuration that authenticates no caller", () => {
    const facts = { provesPrincipals: false, namespace: undefined };
    expect(cacheProblems(policy(), facts)).toEqual([]);
    expect(cacheProblems(policy({ l2: "kv", scope: "principal" }), facts).map(({ path }) => path)).toEqual([
      `${AT}.cache.l2`,
      `${AT}.cache.scope`,
    ]);
    expect(cacheProblems(policy({ l2: "kv", scope: "principal" }), { provesPrincipals: true, namespace: {} })).toEqual([]);
  });

  it("are methods with side effects and streams, where the cache is set for the method itself", () => {
    const problemsOf = (name: string, path = `${AT}.cache`) =>
      methodCacheProblems(UserService.methods.find((method) => method.name === name)!, policy({ path }), AT);
    expect(problemsOf("GetUser")).toEqual([]);
    expect(problemsOf("CreateUser")[0]).toMatchObject({ path: `${AT}.cache`, found: "the cache for CreateUser" });
    expect(problemsOf("CreateUser")[0]!.fix).toContain("idempotency_level = NO_SIDE_EFFECTS");
    expect(problemsOf("CreateUser", "defaults.cache")).toEqual([]); // a setting for many methods
  });

  it("are settings that RPC does not support, and tags with fields that the message does not have", () => {
    const [method] = UserService.methods.filter(({ name }) => name === "GetUser");
    const problems = methodCacheProblems(method!, policy({ forward: "all", tags: ["user:{id}", "user:{idd}"] }), AT);
    expect(problems.map(({ path, found }) => [path, found])).toEqual([
      [`${AT}.cache.forward`, "all"],
      [`${AT}.cache.tags`, "{idd}"],
    ]);
    expect(tagProblems(method!, ["{id.more}"], "tags")).toHaveLength(1); // a scalar has no fields
  });

  it("are all reported with the path of their setting", () => {
    const methods = {
      UpdateUser: { invalidates: ["user:{id}"] },
      GetUser: { cache: { l2: "none", tags: ["user:{name}"] } },
      CreateUser: { cache: { l2: "none" } },
    } as const;
    const attempt = () => gatewayTo(() => json({}), { services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods } } });
    expect(attempt).toThrow(/UpdateUser\.invalidates: found \{id\}/);
    expect(attempt).toThrow(/GetUser\.cache\.tags: found \{name\}/);
    expect(attempt).toThrow(/CreateUser\.cache: found the cache for CreateUser/);
  });
});

it("a field is found by its path, in the spelling of the proto or of protobuf-es", () => {
  const { input } = UserService.method.updateUser;
  expect(fieldOf(input, ["user", "display_name"])?.localName).toBe("displayName");
  expect(fieldOf(input, ["user", "displayName"])?.name).toBe("display_name");
  expect([fieldOf(input, ["user"]), fieldOf(input, ["user", "none"]), fieldOf(input, ["none"])]).toEqual([undefined, undefined, undefined]);
});
