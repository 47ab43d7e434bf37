// The settings of routes, caches, versions, plain HTTP and the registry, as an operator writes them.
import { describe, expect, it } from "vitest";
import { chooseVersion, versionNamed } from "../../../core/balance/canary.ts";
import { type PurgePolicy, parsePurge, parseRegistry, type RegistryPolicy } from "../../../core/config/admin.ts";
import { type CachePolicy, parseCache, parseTags } from "../../../core/config/cache.ts";
import { type CacheStorePolicy, parseCacheStore } from "../../../core/config/cache-store.ts";
import { parseCors } from "../../../core/config/cors.ts";
import { NO_FALLBACK, parseFallback } from "../../../core/config/fallback.ts";
import { parseHttpRoutes } from "../../../core/config/http-route.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { DEFAULTS, parseRoute, type RoutePolicy } from "../../../core/config/route.ts";
import { parseTraffic, type TrafficPolicy } from "../../../core/config/traffic.ts";
import { hash32 } from "../../../core/hash.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

const UPSTREAM = { url: "https://a.example" };
const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

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
    { ...of("l2"), choices: ["none", "kv", "cache-api", "workers-cache"], fallback: "kv" },
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
      expect(policy?.[field]).toEqual(field === "query" ? [] : fallback);
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

  it("hands on the tags of the outer settings", () => {
    expect(accepted((check, value) => parseTags(check, "t", value, ["x"]), undefined)).toEqual(["x"]);
    expect(accepted((check, value) => parseTags(check, "t", value, ["x"]), ["y"])).toEqual(["y"]);
  });
});

describe("the store of an isolate", () => {
  const parser = (check: Checks, value: unknown) => parseCacheStore(check, "cache", value);
  const of = (field: string, read: (policy: CacheStorePolicy) => unknown) => ({ field, read });
  itReadsNumbers(parser, "cache", [
    { ...of("maxEntries", ({ limits }) => limits.maxEntries), min: 1, max: 1_000_000, fallback: 10_000, unit: "entries" },
    { ...of("maxBytes", ({ limits }) => limits.maxBytes), min: 65_536, max: 104_857_600, fallback: 16_777_216, unit: "bytes" },
    { ...of("shards", ({ shards }) => shards), min: 1, max: 256, fallback: 16, unit: "partitions" },
    { ...of("l2WaitMs", ({ l2WaitMs }) => l2WaitMs), min: 1, max: 60_000, fallback: 50, unit: "ms" },
  ]);
  itReadsChoices(parser, "cache", [{ field: "store", choices: ["lru", "s3-fifo"], fallback: "lru", read: ({ store }) => store }]);
  itKnowsItsFields(parser, "cache", ["maxEntries", "maxBytes", "shards", "store", "l2WaitMs"]);
});

describe.each([
  ["purge", parsePurge, "CACHE_TOKEN"],
  ["registry", parseRegistry, "REGISTRY_TOKEN"],
] as const)("the secret of %s", (path, parser, example) => {
  it("is named by its binding; without the setting there is none", () => {
    expect(accepted<unknown>(parser, undefined)).toBeUndefined();
    for (const tokenBinding of ["A", "_a1"]) expect(accepted<unknown>(parser, { tokenBinding })).toMatchObject({ tokenBinding });
    for (const tokenBinding of [undefined, "", "1A", "A-B", "A B", 7])
      expect(parsed<unknown>(parser, { tokenBinding }).problems).toEqual([
        `${path}.tokenBinding: found ${show(tokenBinding)}; write the name of a secret: "${example}"`,
      ]);
  });
});

describe("purging", () => {
  const of = (field: keyof PurgePolicy) => ({ field, read: (policy: PurgePolicy | undefined) => policy?.[field] });
  const base = { tokenBinding: "T" };
  itReadsNumbers(
    parsePurge,
    "purge",
    [
      { ...of("pollMs"), min: 100, max: 600_000, fallback: 5_000, unit: "ms" },
      { ...of("waitMs"), min: 1, max: 10_000, fallback: 250, unit: "ms" },
    ],
    base,
  );
  itReadsChoices(parsePurge, "purge", [{ ...of("strict"), choices: [true, false], fallback: false }], base);
  itKnowsItsFields(parsePurge, "purge", ["tokenBinding", "pollMs", "strict", "waitMs"], base);
});

