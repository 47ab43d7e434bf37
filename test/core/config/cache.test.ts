// The settings of the response cache.
import { describe, expect, it } from "vitest";
import { type CachePolicy, type CacheStorePolicy, parseCache, parseCacheStore } from "../../../core/config/cache.ts";
import { parsePolicy } from "../../../core/config/gateway.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

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
const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

describe("the cache of a route", () => {
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

it("an isolate keeps ten thousand answers in sixteen megabytes, unless the configuration says otherwise", () => {
  expect(policyOf({}).cache).toEqual({
    limits: { maxEntries: 10_000, maxBytes: 16_777_216 },
    shards: 16,
    store: "lru",
    l2Wait: { percent: 50, minMs: 10, maxMs: 500 },
  });
  expect(problems({}, { cache: { store: "fifo", maxBytes: 1 } })).toEqual(["cache.maxBytes", "cache.store"]);
});

describe("a cache", () => {
  const outer = { path: "outer" } as CachePolicy;
  const parser = (check: Checks, value: unknown) => parseCache(check, "cache", value, outer, "rpc");
  const http = (check: Checks, value: unknown) => parseCache(check, "cache", value, outer, "http");
  const of = (field: keyof CachePolicy) => ({ field, read: (policy: CachePolicy | undefined) => policy?.[field] });
  const YEAR_MS = 31_536_000_000;
  itReadsNumbers(parser, "cache", [
    { ...of("ttlMs"), min: 0, max: YEAR_MS, fallback: 300_000, unit: "ms" },
    { ...of("negativeTtlMs"), min: 0, max: YEAR_MS, fallback: 10_000, unit: "ms" },
    { ...of("heuristicPercent"), min: 0, max: 100, fallback: 0, unit: "%" },
    { ...of("jitterPercent"), min: 0, max: 50, fallback: 10, unit: "%" },
    { ...of("staleWhileRevalidateMs"), min: 0, max: YEAR_MS, fallback: 0, unit: "ms" },
    { ...of("staleIfErrorMs"), min: 0, max: YEAR_MS, fallback: 0, unit: "ms" },
    { ...of("maxObjectBytes"), min: 1, max: 16_777_216, fallback: 262_144, unit: "bytes" },
    { ...of("maxFollowers"), min: 0, max: 100_000, fallback: 2_000, unit: "calls" },
  ]);
  itReadsChoices(parser, "cache", [
    { ...of("override"), choices: [true, false], fallback: false },
    { ...of("storeErrors"), choices: [true, false], fallback: false },
    { ...of("forward"), choices: ["key", "all"], fallback: "key" },
    { ...of("authorization"), choices: ["bypass", "forward", "ignore"], fallback: "bypass" },
    { ...of("clientControl"), choices: ["ignore", "honor"], fallback: "ignore" },
    { ...of("l2"), choices: ["none", "kv", "cache-api"], fallback: "kv" },
  ]);
  itKnowsItsFields(parser, "cache", [
    ...["ttlMs", "override", "negativeTtlMs", "heuristicPercent", "jitterPercent", "staleWhileRevalidateMs", "staleIfErrorMs", "scope"],
    ...["vary", "query", "forward", "authorization", "clientControl", "tags", "tagHeader", "targets", "storeErrors", "maxObjectBytes"],
    ...["maxFollowers", "adaptive", "l2"],
  ]);

  it("is that of the outer settings where nothing is written, none where it is turned off, and the default where it is turned on", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    expect(accepted(parser, false)).toBeUndefined();
    expect(accepted(parser, true)).toEqual(accepted(parser, {}));
    expect(accepted(parser, {})?.path).toBe("cache");
  });

  it("of plain HTTP leaves freshness to the upstream", () => {
    expect(accepted(http, {})).toMatchObject({ ttlMs: 0, negativeTtlMs: 0 });
    expect(accepted(http, { ttlMs: 1 })).toMatchObject({ ttlMs: 1, negativeTtlMs: 10_000 });
    expect(accepted(parser, { ttlMs: 0 })).toMatchObject({ ttlMs: 0, negativeTtlMs: 0 });
  });

  it("is shared, a principal's, or that of a header's value", () => {
    expect(accepted(parser, {})?.scope).toBe("shared");
    for (const scope of ["shared", "principal"]) expect(accepted(parser, { scope })?.scope).toBe(scope);
    expect(accepted(parser, { scope: { header: "X-Tenant" } })?.scope).toEqual({ header: "x-tenant" });
    for (const scope of ["private", null, 7, {}]) {
      const { policy, problems } = parsed(parser, { scope });
      expect(problems).toEqual([`cache.scope: found ${show(scope)}; write "shared", "principal" or { header: "x-tenant" }`]);
      expect(policy?.scope).toBe("shared");
    }
    expect(parsed(parser, { scope: { header: "x y" } }).problems).toContain(
      "cache.scope.header: found \"x y\"; write the name of a header: 1 to 64 letters, digits and '-'",
    );
    expect(parsed(parser, { scope: { cookie: "a" } }).problems[0]).toContain('cache.scope.cookie: found "a"; remove it, or write');
  });

  it.each([
    ["vary", ["Accept-Language", "a".repeat(64)], ["accept-language", "a".repeat(64)], [], "headers", ["a b", "a".repeat(65), ""]],
    ["targets", ["CDN-Cache-Control"], ["CDN-Cache-Control"], ["cdn-cache-control"], "headers", ["a b", "a".repeat(65), ""]],
    [
      "query",
      ["page", "q[]"],
      ["page", "q[]"],
      "all",
      'query parameters, or "all"',
      ["a b", "a&b", "a=b", "a#b", "a%b", "a+b", "", "a".repeat(129)],
    ],
    [
      "tags",
      ["users", "user:{id}", "a/b.c@d-{a.b_c}"],
      ["users", "user:{id}", "a/b.c@d-{a.b_c}"],
      [],
      'tags: ["users", "user:{id}"]',
      ["", "a b", "{", "{1}", "{a.}", "a".repeat(257)],
    ],
  ] as const)("reads the list %s", (field, written, want, fallback, what, refused) => {
    const read = (value: unknown) => accepted(parser, value)?.[field];
    expect(read({})).toEqual(fallback);
    expect(read({ [field]: written })).toEqual(want);
    expect(read({ [field]: [] })).toEqual([]);
    expect(parsed(parser, { [field]: Array(65).fill("a") }).problems).toHaveLength(1);
    expect(accepted(parser, { [field]: Array(64).fill("a") })?.[field]).toHaveLength(64);
    for (const one of refused) {
      const { policy, problems } = parsed(parser, { [field]: ["a", one] });
      expect(problems).toEqual([`cache.${field}: found ${show(["a", one])}; write a list of ${what}`]);
      expect(policy?.[field]).toEqual(fallback);
    }
    expect(parsed(parser, { [field]: "a" }).problems).toEqual([`cache.${field}: found "a"; write a list of ${what}`]);
    expect(parsed(parser, { [field]: [7] }).problems).toEqual([`cache.${field}: found [7]; write a list of ${what}`]);
  });

  it("names all parameters of the query, the header of tags, and how a life grows", () => {
    expect(accepted(parser, { query: "all" })?.query).toBe("all");
    expect(accepted(parser, {})).toMatchObject({ tagHeader: "cache-tag" });
    expect(accepted(parser, { tagHeader: "Surrogate-Key" })?.tagHeader).toBe("surrogate-key");
    expect(parsed(parser, { tagHeader: "a b" }).problems[0]).toMatch(/^cache\.tagHeader: found "a b"; write the name of a header/);
    for (const adaptive of [undefined, false]) expect(accepted(parser, { adaptive })?.adaptive).toBeUndefined();
    expect(accepted(parser, { adaptive: true })?.adaptive).toEqual({ maxFactor: 8, maxMs: 3_600_000 });
  });

  const adaptive = (check: Checks, value: unknown) => parseCache(check, "c", { adaptive: value }, outer, "rpc")?.adaptive;
  itReadsNumbers(adaptive, "c.adaptive", [
    { field: "maxFactor", min: 1, max: 1_024, fallback: 8, unit: "times", read: (policy) => policy?.maxFactor },
    { field: "maxMs", min: 1, max: YEAR_MS, fallback: 3_600_000, unit: "ms", read: (policy) => policy?.maxMs },
  ]);
  itKnowsItsFields(adaptive, "c.adaptive", ["maxFactor", "maxMs"]);
});

describe("the store of an isolate", () => {
  const parser = (check: Checks, value: unknown) => parseCacheStore(check, "cache", value);
  const of = (field: string, read: (policy: CacheStorePolicy) => unknown) => ({ field, read });
  itReadsNumbers(parser, "cache", [
    { ...of("maxEntries", ({ limits }) => limits.maxEntries), min: 1, max: 1_000_000, fallback: 10_000, unit: "entries" },
    { ...of("maxBytes", ({ limits }) => limits.maxBytes), min: 65_536, max: 104_857_600, fallback: 16_777_216, unit: "bytes" },
    { ...of("shards", ({ shards }) => shards), min: 1, max: 256, fallback: 16, unit: "partitions" },
    { ...of("l2WaitMs", ({ l2Wait }) => l2Wait.maxMs), min: 1, max: 60_000, fallback: 500, unit: "ms" },
    { ...of("l2WaitMinMs", ({ l2Wait }) => l2Wait.minMs), min: 1, max: 60_000, fallback: 10, unit: "ms" },
    { ...of("l2WaitPercent", ({ l2Wait }) => l2Wait.percent), min: 1, max: 1_000, fallback: 50, unit: "%" },
  ]);
  itReadsChoices(parser, "cache", [{ field: "store", choices: ["lru", "s3-fifo"], fallback: "lru", read: ({ store }) => store }]);
  itKnowsItsFields(parser, "cache", ["maxEntries", "maxBytes", "shards", "store", "l2WaitPercent", "l2WaitMinMs", "l2WaitMs"]);
});
