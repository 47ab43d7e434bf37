// The settings of the gateway as a whole, and how problems are reported.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxUpfrontCost } from "../../../core/config/cost.ts";
import { ENFORCED } from "../../../core/config/enforcement.ts";
import { type GatewayInput, parsePolicy } from "../../../core/config/gateway.ts";
import { describe as tell } from "../../../core/config/problems.ts";

const promised = new Map([["users.v1.UserService", ["GetUser", "ListUsers", "CreateUser"]]]);
const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };

function parsed(input: GatewayInput) {
  const result = parsePolicy(input, promised);
  if (result.kind === "invalid") throw new Error(result.problems.map(tell).join("\n"));
  return result.policy;
}

function problems(input: unknown): string[] {
  const result = parsePolicy(input, promised);
  return result.kind === "invalid" ? result.problems.map(tell) : [];
}

describe("parsePolicy", () => {
  it("bounds how Server-Sent Events wait, 0 turning comments off", () => {
    const never = Number.POSITIVE_INFINITY;
    expect(parsed({ services }).rest.events).toEqual({ headersAfterMs: 2_000, keepAliveMs: 15_000 });
    expect(parsed({ services, rest: { events: { headersAfterMs: 0, keepAliveMs: 0 } } }).rest.events).toEqual({
      headersAfterMs: 0,
      keepAliveMs: never,
    });
    const widest = { headersAfterMs: 60_000, keepAliveMs: 600_000 };
    expect(parsed({ services, rest: { events: widest } }).rest.events).toEqual(widest);
    expect(parsed({ services, rest: { events: { keepAliveMs: 1_000 } } }).rest.events.keepAliveMs).toBe(1_000);
    expect(problems({ services, rest: { events: { headersAfterMs: -1, keepAliveMs: 999, keepalive: 1 } } })).toEqual([
      expect.stringMatching(/^rest\.events\.keepalive: .*keepAliveMs/),
      expect.stringMatching(/^rest\.events\.headersAfterMs: .*-1/),
      expect.stringMatching(/^rest\.events\.keepAliveMs: .*999/),
    ]);
    expect(problems({ services, rest: { events: { headersAfterMs: 60_001, keepAliveMs: 600_001 } } })).toHaveLength(2);
  });

  it("fills in the defaults of the requirements: 15 s, 1 MiB, no limits", () => {
    expect(parsed({ services }).services.get("users.v1.UserService")?.methods.get("GetUser")).toEqual({
      auth: "off",
      authEnforcement: ENFORCED,
      scopes: [],
      addresses: { allow: [], deny: [], ...ENFORCED },
      allow: undefined,
      forwardCredentials: false,
      readTimeoutMs: 15_000,
      bodyIdleMs: 10_000,
      requestStreamIdleMs: 300_000,
      streamTimeoutMs: 3_600_000,
      streamIdleMs: Number.POSITIVE_INFINITY,
      maxBodyBytes: 1_048_576,
      maxInflation: 100,
      maxMessageElements: 100_000,
      messageCost: 0,
      maxResponseBytes: 16_777_216,
      maxResponseElements: 500_000,
      forwardResponseHeaders: [],
      validate: { mode: "off", percent: 100 },
      rateLimits: [],
      cost: { kind: "fixed", tokens: 1 },
      retries: expect.objectContaining({ max: 5, baseMs: 100, maxMs: 10_000 }),
      hedging: undefined,
      serverTiming: false,
      fallback: { upstream: undefined, answer: undefined },
      cache: undefined,
      invalidates: [],
      criticality: 2,
      concurrency: expect.objectContaining({ mode: "enforce", max: 10_000, floor: 100 }),
    });
  });

  it("lets the most specific setting win whole: method, else service, else defaults", () => {
    const rateLimits = { a: { capacity: 10, rate: 1 }, b: { capacity: 10, rate: 1 } };
    const policy = parsed({
      rateLimits,
      defaults: { readTimeoutMs: 1, rateLimits: ["a"], cost: 2 },
      services: {
        "users.v1.UserService": {
          upstream: { url: "https://u.example/" },
          readTimeoutMs: 2,
          methods: { GetUser: { rateLimits: ["b"] }, ListUsers: { readTimeoutMs: 3 } },
        },
      },
    });
    const { upstream, methods } = policy.services.get("users.v1.UserService")!;
    expect(upstream).toMatchObject({ protocol: "both", timeoutHeader: "always", balancer: "least_time", maxConcurrent: 500 });
    expect(upstream.endpoints).toEqual([{ target: { url: "https://u.example" }, weight: 1, priority: 0 }]);
    const seen = [...methods].map(([name, route]) => [
      name,
      route.readTimeoutMs,
      route.rateLimits.map((rule) => rule.name),
      maxUpfrontCost(route.cost),
    ]);
    expect(seen).toEqual([
      ["GetUser", 2, ["b"], 2],
      ["ListUsers", 3, ["a"], 2],
      ["CreateUser", 2, ["a"], 2],
    ]);
  });

  it("reports every problem at once: path, value found, and fix", () => {
    const input = {
      rateLimit: {},
      rateLimitShards: 0,
      rateLimits: {
        "per caller": { capacity: 0, rate: 1.5 },
        who: { capacity: 1, rate: 1, key: "principal", fail: "ajar", waitMs: 60_001 },
        where: { capacity: 1, rate: 1, key: { header: "x y" } },
        huge: { capacity: 1_000_000_000, rate: 1, intervalMs: 86_400_000 },
      },
      defaults: { readTimeoutMs: -5, rateLimits: "who" },
      services: {
        "users.v1.UserServise": { upstream: { binding: "USERS" } },
        "users.v1.UserService": {
          upstream: { url: "ftp://x" },
          methods: { GetUsr: {}, ListUsers: { rateLimits: ["whom"], cost: 0 }, GetUser: { rateLimits: ["where"], cost: 5 } },
        },
      },
    };
    expect(problems(input)).toEqual([
      'rateLimit: found {}; remove it, or write "rateLimits"',
      "rateLimitShards: found 0; write a whole number from 1 to 4096 (objects)",
      "rateLimits[\"per caller\"]: found \"per caller\"; name the rule with 1 to 64 letters, digits, '-', '_' or '.'",
      'rateLimits["per caller"].capacity: found 0; write a whole number from 1 to 1000000000 (tokens)',
      'rateLimits["per caller"].rate: found 1.5; write a whole number from 1 to 1000000000 (tokens)',
      'rateLimits.who.fail: found "ajar"; write "open" or "closed" or "reuse"',
      "rateLimits.who.waitMs: found 60001; write a whole number from 1 to 60000 (ms)",
      'rateLimits.who.key: found "principal"; say how callers prove who they are: auth at the top (docs/authentication.md)',
      "rateLimits.where.key.header: found \"x y\"; write the name of a header: 1 to 64 letters, digits and '-'",
      'rateLimits.huge: found {"capacity":1000000000,"rate":1,"intervalMs":86400000}; make capacity x intervalMs at most 4503599627370496: a shorter interval with a smaller rate says the same',
      "defaults.readTimeoutMs: found -5; write a whole number from 1 to 3600000 (ms)",
      'defaults.rateLimits: found "who"; write a list of names from rateLimits: ["per-caller"]',
      'services["users.v1.UserServise"]: found "users.v1.UserServise"; write "users.v1.UserService", or add the service to workers/services/catalog.ts',
      'services["users.v1.UserService"].methods.GetUsr: found "GetUsr"; write "GetUser"',
      'services["users.v1.UserService"].methods.ListUsers.rateLimits[0]: found "whom"; write "who", defined in rateLimits',
      'services["users.v1.UserService"].methods.ListUsers.cost: found 0; write a whole number from 1 to 1000000000 (tokens)',
      'services["users.v1.UserService"].methods.GetUser.cost: found 5; write at most 1, the capacity of rateLimits.where: such a call could never pass',
      'services["users.v1.UserService"].upstream.url: found "ftp://x"; write http(s)://host, with a port and a path where needed, without user, query or fragment',
    ]);
  });

  it.each([
    [{}, /^services: found nothing/],
    [null, /^services: found nothing|^: found null/],
    [{ services: [] }, /^services: found \[\]; write an object/],
    [{ services: { "users.v1.UserService": {} } }, /upstream: found nothing; write \{ binding/],
    [{ services: { "users.v1.UserService": { upstream: { weight: 1 } } } }, /or both for a binding that gets the URL$/],
    [
      { services: { "users.v1.UserService": { upstream: { binding: "A", protocol: "soap" } } } },
      /upstream.protocol: found "soap"; write "both"/,
    ],
    [
      { services: { "users.v1.UserService": { upstream: { binding: "A", timeoutHeader: true } } } },
      /timeoutHeader: found true; write "always"/,
    ],
    [{ services: { "users.v1.UserService": { upstream: { url: "http://user:pass@host" } } } }, /without user/],
    [{ services: { "users.v1.UserService": { upstream: { binding: "NOT OK" } } } }, /name of a service binding/],
  ])("refuses %j", (input, message) => {
    expect(
      problems(input).some((line) => message.test(line)),
      problems(input).join("\n"),
    ).toBe(true);
  });

  it("never throws, whatever it is given, and never takes a mistake for a policy", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (any, other) => {
        expect(parsePolicy(any, promised).kind).toBe("invalid");
        const nested = { rateLimits: { a: any }, services: { "users.v1.UserService": other } };
        expect(["ok", "invalid"]).toContain(parsePolicy(nested, promised).kind);
      }),
    );
  });
});