describe("the registry", () => {
  const of = (field: keyof RegistryPolicy) => ({ field, read: (policy: RegistryPolicy | undefined) => policy?.[field] });
  const base = { tokenBinding: "T" };
  itReadsNumbers(parseRegistry, "registry", [{ ...of("pollMs"), min: 100, max: 600_000, fallback: 5_000, unit: "ms" }], base);
  itReadsChoices(parseRegistry, "registry", [{ ...of("allowPrivate"), choices: [true, false], fallback: false }], base);
  itKnowsItsFields(parseRegistry, "registry", ["tokenBinding", "allowPrivate", "ownHosts", "pollMs"], base);

  it("knows the hosts of the gateway", () => {
    expect(accepted(parseRegistry, base)?.ownHosts).toEqual([]);
    const ownHosts = ["api.example.com", "localhost:8787", "a-b_c"];
    expect(accepted(parseRegistry, { ...base, ownHosts })?.ownHosts).toEqual(ownHosts);
    for (const refused of ["a.example", ["a b"], ["a", ""], [7], ["https://a"]]) {
      const { policy, problems } = parsed(parseRegistry, { ...base, ownHosts: refused });
      expect(problems).toEqual([`registry.ownHosts: found ${show(refused)}; write a list of hosts: ["api.example.com"]`]);
      expect(policy?.ownHosts).toEqual([]);
    }
  });
});

describe("CORS", () => {
  const parser = (check: Checks, value: unknown) => parseCors(check, "cors", value);
  const base = { origins: ["https://a.example"] };
  itReadsNumbers(
    parser,
    "cors",
    [{ field: "maxAgeSeconds", min: 0, max: 86_400, fallback: 7_200, unit: "s", read: (policy) => policy?.maxAgeSeconds }],
    base,
  );
  itReadsChoices(
    parser,
    "cors",
    [{ field: "credentials", choices: [true, false], fallback: false, read: (policy) => policy?.credentials }],
    base,
  );
  itKnowsItsFields(parser, "cors", ["origins", "credentials", "maxAgeSeconds", "allowHeaders", "exposeHeaders"], base);

  it("is closed where nothing is written", () => expect(accepted(parser, undefined)).toBeUndefined());

  it.each(["allowHeaders", "exposeHeaders"] as const)("reads the list %s", (field) => {
    const words = "write names of headers: letters, digits and '-'";
    expect(accepted(parser, { ...base, [field]: ["X-A", "b1"] })?.[field]).toEqual(["X-A", "b1"]);
    expect(parsed(parser, { ...base, [field]: [] }).problems).toEqual([`cors.${field}: found []; ${words}, in a list`]);
    expect(parsed(parser, { ...base, [field]: "X-A" }).problems).toEqual([`cors.${field}: found "X-A"; ${words}, in a list`]);
    for (const one of ["", "a b", "a".repeat(65), 7]) {
      const { policy, problems } = parsed(parser, { ...base, [field]: ["X-A", one] });
      expect(problems).toEqual([`cors.${field}[1]: found ${show(one)}; ${words}`]);
      expect(policy?.[field]).toEqual(["X-A"]);
    }
  });

  it.each([
    "https://a.example:8443",
    "http://localhost:5173",
    "http://localhost",
    "https://a-b.c.example",
    "http://a.example:443",
    "https://a.example:80",
  ])("takes %s for an origin", (origin) => expect(accepted(parser, { origins: [origin] })?.origins).toEqual([origin]));

  it.each([
    "http://a.example:80",
    "https://a.example:443",
    "https://a.example:123456",
    "https://",
    "xhttps://a.example",
    "https://a.example x",
    "https://a_b",
    "http://A",
  ])("takes %s for none", (origin) => expect(parsed(parser, { origins: [origin] }).problems).toHaveLength(1));
});

