// What an operator may write, and how a mistake is told.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostBefore } from "../../core/limit/cost.ts";
import { describe as tell } from "../../core/parse.ts";
import { type GatewayInput, parsePolicy } from "../../core/policy.ts";

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
      readTimeoutMs: 15_000,
      streamTimeoutMs: 3_600_000,
      streamIdleMs: Number.POSITIVE_INFINITY,
      maxBodyBytes: 1_048_576,
      validate: "off",
      rateLimits: [],
      cost: { kind: "fixed", tokens: 1 },
      retries: expect.objectContaining({ max: 5, baseMs: 100, maxMs: 10_000, budgetPercent: 10 }),
      hedging: undefined,
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
      mostBefore(route.cost),
    ]);
    expect(seen).toEqual([
      ["GetUser", 2, ["b"], 2],
      ["ListUsers", 3, ["a"], 2],
      ["CreateUser", 2, ["a"], 2],
    ]);
  });

  it("tells every problem at once: where, what was found, and the mend", () => {
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
      "rateLimits[\"per caller\"]: found \"per caller\"; name the rule with 1 to 64 letters, digits, '-', '_' or '.'",
      'rateLimits["per caller"].capacity: found 0; write a whole number from 1 to 1000000000 (tokens)',
      'rateLimits["per caller"].rate: found 1.5; write a whole number from 1 to 1000000000 (tokens)',
      'rateLimits.who.fail: found "ajar"; write "open" or "closed" or "reuse"',
      'rateLimits.who.key: found "principal"; set principalHeader, the header in which a trusted front names the caller',
      "rateLimits.who.waitMs: found 60001; write a whole number from 1 to 60000 (ms)",
      "rateLimits.where.key.header: found \"x y\"; write the name of a header: 1 to 64 letters, digits and '-'",
      'rateLimits.huge: found {"capacity":1000000000,"rate":1,"intervalMs":86400000}; make capacity x intervalMs at most 4503599627370496: a shorter interval with a smaller rate says the same',
      "rateLimitShards: found 0; write a whole number from 1 to 4096 (objects)",
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
    [{ services: { "users.v1.UserService": { upstream: { binding: "A", url: "http://b" } } } }, /one of them$/],
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

  it("is off unless it is asked for, and can be turned off again", () => {
    expect(method(undefined)).toBeUndefined();
    expect(method({})).toEqual({ percent: 2, quantile: 0.95, minMs: 5 });
    expect(method(undefined, { hedging: { minMs: 50 } })).toEqual({ percent: 2, quantile: 0.95, minMs: 50 });
    expect(method(false, { hedging: {} })).toBeUndefined();
  });

  it("tells what is wrong with it", () => {
    expect(problems({ services, defaults: { hedging: { percent: 11, quantile: 95, after: 3 } } })).toHaveLength(3);
  });
});
