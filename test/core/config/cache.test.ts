// What an operator may write of caching, and what is told of mistakes.
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../../core/config/gateway.ts";

const PROMISED = new Map([["a.S", ["Get", "Set"]]]);
const parse = (service: object, top: object = {}) =>
  parsePolicy({ services: { "a.S": { upstream: { binding: "A" }, ...service } }, ...top }, PROMISED);

function problems(service: object, top: object = {}): string[] {
  const parsed = parse(service, top);
  return parsed.kind === "ok" ? [] : parsed.problems.map(({ path }) => path);
}

function policyOf(service: object, top: object = {}) {
  const parsed = parse(service, top);
  if (parsed.kind === "invalid") throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

describe("a route", () => {
  it("keeps nothing unless it says so", () => {
    const { services, httpRoutes } = policyOf({}, { httpRoutes: { "/": { upstream: { binding: "B" } } } });
    expect([services.get("a.S")!.methods.get("Get")!.cache, httpRoutes.get("/")!.cache]).toEqual([undefined, undefined]);
  });

  it("has safe defaults: RPC keeps for five minutes, HTTP what says for how long", () => {
    const { services, httpRoutes } = policyOf({ cache: true }, { httpRoutes: { "/a/": { upstream: { binding: "B" }, cache: {} } } });
    const expected = {
      scope: "shared",
      forward: "key",
      authorization: "bypass",
      clientControl: "ignore",
      storeErrors: false,
      maxObjectBytes: 262_144,
      l2: "kv",
    };
    expect(services.get("a.S")!.methods.get("Get")!.cache).toMatchObject({
      ...expected,
      ttlMs: 300_000,
      negativeTtlMs: 10_000,
      jitterPercent: 10,
    });
    expect(httpRoutes.get("/a/")!.cache).toMatchObject({ ...expected, ttlMs: 0, negativeTtlMs: 0, query: "all" });
  });

  it("takes the most specific setting, whole; and HTTP none of the defaults", () => {
    const top = { defaults: { cache: { ttlMs: 1_000 } }, httpRoutes: { "/": { upstream: { binding: "B" } } } };
    const { services, httpRoutes } = policyOf(
      { methods: { Get: { cache: { scope: { header: "X-Tenant" } } }, Set: { cache: false } } },
      top,
    );
    const methods = services.get("a.S")!.methods;
    expect(methods.get("Get")!.cache).toMatchObject({ ttlMs: 300_000, scope: { header: "x-tenant" } });
    expect([methods.get("Set")!.cache, httpRoutes.get("/")!.cache]).toEqual([undefined, undefined]);
  });

  it.each([
    [{ ttlMs: -1 }, "ttlMs"],
    [{ ttlMs: 1.5 }, "ttlMs"],
    [{ scope: "tenant" }, "scope"],
    [{ scope: { header: "x y" } }, "scope.header"],
    [{ vary: "accept" }, "vary"],
    [{ vary: ["a b"] }, "vary"],
    [{ query: ["a&b"] }, "query"],
    [{ forward: "some" }, "forward"],
    [{ authorization: true }, "authorization"],
    [{ tags: ["user:{"] }, "tags"],
    [{ tags: ["two words"] }, "tags"],
    [{ l2: "redis" }, "l2"],
    [{ adaptive: { maxFactor: 0 } }, "adaptive.maxFactor"],
    [{ maxObjectBytes: 0 }, "maxObjectBytes"],
    [{ ttl: 5 }, "ttl"],
  ])("%j is a mistake", (cache, field) => {
    const path = 'services["a.S"].cache';
    expect(problems({ cache })).toContain(`${path}.${field}`);
  });

  it("of HTTP has a prefix that can't be read in two ways", () => {
    for (const prefix of ["assets", "/assets", "/a/../b/", "/a%2fb/", "/a;b/", "//", "/a b/"])
      expect(problems({}, { httpRoutes: { [prefix]: { upstream: { binding: "B" } } } }), prefix).toHaveLength(1);
    expect(problems({}, { httpRoutes: { "/": { upstream: { binding: "B" }, validate: "off" } } })).toEqual(['httpRoutes["/"].validate']);
  });
});

it("an isolate keeps ten thousand answers in sixteen megabytes, unless told otherwise", () => {
  expect(policyOf({}).cache).toEqual({ limits: { maxEntries: 10_000, maxBytes: 16_777_216 }, shards: 16, store: "lru", l2WaitMs: 50 });
  expect(problems({}, { cache: { store: "fifo", maxBytes: 1 } })).toEqual(["cache.maxBytes", "cache.store"]);
});