describe("a fallback", () => {
  const outer = { upstream: undefined, response: { outer: true } };
  const parser = (check: Checks, value: unknown) => parseFallback(check, "fallback", value, outer);
  itKnowsItsFields(parser, "fallback", ["upstream", "response"]);

  it("is another upstream, a message, or both; that of the outer settings, or none", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    expect(accepted(parser, false)).toBe(NO_FALLBACK);
    expect(NO_FALLBACK).toEqual({ upstream: undefined, response: undefined });
    expect(accepted(parser, { response: { users: [] } })).toEqual({ upstream: undefined, response: { users: [] } });
    expect(accepted(parser, { upstream: UPSTREAM }).upstream?.endpoints).toHaveLength(1);
    expect(accepted(parser, { upstream: UPSTREAM }).response).toBeUndefined();
    for (const response of [null, [], "x", 7])
      expect(parsed(parser, { response }).problems).toEqual([
        `fallback.response: found ${show(response)}; write the response message as its JSON: { users: [] }`,
      ]);
    expect(parsed(parser, { answer: {} }).problems).toEqual(['fallback.answer: found {}; write "response", its new name']);
    expect(parsed(parser, { upstream: {} }).problems[0]).toContain("fallback.upstream: found {}");
  });
});

describe("a route", () => {
  const outer: RoutePolicy = { ...DEFAULTS, readTimeoutMs: 11, streamTimeoutMs: 12, maxBodyBytes: 13, validate: "report" };
  const parser = (check: Checks, value: unknown) => parseRoute(check, "m", value as Record<string, unknown>, outer, new Map());
  const of = (field: keyof RoutePolicy) => ({ field, read: (policy: RoutePolicy) => policy[field] });
  itReadsNumbers(parser, "m", [
    { ...of("readTimeoutMs"), min: 1, max: 3_600_000, fallback: 11, unit: "ms" },
    { ...of("streamTimeoutMs"), min: 1, max: 86_400_000, fallback: 12, unit: "ms" },
    { ...of("streamIdleMs"), min: 1, max: 86_400_000, fallback: Number.POSITIVE_INFINITY, unit: "ms" },
    { ...of("maxBodyBytes"), min: 1, max: 104_857_600, fallback: 13, unit: "bytes" },
  ]);
  itReadsChoices(parser, "m", [{ ...of("validate"), choices: ["off", "report", "enforce"], fallback: "report" }]);

  it("hands each of its settings to what reads it", () => {
    const parts = { retries: 1, fallback: 1, hedging: 1, criticality: 1, concurrency: 1, cache: 1, invalidates: 1 };
    const paths = parsed(parser, parts).problems.map((line) => line.split(":")[0]);
    for (const part of Object.keys(parts)) expect(paths).toContain(`m.${part}`);
    expect(accepted(parser, { cache: true, invalidates: ["a"], criticality: "sheddable" })).toMatchObject({
      cache: { path: "m.cache", ttlMs: 300_000 },
      invalidates: ["a"],
      criticality: 0,
    });
    expect(accepted((check, value) => parseRoute(check, "m", value as never, outer, new Map(), "http"), { cache: true }).cache?.ttlMs).toBe(
      0,
    );
  });
});

