// Buckets of callers: keys by each source, exemptions, plans, and the share of callers that are refused.
import { describe, expect, it } from "vitest";
import { ENFORCED } from "../../../../core/config/enforcement.ts";
import type { RateLimitRule } from "../../../../core/config/rate-limit.ts";
import type { KeySource } from "../../../../core/config/rate-limit-key.ts";
import { parseAddressRange } from "../../../../core/ip.ts";
import { chooseBucket, fieldAt, textOf } from "../../../../workers/gateway/rate-limit/bucket-choice.ts";
import { httpCall } from "../../../support/cache-lookup.ts";
import { principalNamed } from "../../../support/callers.ts";

const LIMIT = { capacity: 1, refillTokens: 1, refillEveryMs: 1_000 } as unknown as RateLimitRule["limit"];
const OTHER = { ...LIMIT, capacity: 9 };

function rule(key: KeySource, more: Partial<RateLimitRule> = {}): RateLimitRule {
  const exempt = { ranges: [], names: new Set<string>() };
  return {
    name: "r",
    key,
    limit: LIMIT,
    tiers: undefined,
    ceiling: undefined,
    exempt,
    enforcement: ENFORCED,
    ...more,
  } as unknown as RateLimitRule;
}

const call = (headers: Record<string, string> = {}) => httpCall("/a", { headers: { "cf-connecting-ip": "192.0.2.1", ...headers } });

it.each([
  ["addresses", { kind: "ip" }, {}, "r/ip:192.0.2.1"],
  ["the route", { kind: "route" }, {}, "r/route:/"],
  ["all callers", { kind: "all" }, {}, "r/all:*"],
  ["a header", { kind: "header", header: "x-app" }, { "x-app": "one" }, "r/header:one"],
  ["a header that is missing, by address", { kind: "header", header: "x-app" }, {}, "r/ip:192.0.2.1"],
  ["the principal of an anonymous call, by address", { kind: "principal" }, {}, "r/ip:192.0.2.1"],
  ["a claim of an anonymous call, by address", { kind: "claim", claim: "sub" }, {}, "r/ip:192.0.2.1"],
] as const)("counts by %s", (_, key, headers, bucket) => {
  expect(chooseBucket(rule(key), call(headers), undefined)).toMatchObject({ key: bucket, limit: LIMIT, isEnforced: true });
});

it("counts by the principal, and by its claims alone", () => {
  const claims = { sub: "ada", tier: 3, none: "" };
  const named = call();
  named.principal = principalNamed("ada", { claims });
  const keyOf = (key: KeySource) => chooseBucket(rule(key), named, undefined)?.key;
  expect(keyOf({ kind: "principal" })).toBe("r/principal:ada");
  expect(["sub", "tier", "none", "toString"].map((claim) => keyOf({ kind: "claim", claim }))).toEqual([
    "r/claim:ada",
    "r/claim:3",
    "r/ip:192.0.2.1",
    "r/ip:192.0.2.1",
  ]);
});

it("counts by a field of the message, nested ones too, and by address where there is none", () => {
  const byField = rule({ kind: "field", field: "user.display_name" });
  expect(chooseBucket(byField, call(), { user: { displayName: "Ada" } })?.key).toBe("r/field:Ada");
  expect(chooseBucket(byField, call(), undefined)?.key).toBe("r/ip:192.0.2.1");
});

it("exempts address ranges and values of the key", () => {
  const exempt = { ranges: [parseAddressRange("192.0.2.0/24")!], names: new Set(["batch"]) };
  const header = { kind: "header", header: "x-app" } as const;
  expect(chooseBucket(rule(header, { exempt }), call({ "x-app": "one" }), undefined)).toBeUndefined();
  expect(chooseBucket(rule(header, { exempt: { ...exempt, ranges: [] } }), call({ "x-app": "batch" }), undefined)).toBeUndefined();
});

