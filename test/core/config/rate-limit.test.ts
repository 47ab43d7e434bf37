// The settings of rate-limit rules.
import { describe, expect, it } from "vitest";
import { type Cost, ONE } from "../../../core/config/cost.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { needsMessage, parseRule, type RateLimitRule } from "../../../core/config/rate-limit.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

const PROVES = { principals: true, claims: true };
const BASE = { capacity: 10, rate: 5 };
const parser = (check: Checks, value: unknown) => parseRule(check, "r", value, PROVES);
const rule = (more: object, name = "r"): RateLimitRule =>
  accepted((check: Checks, value: unknown) => parseRule(check, name, value, PROVES), { ...BASE, ...more });
const problems = (more: object) => parsed(parser, { ...BASE, ...more }).problems;

describe("a rule", () => {
  itReadsNumbers(
    parser,
    "rateLimits.r",
    [
      { field: "intervalMs", min: 1, max: 86_400_000, fallback: 1_000, unit: "ms", read: ({ limit }) => limit.intervalMs },
      { field: "waitMs", min: 1, max: 60_000, fallback: 250, unit: "ms", read: ({ waitMs }) => waitMs },
      { field: "rate", min: 1, max: 1_000_000_000, fallback: 5, unit: "tokens", read: ({ limit }) => limit.rate },
      { field: "capacity", min: 1, max: 1_000_000_000, fallback: 10, unit: "tokens", read: ({ limit }) => limit.capacity },
    ],
    BASE,
  );
  itReadsChoices(
    parser,
    "rateLimits.r",
    [
      { field: "mode", choices: ["auto", "exact", "leased", "local"], fallback: "auto", read: ({ mode }) => mode },
      { field: "fail", choices: ["open", "closed", "reuse"], fallback: "open", read: ({ fail }) => fail },
    ],
    BASE,
  );
  it("refuses a word for compat that is no boolean", () =>
    expect(problems({ compat: "yes" })).toEqual(['rateLimits.r.compat: found "yes"; write true or false']));
  itKnowsItsFields(
    parser,
    "rateLimits.r",
    [
      "capacity",
      "rate",
      "intervalMs",
      "key",
      "mode",
      "scope",
      "perAddress",
      "tiers",
      "exempt",
      "enforcement",
      "enforce",
      "fail",
      "waitMs",
      "compat",
    ],
    BASE,
  );

  it("has a name of 1 to 64 letters", () => {
    const named = (name: string) => parsed((check, value) => parseRule(check, name, value, PROVES), BASE).problems;
    for (const name of ["a", "per-caller_1.x", "a".repeat(64)]) expect(named(name)).toEqual([]);
    for (const name of ["", "a b", "a".repeat(65), "é"])
      expect(named(name)[0]).toContain("name the rule with 1 to 64 letters, digits, '-', '_' or '.'");
  });

  it("needs a capacity and a rate", () => {
    const words = "found nothing; write a whole number of tokens, at least 1";
    expect(parsed(parser, {}).problems).toEqual([`rateLimits.r.capacity: ${words}`, `rateLimits.r.rate: ${words}`]);
  });

  it("keeps its credit countable: capacity x intervalMs is at most 2^52", () => {
    const intervalMs = 2 ** 26; // 2^26 tokens x 2^26 ms
    expect(rule({ capacity: intervalMs, intervalMs }).limit).toEqual({ capacity: intervalMs, rate: 5, intervalMs });
    expect(problems({ capacity: intervalMs + 1, intervalMs })[0]).toContain("make capacity x intervalMs at most 4503599627370496");
  });

  it("keeps the compatible expiry in its limit, for exact and local buckets", () => {
    expect(rule({})).toMatchObject({ limit: { capacity: 10, rate: 5, intervalMs: 1_000 } });
    expect("compat" in rule({}).limit).toBe(false);
    expect(rule({ compat: true })).toMatchObject({ mode: "exact", limit: { compat: true } });
    expect(rule({ compat: true, mode: "local" })).toMatchObject({ mode: "local", limit: { compat: true } });
    for (const mode of ["auto", "leased"])
      expect(problems({ compat: true, mode })).toEqual([
        'rateLimits.r.compat: found true; write mode: "exact": leases have no such expiry',
      ]);
  });

  it("reuses leases only where there are leases", () => {
    for (const mode of ["auto", "leased"]) expect(rule({ fail: "reuse", mode }).fail).toBe("reuse");
    for (const mode of ["exact", "local"]) {
      expect(problems({ fail: "reuse", mode })).toEqual([
        `rateLimits.r.fail: found "reuse"; write mode: "auto" or "leased": a bucket that is ${mode} has no lease to reuse`,
      ]);
      expect(rule({ fail: "closed", mode }).fail).toBe("closed");
    }
  });

  it("waits 250 ms where calls can pass before the reply, and 1 s elsewhere", () => {
    for (const mode of ["auto", "leased"]) {
      expect(rule({ mode }).waitMs).toBe(250);
      for (const fail of ["closed", "reuse"]) expect(rule({ mode, fail }).waitMs).toBe(1_000);
    }
    for (const fail of ["open", "closed"]) expect(rule({ mode: "exact", fail }).waitMs).toBe(1_000);
    expect(rule({ waitMs: 90 }).waitMs).toBe(90);
  });

  it("has a bucket in each region for addresses, and one for the world for other keys, unless it says something else", () => {
    expect(rule({}).scope).toBe("region");
    expect(rule({ scope: "world" }).scope).toBe("world");
    for (const key of ["principal", "route", "all", { header: "x-app" }, { claim: "sub" }, { field: "id" }]) {
      expect(rule({ key }).scope).toBe("world");
      expect(rule({ key, scope: "region" }).scope).toBe("region");
    }
    expect(problems({ scope: "continent" })).toEqual(['rateLimits.r.scope: found "continent"; write "region" or "world"']);
    expect(problems({ mode: "local", scope: "region" })).toEqual([
      'rateLimits.r.scope: found "region"; remove it: a bucket of mode local is in the isolate, wherever that runs',
    ]);
  });

  it("says what has become of the setting optimistic", () => {
    for (const optimistic of [true, false])
      expect(problems({ optimistic })).toEqual([
        `rateLimits.r.optimistic: found ${optimistic}; remove it: with fail: "open" calls pass before the bucket has responded (docs/rate-limiting.md, "Waiting")`,
      ]);
  });

  it("has other limits for callers on a plan", () => {
    expect(rule({}).tiers).toBeUndefined();
    const tiers = rule({
      tiers: { by: { header: "X-Plan" }, plans: { gold: { capacity: 100, rate: 50 }, "a b": { capacity: 1, rate: 1 } } },
    }).tiers!;
    expect(tiers.by).toEqual({ kind: "header", header: "x-plan" });
    expect([...tiers.plans]).toEqual([
      ["gold", { capacity: 100, rate: 50, intervalMs: 1_000 }],
      ["a b", { capacity: 1, rate: 1, intervalMs: 1_000 }],
    ]);
    expect(rule({ tiers: { by: "principal", plans: {} } }).tiers).toEqual({ by: { kind: "principal" }, plans: new Map() });
    expect(rule({ tiers: { by: { claim: "plan" }, plans: {} } }).tiers?.by).toEqual({ kind: "claim", claim: "plan" });
    expect(rule({ compat: true, tiers: { by: "principal", plans: { a: BASE } } }).tiers?.plans.get("a")?.compat).toBe(true);
  });

  it("refuses tiers that name no plan, or by what only messages say", () => {
    expect(problems({ tiers: { plans: {} } })).toEqual([
      'rateLimits.r.tiers.by: found nothing; say what names the plan: { header: "x-plan" }',
    ]);
    expect(problems({ tiers: { by: "ip", plans: {} } })).toEqual(['rateLimits.r.tiers.by: found "ip"; write "principal" or "key"']);
    expect(problems({ tiers: { by: { field: "plan" }, plans: {} } })).toContain(
      'rateLimits.r.tiers.by.field: found "plan"; remove it, or write one of "header", "claim"',
    );
    expect(problems({ tiers: { by: "principal", plan: {} } })).toEqual(['rateLimits.r.tiers.plan: found {}; remove it, or write "plans"']);
    expect(problems({ tiers: { by: "principal", plans: { a: { capacity: 1, rate: 1, burst: 2 } } } })).toEqual([
      'rateLimits.r.tiers.plans.a.burst: found 2; remove it, or write one of "capacity", "rate", "intervalMs"',
    ]);
  });

  it("does not hold addresses in exempt ranges, and values of the key", () => {
    expect(rule({}).exempt).toEqual({ ranges: [], names: new Set() });
    const { ranges, names } = rule({ exempt: ["10.0.0.0/8", "2001:db8::/32", "batch", "a".repeat(128), "a/b", "10.0.0.1"] }).exempt;
    expect(ranges.length).toBeGreaterThanOrEqual(2);
    expect(names.has("batch") && names.has("a".repeat(128)) && names.has("a/b")).toBe(true);
    expect(names.has("10.0.0.0/8")).toBe(false);
  });

  it("refuses exemptions that are neither", () => {
    expect(problems({ exempt: "batch" })).toEqual(['rateLimits.r.exempt: found "batch"; write a list: ["10.0.0.0/8", "batch-import"]']);
    for (const one of ["", "a".repeat(129), "10.0.0.0/99", "ABC::/200", 7, null]) {
      const [line, ...more] = problems({ exempt: ["batch", one] });
      expect(more).toEqual([]);
      expect(line).toMatch(
        /^rateLimits\.r\.exempt\[1\]: found .*; write an address range such as 10\.0\.0\.0\/8, or a value of the key of 1 to 128 letters$/,
      );
    }
  });

  it("is enforced for a share of the callers", () => {
    const written = [undefined, "off", "report", { percent: 37 }, { mode: "report", percent: 37 }];
    expect(written.map((enforcement) => rule({ enforcement }).enforcement)).toEqual([
      { mode: "enforce", percent: 100 },
      { mode: "off", percent: 100 },
      { mode: "report", percent: 100 },
      { mode: "enforce", percent: 37 },
      { mode: "report", percent: 37 },
    ]);
    expect(problems({ enforcement: 10 })).toEqual([
      'rateLimits.r.enforcement: found 10; write "off" or "report" or "enforce", or { mode: "enforce", percent: 10 }',
    ]);
  });

  it("is enforced as its former setting says, where that is written alone", () => {
    expect([undefined, "off", "report", 0, 37, 100].map((enforce) => rule({ enforce }).enforcement)).toEqual([
      { mode: "enforce", percent: 100 },
      { mode: "off", percent: 100 },
      { mode: "report", percent: 100 },
      { mode: "enforce", percent: 0 },
      { mode: "enforce", percent: 37 },
      { mode: "enforce", percent: 100 },
    ]);
    expect(problems({ enforce: 10, enforcement: "report" })).toEqual([
      "rateLimits.r.enforce: found 10; remove it: enforcement says the same",
    ]);
    for (const enforce of [-1, 101, "on", 1.5])
      expect(problems({ enforce })).toEqual([
        `rateLimits.r.enforce: found ${JSON.stringify(enforce)}; write a whole number from 0 to 100 (per cent of callers; or "off" or "report")`,
      ]);
  });
});