describe("hedging", () => {
  const method = (hedging: unknown, defaults: unknown = {}) =>
    parsed({ defaults, services: { "users.v1.UserService": { ...services["users.v1.UserService"], hedging } } } as GatewayInput)
      .services.get("users.v1.UserService")
      ?.methods.get("GetUser")?.hedging;

  it("is off unless it is turned on, and can be turned off again", () => {
    expect(method(undefined)).toBeUndefined();
    expect(method({})).toEqual({ percent: 2, quantile: 0.95, minMs: 5 });
    expect(method(undefined, { hedging: { minMs: 50 } })).toEqual({ percent: 2, quantile: 0.95, minMs: 50 });
    expect(method(false, { hedging: {} })).toBeUndefined();
  });

  it("tells what is wrong with it", () => {
    expect(problems({ services, defaults: { hedging: { percent: 11, quantile: 95, after: 3 } } })).toHaveLength(3);
  });
});

describe("the whole of a policy", () => {
  const service = (more: object) => ({ services: { "users.v1.UserService": { upstream: { binding: "USERS" }, ...more } } });
  const at = 'services["users.v1.UserService"]';

  it("has its defaults, and both bounds of its numbers", () => {
    const policy = parsed({ services });
    expect(policy).toMatchObject({ rateLimitShards: 16, maxUrlBytes: 8_192, openapi: { servers: ["/"] } });
    for (const name of ["cors", "registry", "breakers", "purge"] as const) expect(policy[name]).toBeUndefined();
    expect(policy.httpRoutes.size).toBe(0);
    expect(policy.cache.shards).toBe(16);
    for (const [name, min, max, unit] of [
      ["rateLimitShards", 1, 4_096, "objects"],
      ["maxUrlBytes", 256, 16_384, "bytes"],
    ] as const) {
      for (const written of [min, max]) expect(parsed({ services, [name]: written })[name]).toBe(written);
      for (const written of [min - 1, max + 1])
        expect(problems({ services, [name]: written })).toEqual([
          `${name}: found ${written}; write a whole number from ${min} to ${max} (${unit})`,
        ]);
    }
    expect(parsed({ services }).discovery).toEqual({ maxMessages: 16, maxMessageBytes: 262_144 });
    expect(parsed({ services, discovery: false }).discovery).toBeUndefined();
    expect(problems({ services, discovery: 1 })).toEqual(["discovery: found 1; write true or false"]);
    expect([policy.auth, policy.defaults.auth]).toEqual([
      { issuers: [], resource: undefined, access: undefined, certificates: false },
      "off",
    ]);
  });

  it("has no header in which something else names the caller: the problem names what replaces it", () => {
    expect(problems({ services, principalHeader: "x-user" })).toEqual([
      'principalHeader: found "x-user"; remove it, and let the gateway verify its callers: auth.issuers for JWTs, auth.access for Cloudflare Access, auth.certificates for mTLS',
    ]);
  });

  it("names each part of the configuration by its path", () => {
    const parts = ["cors", "rest", "openapi", "registry", "breakers", "cache", "httpRoutes", "purge", "overload", "defaults", "rateLimits"];
    for (const part of parts) expect(problems({ services, [part]: 7 })[0], part).toBe(`${part}: found 7; write an object: { ... }`);
    for (const part of ["breaker", "throttle", "traffic", "methods"])
      expect(problems(service({ [part]: 7 }))[0], part).toBe(`${at}.${part}: found 7; write an object: { ... }`);
    const known = problems({ services, qqqqqqqqqqqqqqq: 1 })[0];
    for (const part of [...parts, "auth", "rateLimitShards", "maxUrlBytes", "discovery", "descriptors", "services"])
      expect(known).toContain(`"${part}"`);
    const own = problems(service({ qqqqqqqqqqqqqqqqqqq: 1 }))[0];
    for (const part of ["upstream", "breaker", "throttle", "traffic", "methods", "readTimeoutMs", "cost"])
      expect(own).toContain(`"${part}"`);
    const method = problems(service({ methods: { GetUser: { qqqqqqqqqqqqqqqqqqq: 1 } } }))[0];
    for (const part of ["http", "idempotency", "readTimeoutMs", "invalidates"]) expect(method).toContain(`"${part}"`);
    expect(method).not.toContain('"upstream"');
  });

  it("lists a service at least, and who may register where endpoints do", () => {
    expect(problems({})).toEqual(['services: found nothing; list at least one service: { "users.v1.UserService": { upstream: ... } }']);
    const upstream = { registry: true };
    expect(problems(service({ upstream }))).toEqual([
      `${at}.upstream.registry: found true; say who may register: registry: { tokenBinding: "REGISTRY_TOKEN" } at the top`,
    ]);
    expect(problems({ ...service({ upstream }), registry: { tokenBinding: "T" } })).toEqual([]);
  });

  it("has versions and fallbacks that speak as the service does", () => {
    const other = { url: "https://b.example", protocol: "connect" };
    const fix = (found: string, speaks: string) =>
      `${at}.upstream.protocol: found "${found}"; let versions and fallbacks speak ${speaks}, as the service does`;
    const canaries = [{ name: "v2", upstream: other }];
    for (const more of [
      { traffic: { canaries } },
      { traffic: { mirror: { upstream: other } } },
      { fallback: { upstream: other } },
      { methods: { GetUser: { fallback: { upstream: other } } } },
    ]) {
      expect(problems(service(more))).toEqual([fix("connect", "both")]);
      expect(problems(service({ ...more, upstream: { binding: "USERS", protocol: "connect" } }))).toEqual([]);
    }
  });

  it("has versions and fallbacks that go by what every call brings", () => {
    const upstream = { endpoints: [{ url: "https://b.example" }], balancer: "maglev", hashOn: { field: "a" } };
    const line = `${at}.upstream.hashOn: found "a version or fallback"; use fields and made cookies for the service's own upstream alone`;
    expect(problems(service({ traffic: { canaries: [{ name: "v2", upstream }] } }))).toEqual([line]);
    expect(problems(service({ traffic: { mirror: { upstream } } }))).toEqual([line]);
    expect(problems(service({ methods: { GetUser: { fallback: { upstream } } } }))).toEqual([line]);
    expect(problems(service({ traffic: { mirror: { upstream: { ...upstream, hashOn: "ip" } } } }))).toEqual([]);
    expect(problems(service({ upstream }))).toEqual([]);
  });

  it("knows the methods that turn hedging on themselves, and those whose contract is replaced", () => {
    const methods = {
      GetUser: { hedging: {}, idempotency: "idempotent" },
      ListUsers: { hedging: false, http: [{ get: "/a" }] },
      CreateUser: {},
    };
    const own = parsed({ ...service({ methods, hedging: {} }) } as GatewayInput).services.get("users.v1.UserService")!;
    expect(own.hedgedMethods).toEqual(["GetUser"]);
    expect([...own.methodOverrides]).toMatchObject([
      ["GetUser", { path: `${at}.methods.GetUser`, idempotency: "idempotent" }],
      ["ListUsers", { http: [{ template: "/a" }] }],
    ]);
    expect(own.traffic).toBeUndefined();
  });

  it("keeps nothing of plain HTTP by default, whatever methods keep", () => {
    const upstream = { url: "https://a.example" };
    const routes = (value: object) =>
      parsed({ services, defaults: { cache: true, readTimeoutMs: 5 }, httpRoutes: { "/a/": value } } as GatewayInput).httpRoutes.get("/a/");
    expect(routes({ upstream })).toMatchObject({ cache: undefined, readTimeoutMs: 5 });
    expect(routes({ upstream, cache: true })?.cache).toMatchObject({ ttlMs: 0 });
    expect(problems({ services, httpRoutes: { "/a/": { upstream: { ...upstream, protocol: "grpc" } } } })).toEqual([
      'httpRoutes["/a/"].upstream.protocol: found "grpc"; leave it out: plain HTTP is forwarded as it comes',
    ]);
  });

  it("does not know the methods of services that no proto declares", () => {
    expect(parsePolicy({ services: { "a.B": { upstream: { binding: "A" }, methods: { X: {} } } } }, new Map()).kind).toBe("invalid");
    expect(problems({ services: { "a.B": { upstream: { binding: "A" }, methods: { X: {} } } } })).toEqual([
      expect.stringMatching(/^services\["a\.B"\]: found "a\.B"; write /),
    ]);
  });
});