it("gives callers on a plan the limit of the plan, in a bucket of its own", () => {
  const tiers = { by: { kind: "header", header: "x-plan" }, plans: new Map([["gold", OTHER]]) } as const;
  const planned = rule({ kind: "ip" }, { tiers });
  expect(chooseBucket(planned, call({ "x-plan": "gold" }), undefined)).toMatchObject({ key: "r@gold/ip:192.0.2.1", limit: OTHER });
  expect(chooseBucket(planned, call({ "x-plan": "tin" }), undefined)).toMatchObject({ key: "r/ip:192.0.2.1", limit: LIMIT });
});

describe("the ceiling of an address", () => {
  const own = { ...rule({ kind: "ip" }), name: "r.address", limit: OTHER };
  const byApp = rule(
    { kind: "header", header: "x-app" },
    { ceiling: { rule: own, plans: new Map([["gold", { ...OTHER, capacity: 90 }]]) } },
  );

  it("is the same whatever key a call brings", () => {
    for (const app of ["one", "two"])
      expect(chooseBucket(byApp, call({ "x-app": app }), undefined)?.ceiling).toEqual({
        rule: own,
        key: "r.address/ip:192.0.2.1",
        limit: OTHER,
      });
  });

  it("is that of the plan for a caller on one", () => {
    const tiers = { by: { kind: "header", header: "x-plan" }, plans: new Map([["gold", OTHER]]) } as const;
    const choice = chooseBucket({ ...byApp, tiers }, call({ "x-app": "one", "x-plan": "gold" }), undefined);
    expect(choice?.ceiling).toMatchObject({ key: "r.address@gold/ip:192.0.2.1", limit: { capacity: 90 } });
  });

  it("is none for a caller that is counted by address anyway, or has none, or is exempt", () => {
    expect(chooseBucket(byApp, call(), undefined)?.ceiling).toBeUndefined();
    expect(chooseBucket(byApp, httpCall("/a", { headers: { "x-app": "one" } }), undefined)?.ceiling).toBeUndefined();
    const exempt = { ranges: [], names: new Set(["one"]) };
    expect(chooseBucket({ ...byApp, exempt }, call({ "x-app": "one" }), undefined)).toBeUndefined();
  });
});

it("refuses a share of callers, always the same ones", () => {
  const half = rule({ kind: "header", header: "x-app" }, { enforcement: { mode: "enforce", percent: 50 } });
  const enforced = (app: number) => chooseBucket(half, call({ "x-app": `app-${app}` }), undefined)!.isEnforced;
  const first = Array.from({ length: 200 }, (_, app) => enforced(app));
  expect(Array.from({ length: 200 }, (_, app) => enforced(app))).toEqual(first);
  const share = first.filter(Boolean).length;
  expect(share).toBeGreaterThan(60);
  expect(share).toBeLessThan(140);
  expect(chooseBucket(rule({ kind: "ip" }, { enforcement: { mode: "report", percent: 100 } }), call(), undefined)?.isEnforced).toBe(false);
});

describe("keys", () => {
  it("of any length take little storage, and stay apart", () => {
    const byHeader = rule({ kind: "header", header: "x-app" });
    const [one, other] = ["a", "b"].map((end) => chooseBucket(byHeader, call({ "x-app": "x".repeat(500) + end }), undefined)!.key);
    expect(one!.length).toBeLessThan(130);
    expect(one).not.toBe(other);
  });

  it("of which one is short cannot be that of a long one", () => {
    const byHeader = rule({ kind: "header", header: "x-app" });
    const long = chooseBucket(byHeader, call({ "x-app": "x".repeat(500) }), undefined)!.key;
    expect(chooseBucket(byHeader, call({ "x-app": long.slice("r/header".length + 1) }), undefined)!.key).not.toBe(long);
  });

  it("are texts of strings, numbers and booleans; messages have none", () => {
    expect([textOf("a"), textOf(1n), textOf(0), textOf(false), textOf(""), textOf({}), textOf(undefined)]).toEqual([
      ...["a", "1", "0", "false"],
      ...[undefined, undefined, undefined],
    ]);
    expect(fieldAt({ a: { bC: 1 } }, "a.b_c")).toBe(1);
    expect(fieldAt({ a: 1 }, "a.b")).toBeUndefined();
  });
});