describe("needsMessage", () => {
  it("is true where the cost or a key is read from the message of a call", () => {
    const byField = rule({ key: { field: "a" } });
    const byMessage: Cost = { kind: "message", of: () => 1, max: 2 };
    expect(needsMessage([], byMessage)).toBe(false);
    expect(needsMessage([rule({})], ONE)).toBe(false);
    expect(needsMessage([rule({})], byMessage)).toBe(true);
    expect(needsMessage([rule({}), byField], ONE)).toBe(true);
  });
});

describe("the ceiling of an address", () => {
  const header = { header: "x-app" };

  it("stands beside keys that callers choose, and beside no other one", () => {
    for (const key of [header, { field: "id" }]) expect(rule({ key }).ceiling).toBeDefined();
    for (const key of ["ip", "principal", "route", "all", { claim: "sub" }]) expect(rule({ key }).ceiling).toBeUndefined();
    expect(rule({ key: header, perAddress: "off" }).ceiling).toBeUndefined();
  });

  it("is twenty times the limit, counted by the isolate alone, unless it is configured", () => {
    const { ceiling } = rule({ key: header, mode: "exact", fail: "closed", enforcement: { percent: 10 } }, "apps");
    expect(ceiling?.rule).toMatchObject({
      ...{
        name: "apps.address",
        key: { kind: "ip" },
        mode: "local",
        fail: "open",
        enforcement: { mode: "enforce", percent: 10 },
        ceiling: undefined,
      },
      limit: { capacity: 200, rate: 100, intervalMs: 1_000 },
    });
    expect(rule({ key: header, perAddress: 3 }).ceiling?.rule.limit).toEqual({ capacity: 30, rate: 15, intervalMs: 1_000 });
  });

  it.each([0, 1.5, "on", 1_000_001])("cannot be %j callers", (perAddress) =>
    expect(problems({ key: header, perAddress })[0]).toContain('write a whole number from 1 to 1000000 (callers), or "off"'),
  );
});