describe("versions of a service", () => {
  const parser = (check: Checks, value: unknown) => parseTraffic(check, "traffic", value);
  const canary = (more: object = {}) => ({ name: "v2", upstream: UPSTREAM, ...more });
  const problems = (value: unknown) => parsed(parser, value).problems;
  itKnowsItsFields(parser, "traffic", ["canaries", "stickOn", "mirror"]);

  it("are none where nothing is written", () => {
    expect(accepted(parser, undefined)).toBeUndefined();
    expect(accepted(parser, {})).toEqual({ canaries: [], stickOn: ["ip"], mirror: undefined });
  });

  it("have a name, a share, and a header or cookie that asks for them", () => {
    const { canaries } = accepted(parser, { canaries: [canary(), canary({ name: "v3", percent: 12.5, header: "X-V", cookie: "v-1" })] })!;
    expect(canaries.map(({ upstream: _, ...rest }) => rest)).toEqual([
      { name: "v2", percent: 0, header: undefined, cookie: undefined },
      { name: "v3", percent: 12.5, header: "x-v", cookie: "v-1" },
    ]);
    for (const name of [undefined, "", "a b", "a".repeat(65), 7])
      expect(problems({ canaries: [canary({ name })] })).toEqual([
        `traffic.canaries[0].name: found ${show(name)}; write 1 to 64 letters, digits, '-', '_' or '.'`,
      ]);
    for (const cookie of ["", "a b", "a.b", "a".repeat(65), 7])
      expect(problems({ canaries: [canary({ cookie })] })).toEqual([
        `traffic.canaries[0].cookie: found ${show(cookie)}; write the name of a cookie: 1 to 64 letters, digits, '-' and '_'`,
      ]);
    for (const percent of [-1, 100.1, "5", null])
      expect(problems({ canaries: [canary({ percent })] })).toEqual([
        `traffic.canaries[0].percent: found ${show(percent)}; write a share from 0 to 100 (%)`,
      ]);
    expect(problems({ canaries: [canary({ header: "a b" })] })[0]).toContain("traffic.canaries[0].header");
    expect(problems({ canaries: [{ name: "v2" }] })[0]).toContain("traffic.canaries[0].upstream: found nothing");
    expect(problems({ canaries: [canary({ weight: 1 })] })[0]).toContain("traffic.canaries[0].weight: found 1; remove it");
  });

  it("are at most 16, of 100 percent together", () => {
    const list = (count: number, percent: number) => ({
      canaries: Array.from({ length: count }, (_, index) => canary({ name: `v${index}`, percent })),
    });
    expect(problems(list(16, 6.25))).toEqual([]);
    expect(problems(list(2, 51))).toEqual(["traffic.canaries: found 102; make the percents at most 100 together"]);
    const words = 'write a list of at most 16: [{ name: "v2", upstream: ..., percent: 5 }]';
    expect(problems(list(17, 1))[0]).toMatch(/^traffic\.canaries: found .*write a list of at most 16/);
    expect(problems({ canaries: "v2" })).toEqual([`traffic.canaries: found "v2"; ${words}`]);
  });

  it("stick to what every call brings", () => {
    expect(accepted(parser, { stickOn: { header: "x-user" } })?.stickOn).toEqual([{ header: "x-user" }]);
    const words = "write what every call brings: no field of a message, and no cookie that is still to be made";
    for (const stickOn of [{ field: "a" }, { cookie: "a", ttlSeconds: 1 }])
      expect(problems({ stickOn })).toEqual([`traffic.stickOn: found ${show(stickOn)}; ${words}`]);
  });

  it("may be a mirror, of all calls or a share", () => {
    expect(accepted(parser, { mirror: { upstream: UPSTREAM } })?.mirror?.percent).toBe(100);
    expect(accepted(parser, { mirror: { upstream: UPSTREAM, percent: 0 } })?.mirror?.percent).toBe(0);
    expect(problems({ mirror: { upstream: UPSTREAM, percent: 101 } })).toEqual([
      "traffic.mirror.percent: found 101; write a share from 0 to 100 (%)",
    ]);
    expect(problems({ mirror: {} })[0]).toContain("traffic.mirror.upstream");
    expect(problems({ mirror: { upstream: UPSTREAM, share: 1 } })[0]).toContain("traffic.mirror.share: found 1; remove it");
  });

  describe("get calls", () => {
    const policy = accepted(parser, {
      canaries: [canary({ percent: 10, header: "x-v" }), canary({ name: "v3", percent: 30, cookie: "v" })],
    }) as TrafficPolicy;
    const brought = (caller: string, header: string | null = null, cookie?: string) => ({
      caller,
      header: (name: string) => (name === "x-v" ? header : null),
      cookie: (name: string) => (name === "v" ? cookie : undefined),
    });

    it("that name them, by header or cookie", () => {
      expect(
        [brought("a", "v2"), brought("a", "v3"), brought("a", null, "v3"), brought("a", null, "v2"), brought("a")].map((one) =>
          versionNamed(policy, one),
        ),
      ).toEqual([0, -1, 1, -1, -1]);
      expect(chooseVersion(policy, brought("anybody", null, "v3"))).toBe(1);
    });

    it("in their share of callers, each caller always the same version", () => {
      const counts = [0, 0, 0];
      for (let n = 0; n < 20_000; n++) {
        const version = chooseVersion(policy, brought(`caller-${n}`));
        expect(chooseVersion(policy, brought(`caller-${n}`))).toBe(version);
        counts[version + 1]! += 1;
      }
      expect(Math.abs(counts[0]! - 12_000)).toBeLessThan(400);
      expect(Math.abs(counts[1]! - 2_000)).toBeLessThan(300);
      expect(Math.abs(counts[2]! - 6_000)).toBeLessThan(400);
    });

    it("below their share, and not at it", () => {
      const placed = (place: number) => {
        for (let n = 0; ; n++) if (hash32(`version/${n}`) % 10_000 === place) return `${n}`;
      };
      const places = [0, 999, 1_000, 3_999, 4_000, 9_999].map((place) => chooseVersion(policy, brought(placed(place))));
      expect(places).toEqual([0, 0, 1, 1, -1, -1]);
      const [none] = [accepted(parser, { canaries: [canary({ percent: 0 })] })!];
      expect(chooseVersion(none, brought(placed(0)))).toBe(-1);
    });

    it("all of them at 100 percent, and none at 0", () => {
      const share = (percent: number) => accepted(parser, { canaries: [canary({ percent })] })!;
      for (let n = 0; n < 200; n++) {
        expect(chooseVersion(share(100), brought(`${n}`))).toBe(0);
        expect(chooseVersion(share(0), brought(`${n}`))).toBe(-1);
      }
    });
  });
});

describe("routes of plain HTTP", () => {
  const routeOf = (_path: string, fields: Readonly<Record<string, unknown>>) => ({
    ...DEFAULTS,
    readTimeoutMs: Number(fields["readTimeoutMs"] ?? 7),
  });
  const parser = (check: Checks, value: unknown) => parseHttpRoutes(check, "httpRoutes", value, routeOf);
  const one = (check: Checks, value: unknown) => parseHttpRoutes(check, "httpRoutes", { "/a/": value }, routeOf).get("/a/");
  itKnowsItsFields(
    one,
    'httpRoutes["/a/"]',
    ["upstream", "breaker", "throttle", "readTimeoutMs", "maxBodyBytes", "rateLimits", "cost", "cache"],
    {
      upstream: UPSTREAM,
    },
  );

  it("are read with what they have in common with methods", () => {
    const routes = accepted(parser, {
      "/": { upstream: UPSTREAM },
      "/a/b.c/": { upstream: UPSTREAM, readTimeoutMs: 9, breaker: { consecutive: 2 }, throttle: { minCalls: 3 } },
    });
    expect([...routes.keys()]).toEqual(["/", "/a/b.c/"]);
    expect(routes.get("/")).toMatchObject({
      readTimeoutMs: 7,
      cache: undefined,
      breaker: { consecutive: 5 },
      maxBodyBytes: 1_048_576,
      rateLimits: [],
    });
    expect(routes.get("/a/b.c/")).toMatchObject({ readTimeoutMs: 9, breaker: { consecutive: 2 }, throttle: { minCalls: 3 } });
    expect(accepted(parser, undefined).size).toBe(0);
  });

  it.each(["", "a-b", "/a", "a/", "/a//", "/a b/", "/a/../", "/./", "/a?/", "/%20/", "/a/./b/"])("refuse the prefix %j", (prefix) =>
    expect(parsed(parser, { [prefix]: { upstream: UPSTREAM } }).problems).toEqual([
      `httpRoutes[${JSON.stringify(prefix)}]: found ${JSON.stringify(prefix)}; write a path that starts and ends with "/": "/assets/"`,
    ]),
  );
  it.each(["/.a/", "/a../", "/..a/b/", "/a!$&'()*+,=:@~_-/"])("take the prefix %j", (prefix) =>
    expect(accepted(parser, { [prefix]: { upstream: UPSTREAM } }).size).toBe(1),
  );

  it("name their parts by path", () =>
    expect(parsed(parser, { "/a/": { upstream: 7, breaker: 7, throttle: 7 } }).problems).toEqual([
      'httpRoutes["/a/"].upstream: found 7; write an object: { ... }',
      'httpRoutes["/a/"].upstream: found 7; write { binding: "USERS" } or { url: "https://users.example" }, one of them',
      'httpRoutes["/a/"].breaker: found 7; write an object: { ... }',
      'httpRoutes["/a/"].throttle: found 7; write an object: { ... }',
    ]));

  it("go by keys that calls of plain HTTP bring", () => {
    const upstream = { endpoints: [UPSTREAM], balancer: "maglev", hashOn: { field: "a" } };
    expect(parsed(parser, { "/a/": { upstream } }).problems).toEqual([
      'httpRoutes["/a/"].upstream.hashOn: found "a field, or a cookie to be made"; use what calls of plain HTTP bring by themselves',
    ]);
  });
});
